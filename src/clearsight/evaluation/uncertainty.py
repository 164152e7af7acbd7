"""How far an evaluation's answers can be trusted: risk against coverage, conformal sets on new pictures, and pictures refused as unknown.

Shapes: N pictures, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from ..classifier import Classifier
from ..classifier.uncertainty import NOTHING, Reference
from ..classifier.uncertainty.reference import FALSE_ALARMS
from ..metrics import conformal
from ..metrics.intervals import proportion
from ..metrics.selective import aurc, risk_coverage
from .rows import NoneOfThese, RiskCoverage, RiskPoint, SetFigures

COVERAGES = (0.9, 0.95)  # that an evaluation verifies unless others are asked for


@dataclass(frozen=True)
class Verified:
    """What an evaluation verifies: the `reference` of its classifier, and sets of these `coverages`, `by_class` within each class."""

    reference: Reference = NOTHING
    coverages: tuple[float, ...] = ()
    by_class: bool = False


NONE_VERIFIED = Verified()


def verified(classifier: Classifier, coverage: float = 0.0, by_class: bool = False) -> Verified:
    """What to verify of a classifier: the `coverage`, or of 90 and 95 % those that its calibration answers suffice for.

    Raises UsageError where they do not suffice for a coverage that was asked for.
    """
    if coverage:
        classifier.limits(coverage=coverage, by_class=by_class)
    elif by_class:
        raise UsageError("sets by class need their coverage, as in coverage=0.9 (--coverage 90% --by-class).")
    known = classifier.reference.calibration
    enough = [each for each in COVERAGES if known and len(known) >= conformal.needed(each)]
    return Verified(classifier.reference, (coverage,) if coverage else tuple(enough), by_class)


def risk(confidences: NDArray[np.float32], right: NDArray[np.bool_]) -> RiskCoverage:
    """The curve and its area, for answers of these confidences `(N,)`."""
    points: list[RiskPoint] = [
        {"coverage": one.coverage, "risk": one.risk, "confidence": one.confidence, "n": one.n} for one in risk_coverage(confidences, right)
    ]
    return {"aurc": aurc(confidences, right), "points": points}


def sets(
    what: Verified, probabilities: NDArray[np.float32], labels: NDArray[np.int64], classes: tuple[str, ...], no_interval: str = ""
) -> list[SetFigures]:
    """How often sets by probabilities `(N, K)` contain the labels `(N,)`, and how large they are: one entry for each coverage."""
    known = what.reference.calibration
    found: list[SetFigures] = []
    for coverage in what.coverages if known else ():
        limits = what.reference.limits(classes, coverage=coverage, by_class=what.by_class)
        inside = limits.sets(probabilities)
        assert inside is not None and known is not None
        hits, sizes = inside[np.arange(len(labels)), labels], inside.sum(1)
        found.append(
            {
                "coverage": coverage,
                "by_class": what.by_class,
                "realised": proportion(int(hits.sum()), len(labels), no_interval),
                "mean_size": float(sizes.mean()),
                "empty": float((sizes == 0).mean()),
                "single": float((sizes == 1).mean()),
                "per_class": [_share(hits[labels == k]) for k in range(len(classes))],
                "calibrated_on": known.source,
                "calibration_n": len(known),
            }
        )
    return found


def refused(what: Verified, novelties: NDArray[np.float32] | None, no_interval: str = "") -> NoneOfThese | None:
    """How many of these pictures, of known classes, are refused at 5 % false alarms; None where the classifier has no limit for that."""
    novelty = what.reference.novelty
    if novelty is None or novelties is None or len(novelty.scores) < conformal.needed(1 - FALSE_ALARMS):
        return None
    limit = novelty.limit(FALSE_ALARMS)
    return {
        "false_alarms": FALSE_ALARMS,
        "limit": limit,
        "refused": proportion(int((novelties > limit).sum()), len(novelties), no_interval),
        "limit_from": novelty.source,
        "limit_n": len(novelty.scores),
    }


def _share(hits: Sequence[bool] | NDArray[np.bool_]) -> float | None:
    return float(np.mean(hits)) if len(hits) else None
