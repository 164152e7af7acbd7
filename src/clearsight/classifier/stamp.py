"""What a stored result says of itself: on which pictures it was computed, with which weights, in which precision, and when."""

from datetime import UTC, datetime
from typing import Any

from ..datasets.dataset import Dataset
from ..datasets.identity import set_digest
from .classifier import Classifier


def judged_on(dataset: Dataset, name: str, part: str) -> dict[str, Any]:
    """The pictures of a result: the `part` of the data called `name`, known by the digest of their contents ("" where nobody looked)."""
    digest = "" if dataset.digests is None else set_digest(dataset.digests)
    return {"data": name, "part": part, "n": len(dataset), "digest": digest}


def computed_by(classifier: Classifier) -> dict[str, Any]:
    """The SHA-256 of the weights, the precision, and the time."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return {"weights": classifier.weights_digest, "precision": classifier.precision, "when": when}
