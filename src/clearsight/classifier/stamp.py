"""The provenance of a stored result: pictures, weights, precision and time."""

from datetime import UTC, datetime
from typing import Any

from ..datasets.dataset import Dataset
from ..datasets.identity import set_digest
from .classifier import Classifier


def judged_on(dataset: Dataset, name: str, part: str) -> dict[str, Any]:
    """The pictures of a result: the `part` of the data set `name`, with the digest of their contents ("" if it was not computed)."""
    digest = "" if dataset.digests is None else set_digest(dataset.digests)
    return {"data": name, "part": part, "n": len(dataset), "digest": digest}


def computed_by(classifier: Classifier) -> dict[str, Any]:
    """The SHA-256 of the weights, the precision, and the time of the computation."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return {"weights": classifier.weights_digest, "precision": classifier.precision, "when": when}
