"""The provenance of a stored result: pictures, weights, precision and time."""

from datetime import UTC, datetime
from typing import TypedDict

from ..datasets.dataset import Dataset
from ..datasets.identity import set_digest
from ..metrics.intervals import Estimate
from .classifier import Classifier


class JudgedOn(TypedDict, total=False):
    """The pictures of a result; `left_out` and `learnt` count those that the classifier has learnt from."""

    data: str
    part: str
    n: int
    digest: str
    left_out: int
    learnt: int


class WithLearnt(TypedDict):
    """The top-1 accuracy with the pictures that were left out because the classifier has learnt from them."""

    n: int
    top1: Estimate


class Stamp(TypedDict, total=False):
    """The provenance of a result: pictures, SHA-256 of the weights (of each classifier of a comparison), precision, engine, time."""

    judged_on: JudgedOn
    weights: str | list[str]
    precision: str
    engine: str
    when: str
    with_learnt: WithLearnt


def judged_on(dataset: Dataset, name: str, part: str) -> JudgedOn:
    """The pictures of a result: the `part` of the data set `name`, with the digest of their contents ("" if it was not computed)."""
    digest = "" if dataset.digests is None else set_digest(dataset.digests)
    return {"data": name, "part": part, "n": len(dataset), "digest": digest}


def computed_by(classifier: Classifier) -> Stamp:
    """The SHA-256 of the weights, the precision, the engine, and the time of the computation."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return {"weights": classifier.weights_digest, "precision": classifier.precision, "engine": classifier.engine, "when": when}
