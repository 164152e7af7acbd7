"""Exported files as classifiers: the runtimes that compute them, and the `Classifier` that one of them answers for."""
