"""The answers on validation pictures as counts, with which answers of a deployed classifier are compared: by label and by confidence."""

from collections.abc import Mapping
from typing import Any, TypedDict

import torch
from torch import Tensor

EDGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)  # upper ends of the bins of confidences, each within its bin
FACT = "validation_answers"  # the name among the facts of a classifier; absent in those of older versions, and in ensembles


class Answers(TypedDict):
    """Counts of answers by the most probable class, `K` of them, and by confidence, one for each upper end in `edges`."""

    labels: list[int]
    confidences: list[int]
    edges: list[float]


def counted(logits: Tensor, temperature: float) -> Answers:
    """The counts for `logits` `(n, K)` of a classifier with this `temperature`."""
    confidence, label = torch.softmax(logits.float() / temperature, 1).max(1)
    edges = torch.tensor(EDGES)
    places = torch.bucketize(confidence.cpu().clamp(max=1.0), edges)
    return {
        "labels": torch.bincount(label.cpu(), minlength=logits.shape[1]).tolist(),
        "confidences": torch.bincount(places, minlength=len(EDGES)).tolist(),
        "edges": list(EDGES),
    }


def stored(facts: Mapping[str, Any], classes: int) -> Answers | None:
    """The counts among the `facts` of a classifier with so many `classes`; None where it has no counts, or counts that do not fit."""
    found = facts.get(FACT)
    if not isinstance(found, dict) or found.get("edges") != list(EDGES):
        return None
    columns = [(found.get("labels"), classes), (found.get("confidences"), len(EDGES))]
    if not all(isinstance(own, list) and len(own) == n and all(type(one) is int and one >= 0 for one in own) for own, n in columns):
        return None
    return Answers(labels=found["labels"], confidences=found["confidences"], edges=found["edges"]) if sum(found["labels"]) else None
