"""Top-k error as a figure that lives: the guesses for pictures of a test part."""

from typing import Any

import torch
from torch import Tensor

from ...classifier import Classifier
from ...datasets.dataset import Dataset
from .page import Live
from .picture import png

LEAD = "Top-5 error: a picture counts as wrong if its label is not among the five most probable classes."
ROWS, GUESSES = 8, 5


def live_top_k(classifier: Classifier, data: Dataset) -> Live:
    """The eight pictures of `data`, whose classes are the classifier's, at which the label comes latest, and the ranks of all."""
    pictures = torch.stack([classifier.preprocessing.load(data.source(i)) for i in range(len(data))])
    p, labels = classifier.probabilities(pictures).cpu(), torch.from_numpy(data.labels.astype("int64"))
    found = ranks(p, labels)
    hardest = found.argsort(descending=True, stable=True)[:ROWS].tolist()
    rows = [
        {
            "label": classifier.classes[int(labels[i])],
            "rank": int(found[i]),
            "picture": png(_seen(pictures[i])),
            "top": _guesses(classifier, p[i]),
        }
        for i in hardest
    ]
    counts = torch.bincount(found - 1, minlength=p.shape[1]).tolist()
    return Live("top_k", "Top-k error", LEAD, {"rows": rows, "classes": p.shape[1], "ranks": counts})


def ranks(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The place of each label `(N,)` among the classes by their probabilities `(N, K)`, from 1."""
    own = probabilities.gather(1, labels[:, None])
    return (probabilities > own).sum(1) + 1


def _guesses(classifier: Classifier, p: Tensor) -> list[dict[str, Any]]:
    return [{"label": classifier.classes[k], "confidence": float(p[k])} for k in p.argsort(descending=True)[:GUESSES].tolist()]


def _seen(fitted: Tensor) -> Tensor:
    return fitted[0] if len(fitted) == 1 else fitted.permute(1, 2, 0)
