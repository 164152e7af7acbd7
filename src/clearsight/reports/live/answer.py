"""The answer of a classifier as a figure that lives: a number, and the table that makes it a class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...classifier import Classifier
from .page import Live
from .picture import png

LEAD = "f(picture) is a number; only the table of classes makes it a word."
MOST = 12  # classes that are shown


def live_answer(classifier: Classifier, source: Any, shown: NDArray[np.uint8]) -> Live:
    """The probabilities of the classes in the classifier's order, the 12 most probable where there are more; `shown` is the picture."""
    p = classifier.probabilities(classifier.preprocessing.load(source)[None])[0].cpu()
    kept = sorted(p.argsort(descending=True)[:MOST].tolist())
    classes = [{"label": classifier.classes[k], "confidence": float(p[k])} for k in kept]
    return Live("answer", "classify(picture) → number", LEAD, {"picture": png(shown), "classes": classes, "more": len(p) - len(kept)})
