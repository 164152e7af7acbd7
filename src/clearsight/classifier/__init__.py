"""The `Classifier`: everything below builds one, everything above uses one."""

from .artefact import Verification, load, load_digested, save, verify
from .classifier import Choice, Classifier, Failure, Prediction
from .embeddings import embed_many, save_embeddings

__all__ = [
    "Choice", "Classifier", "Failure", "Prediction", "Verification", "embed_many", "load", "load_digested", "save", "save_embeddings",
    "verify",
]  # fmt: skip
