"""Clearsight: image classification you can see through."""

from importlib import import_module
from importlib.metadata import version
from typing import Any

__version__ = version("clearsight")

# name → module that has it; imported on first use, so that `import clearsight` does not wait for torch
_PUBLIC = {
    "Classifier": "clearsight.classifier",
    "ClearsightError": "clearsight.base.errors",
    "Prediction": "clearsight.classifier",
    "Preprocessing": "clearsight.images.preprocess",
    "Recipe": "clearsight.training.recipe",
    "UnreadableImage": "clearsight.base.errors",
    "UsageError": "clearsight.base.errors",
    "check": "clearsight.datasets.check",
    "classify": "clearsight.classifier.quick",
    "compare": "clearsight.evaluation.compare",
    "decode": "clearsight.images.decode",
    "keep_large_buffers": "clearsight.base.memory",
    "load": "clearsight.classifier",
    "open_dataset": "clearsight.datasets.open",
    "resume": "clearsight.training.api",
    "save": "clearsight.classifier",
    "split": "clearsight.datasets.split",
    "verify": "clearsight.classifier",
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'clearsight' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
