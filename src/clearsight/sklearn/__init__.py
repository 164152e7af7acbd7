"""Clearsight as a scikit-learn estimator, for pipelines, cross-validation and grid search."""

from .estimator import ImageClassifier

__all__ = ["ImageClassifier"]
