"""Clearsight: image classification you can see through.

`import clearsight as cs`: `cs.train(data)`, `cs.evaluate(run)`, `cs.attack(run)`, `cs.explain(run, picture)`, …
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any

__version__ = version("clearsight")

# name → module that has it; imported on first use, so that `import clearsight` does not wait for torch. `__init__.pyi` has the same names.
_PUBLIC = {
    # settings, results, errors
    "AttackOptions": "clearsight.attacks.options",
    "AttackResult": "clearsight.attacks.attack",
    "CheckResult": "clearsight.datasets.check",
    "Classifier": "clearsight.classifier",
    "ClearsightError": "clearsight.base.errors",
    "Comparison": "clearsight.evaluation.compare",
    "Dataset": "clearsight.datasets.dataset",
    "Diagnosis": "clearsight.training.api",
    "Evaluation": "clearsight.evaluation.evaluate",
    "Explanation": "clearsight.look.why",
    "ExportResult": "clearsight.exports.write",
    "LabelErrors": "clearsight.labels.label_errors",
    "LabelSuggestions": "clearsight.labels.acquisition",
    "LadderResult": "clearsight.experiments.ladder",
    "Objective": "clearsight.training.api",
    "Packed": "clearsight.datasets.shards.writing",
    "Parts": "clearsight.datasets.dataset",
    "Prediction": "clearsight.classifier",
    "Preprocessing": "clearsight.images.preprocess",
    "Recipe": "clearsight.recipes.recipe",
    "Recomputation": "clearsight.look.unit",
    "ShardsCheck": "clearsight.datasets.shards.inspection",
    "StressResult": "clearsight.evaluation.stress",
    "SweepResult": "clearsight.experiments.sweep",
    "Timings": "clearsight.exports.benchmark",
    "Trained": "clearsight.runs.trained",
    "UnreadableImage": "clearsight.base.errors",
    "UsageError": "clearsight.base.errors",
    "Verification": "clearsight.classifier",
    # functions
    "attack": "clearsight.api.judging",
    "benchmark": "clearsight.api.files",
    "check": "clearsight.api.files",
    "classify": "clearsight.classifier.quick",
    "check_shards": "clearsight.api.files",
    "compare": "clearsight.api.judging",
    "decode": "clearsight.images.decode",
    "doctor": "clearsight.api.learning",
    "evaluate": "clearsight.api.judging",
    "explain": "clearsight.api.inside",
    "export": "clearsight.api.files",
    "find_label_errors": "clearsight.api.labels",
    "keep_large_buffers": "clearsight.base.compute.memory",
    "ladder": "clearsight.api.learning",
    "load": "clearsight.api.files",
    "open_dataset": "clearsight.datasets.open",
    "pack_shards": "clearsight.api.files",
    "pretrain": "clearsight.api.learning",
    "recompute": "clearsight.api.inside",
    "report": "clearsight.api.pages",
    "resume": "clearsight.api.learning",
    "save": "clearsight.classifier",
    "split": "clearsight.api.files",
    "stress": "clearsight.api.judging",
    "suggest_labels": "clearsight.api.labels",
    "sweep": "clearsight.api.learning",
    "train": "clearsight.api.learning",
    "verify": "clearsight.api.files",
}
_MODULES = ("attacks", "augment", "look", "models", "testing")  # `cs.models` without an import of its own
__all__ = ["__version__", *_PUBLIC, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    if name in _MODULES:
        return import_module(f"clearsight.{name}")
    raise AttributeError(f"module 'clearsight' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
