"""Admission, decoding, batches, and the models that compute them."""
