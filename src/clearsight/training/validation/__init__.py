"""Validation: scores of an epoch, the choice of the weights to keep, probes of features."""
