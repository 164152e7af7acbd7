"""The `Classifier`: everything below builds one, everything above uses one."""

from .artefact import Verification, load, load_digested, save, verify
from .classifier import Choice, Classifier, Failure, Prediction

__all__ = ["Choice", "Classifier", "Failure", "Prediction", "Verification", "load", "load_digested", "save", "verify"]
