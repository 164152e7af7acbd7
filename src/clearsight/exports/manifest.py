"""The description of a classifier in an exported file: one JSON document with the fields of a `config.json`, and what else answers need.

An ONNX file has it in its `metadata_props` under `clearsight`, and the class names for other programs under `classes`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

from ..base.errors import UsageError
from ..classifier.classifier import Classifier
from ..classifier.config import FORMAT, VERSION, config_digest, described
from ..classifier.engines.exported import KEY
from ..classifier.uncertainty.reference import FALSE_ALARMS

RATES = (0.01, FALSE_ALARMS, 0.1)  # of false alarms
COVERAGES = (0.9, 0.95, 0.99)


def properties(classifier: Classifier, entry: str, outputs: Iterable[str], more: Mapping[str, Any]) -> dict[str, str]:
    """The metadata of a file with this `entry` and these `outputs`, `more` fields among them, as texts by key."""
    told = {
        "format": FORMAT,
        "format_version": VERSION,
        "clearsight": version("clearsight"),
        "entry": entry,
        "outputs": list(outputs),
        "precision": "float32",
        **described(classifier),
        "weights": {"sha256": classifier.weights_digest},
        "limits": classifier.reference.scores(),
        "thresholds": _thresholds(classifier),
        **more,
    }
    # all ASCII: a class named after a file whose name is no UTF-8 could not be stored otherwise
    return {KEY: json.dumps(told | {"sha256": config_digest(told)}), "classes": json.dumps(list(classifier.classes))}


def _thresholds(classifier: Classifier) -> dict[str, dict[str, float]]:
    """For programs without Clearsight: the highest novelty of a known picture by the rate of false alarms, and the lowest probability of
    a class in a set by the coverage; a rate that needs more held-out pictures is left out.
    """

    def novelty(rate: float) -> float | None:
        return classifier.limits(false_alarms=rate).novelty

    def probability(rate: float) -> float | None:
        scores = classifier.limits(coverage=rate).scores
        return None if scores is None else 1 - float(scores[0])

    return {"novelty": _possible(novelty, RATES), "probability": _possible(probability, COVERAGES)}


def _possible(limit: Callable[[float], float | None], rates: Iterable[float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for rate in rates:
        try:
            value = limit(rate)
        except UsageError:
            continue
        found |= {} if value is None else {str(rate): value}
    return found
