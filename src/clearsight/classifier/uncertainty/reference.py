"""What an artefact stores next to its weights about the limits of its answers: `reference.safetensors`, vectors and scores, no picture."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...base.errors import CorruptFile, UsageError
from ...metrics import conformal
from .blend import Blend
from .calibration import Calibration
from .novelty import Novelty

FILE = "reference.safetensors"
MOST_BYTES = 2**28
UNKNOWN = "none of these"  # the label of a picture that is too novel
FALSE_ALARMS = 0.05  # of pictures of the known classes, unless another rate is asked for
NO_VECTORS = (
    "this classifier scores no novelty: an older version wrote it, it was declined (--novelty none), it is an ensemble, or it answers over "
    "other views than it was trained to."
)
NO_ANSWERS = (
    "this classifier has no calibration answers: an older version wrote it, no label was held out, it is an ensemble, or it answers over "
    "other views than it was trained to."
)


@dataclass(frozen=True)
class Limits:
    """The `novelty` above which a picture belongs to no class, and the score up to which a class is in a set, `scores` `(K,)`."""

    novelty: float | None = None
    scores: NDArray[np.float32] | None = None

    def known(self, novelty: float | None) -> bool | None:
        """Whether a picture is of the known classes; None if it was not asked."""
        return None if self.novelty is None or novelty is None else novelty <= self.novelty

    def sets(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """Which classes are in each set, bool `(N, K)`, by probabilities `(N, K)`; None if sets were not asked for."""
        return None if self.scores is None else conformal.sets(probabilities, self.scores)


@dataclass(frozen=True, eq=False)
class Reference:
    """The feature vectors and held-out scores of a classifier; None for what it does not have."""

    novelty: Novelty | None = None
    calibration: Calibration | None = None

    def limits(self, classes: tuple[str, ...], false_alarms: float = 0.0, coverage: float = 0.0, by_class: bool = False) -> Limits:
        """The limits at a rate of `false_alarms` and a `coverage`, each above 0 and below 1, or 0 for none.

        Raises UsageError where the classifier has nothing to find them by, or too little.
        """
        if false_alarms and self.novelty is None:
            raise UsageError(NO_VECTORS)
        if coverage and self.calibration is None:
            raise UsageError(NO_ANSWERS)
        return Limits(
            self.novelty.limit(false_alarms) if false_alarms and self.novelty else None,
            self.calibration.limits(coverage, classes, by_class=by_class) if coverage and self.calibration else None,
        )

    def saved(self) -> tuple[bytes, dict[str, str]]:
        """The content of the file, b"" if there is nothing to keep, and what `config.json` says of it."""
        tensors: dict[str, Tensor] = {}
        told: dict[str, str] = {}
        if self.novelty:
            scores, blend = torch.from_numpy(self.novelty.scores), self.novelty.blend
            tensors |= {"novelty.mean": self.novelty.mean, "novelty.vectors": self.novelty.vectors, "novelty.scores": scores}
            if blend:  # versions without it read the distances and their scores
                own = {"directions": blend.directions, "scale": blend.scale, "blended": scores}
                tensors |= {f"novelty.{name}": value for name, value in own.items()} | {"novelty.scores": blend.nearest}
            told |= {"layer": self.novelty.layer, "novelty_from": self.novelty.source}
        if self.calibration:
            kept = self.calibration
            tensors |= {"calibration.scores": torch.from_numpy(kept.scores), "calibration.labels": torch.from_numpy(kept.labels)}
            told |= {"calibration_from": kept.source}
        return (safetensors.torch.save({name: value.contiguous() for name, value in tensors.items()}), told) if tensors else (b"", {})

    def scores(self) -> dict[str, dict[str, Any]]:
        """The held-out scores without the vectors, for the JSON in an exported file, whose graph computes the novelty itself."""
        told: dict[str, dict[str, Any]] = {}
        if self.novelty:
            told["novelty"] = {"layer": self.novelty.layer, "scores": _short(self.novelty.scores), "source": self.novelty.source}
        if self.calibration:
            kept = self.calibration
            told["calibration"] = {"scores": _short(kept.scores), "labels": kept.labels.tolist(), "source": kept.source}
        return told


NOTHING = Reference()


def from_scores(told: Mapping[str, Any], classes: int) -> Reference:
    """What `scores` gave: the limits of answers, without vectors to compute a novelty by; raises CorruptFile for anything else."""
    parts = {name: part for name, part in told.items() if name in _SCORES and isinstance(part, Mapping)}
    tensors = {f"{name}.{key}": _column(part.get(key), kind) for name, part in parts.items() for key, kind in _SCORES[name].items()}
    source = {f"{name}_from": str(part.get("source", "")) for name, part in parts.items()}
    novelty = None
    if "novelty" in parts:
        scores = _typed(tensors, "novelty.scores", torch.float32).numpy()
        novelty = Novelty(str(parts["novelty"].get("layer", "")), torch.empty(0), torch.empty(0, 0), scores, source["novelty_from"])
    return Reference(novelty, _calibration(tensors, source, classes))


def _short(scores: NDArray[np.float32]) -> list[float]:
    """float32 values in the fewest digits from which they can be read again."""
    return [float(str(score)) for score in scores.astype(np.float32)]


def _column(values: Any, kind: torch.dtype) -> Tensor:
    """A list of numbers as a tensor; of another type for anything else."""
    numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    return torch.tensor(values, dtype=kind) if numbers else torch.empty(0, dtype=torch.bool)


def read(data: bytes, told: Mapping[str, Any], classes: int) -> Reference:
    """What `saved` gave; raises CorruptFile for anything else."""
    try:
        tensors = safetensors.torch.load(data)
    except Exception as error:  # safetensors raises several kinds of errors for invalid headers
        raise CorruptFile(f"it is not a safetensors file: {type(error).__name__}") from error
    return Reference(_novelty(tensors, told), _calibration(tensors, told, classes))


def _novelty(tensors: Mapping[str, Tensor], told: Mapping[str, Any]) -> Novelty | None:
    if "novelty.vectors" not in tensors:
        return None
    mean, vectors, scores = (_typed(tensors, f"novelty.{name}", kind) for name, kind in _NOVELTY.items())
    if mean.ndim != 1 or vectors.ndim != 2 or vectors.shape[1:] != mean.shape or not len(vectors) or scores.ndim != 1:
        raise CorruptFile("its vectors do not have the shape of their mean")
    found = Novelty(str(told.get("layer", "")), mean, vectors, scores.numpy(), str(told.get("novelty_from", "")))
    if "novelty.directions" not in tensors:
        return found
    directions, scale, blended = (_typed(tensors, f"novelty.{name}", kind) for name, kind in _BLEND.items())
    if (
        directions.ndim != 2
        or directions.shape[1:] != mean.shape
        or scale.shape != (2, 2)
        or blended.ndim != 1
        or bool((scale[:, 1] <= 0).any())
    ):
        raise CorruptFile("its directions do not have the shape of their mean, or have no scale")
    return replace(found, scores=blended.numpy(), blend=Blend(directions, scale, scores))


def _calibration(tensors: Mapping[str, Tensor], told: Mapping[str, Any], classes: int) -> Calibration | None:
    if "calibration.scores" not in tensors:
        return None
    scores, labels = (_typed(tensors, f"calibration.{name}", kind) for name, kind in _CALIBRATION.items())
    if scores.ndim != 1 or labels.shape != scores.shape or bool(((labels < 0) | (labels >= classes)).any()):
        raise CorruptFile("its calibration answers are not of the classifier's classes")
    return Calibration(scores.numpy(), labels.numpy(), str(told.get("calibration_from", "")))


_SCORES = {"novelty": {"scores": torch.float32}, "calibration": {"scores": torch.float32, "labels": torch.int64}}
_NOVELTY = {"mean": torch.float32, "vectors": torch.float16, "scores": torch.float32}
_BLEND = {"directions": torch.float16, "scale": torch.float32, "blended": torch.float32}
_CALIBRATION = {"scores": torch.float32, "labels": torch.int64}


def _typed(tensors: Mapping[str, Tensor], name: str, kind: torch.dtype) -> Tensor:
    found = tensors.get(name)
    if found is None or found.dtype != kind or not bool(torch.isfinite(found).all()):
        raise CorruptFile(f"its {name!r:.60} is missing, of another type, or not finite")
    return found
