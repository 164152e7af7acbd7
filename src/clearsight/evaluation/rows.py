"""What the results of this folder store as JSON: the keys of each table and of each row."""

from typing import TypeAlias, TypedDict, final

from ..base.result import Row
from ..classifier.stamp import Stamp
from ..metrics.intervals import Estimate, Interval


class Answer(TypedDict):
    """One answer of a classifier: the picture's name, its class, the predicted class, and its probability."""

    source: str
    truth: str
    label: str
    confidence: float


class ConfusedPair(TypedDict):
    """`n` pictures of class `truth` predicted as `prediction`: the `share` of that class."""

    truth: str
    prediction: str
    n: int
    share: float


class RiskPoint(TypedDict):
    """The error (`risk`) of the `n` answers of at least this `confidence`, which are the share `coverage` of all."""

    coverage: float
    risk: float
    confidence: float
    n: int


class RiskCoverage(TypedDict):
    """The error of the most confident answers by their share of all: points of the curve, and the area under it."""

    aurc: float
    points: list[RiskPoint]


class SetFigures(TypedDict):
    """Conformal sets of a `coverage`: how often they contained the truth, in all and `per_class`; their size; shares empty or of one class.

    `calibrated_on` is `validation` or `cross-validation`, of `calibration_n` answers.
    """

    coverage: float
    by_class: bool
    realised: Estimate
    mean_size: float
    empty: float
    single: float
    per_class: list[float | None]
    calibrated_on: str
    calibration_n: int


class NoneOfThese(TypedDict):
    """The share of pictures of known classes that are `refused`, being more novel than the `limit`, where `false_alarms` are allowed."""

    false_alarms: float
    limit: float
    refused: Estimate
    limit_from: str
    limit_n: int


class Figures(Stamp):
    """The JSON of an evaluation, `clearsight evaluate --json`; its `precision` is always there."""

    n: int
    top1: Estimate
    top5: Estimate
    top1_error: Estimate
    top5_error: Estimate
    top5_k: int
    macro: Estimate
    nll: float
    nll_raw: float
    ece: float
    ece_raw: float
    temperature: float
    seconds: float
    pictures_per_second: float
    speed: str
    views: str
    classes: list[str]
    per_class: list[Row]
    confusion: list[list[int]]
    reliability: list[Row]
    risk_coverage: RiskCoverage
    sets: list[SetFigures]
    none_of_these: NoneOfThese | None
    mistakes: list[Answer]
    confused_pairs: list[ConfusedPair]


class Share(TypedDict):
    """A top-1 accuracy on `n` pictures with its 95 % interval."""

    top1: float
    low: float
    high: float
    n: int


@final
class Corrupted(Share):
    """The accuracy under a corruption at a `severity` from 1 to 5."""

    name: str
    severity: int


@final
class Challenged(Share):
    """The accuracy under a challenge at a `strength` in its own unit."""

    name: str
    strength: float


Changed: TypeAlias = Corrupted | Challenged


def level(row: Changed) -> float:
    """The severity or the strength of a change."""
    return row["severity"] if "severity" in row else row["strength"]


class Background(Share):
    """The accuracy before another `background`."""

    background: str


class Clean(Interval):
    """The accuracy on the `n` unchanged pictures."""

    n: int


class CorruptionError(TypedDict):
    """The mean error `over` so many corruptions at these `severities`, and how much `relative` to the clean error."""

    value: float
    relative: float
    over: int
    severities: list[int]
    baseline: str


# `class` is a word of Python's, so this one is written as a call
Subgroup = TypedDict("Subgroup", {"class": str, "group": int, "chosen_by": float, "top1": float, "low": float, "high": float, "n": int})
Subgroup.__doc__ = "A cluster of a class: the accuracy on the half that it was `chosen_by`, and `top1` on the other half."


class WorstSubgroup(Subgroup):
    """The subgroup of the lowest accuracy, with names of its `pictures`, wrong ones first."""

    pictures: list[str]


class Subgroups(TypedDict):
    """Every subgroup of every class, and the worst."""

    worst: WorstSubgroup
    groups: list[Subgroup]


class Shortcut(Share):
    """How well a `probe`, an input that does not show the object, predicts the class, against always the commonest class (`chance`)."""

    probe: str
    chance: float
    ok: bool
    says: str


class Overlap(TypedDict):
    """The tests that change pictures as an `augmentation` of the training does."""

    augmentation: str
    tests: list[str]


class StressFigures(Stamp):
    """The JSON of a stress test, `clearsight stress --json`."""

    n: int
    clean: Clean
    mce: float | None
    mean_corruption_error: CorruptionError | None
    corruptions: list[Corrupted]
    challenges: list[Challenged]
    half: dict[str, float | None]
    places: list[list[Share]]
    subgroups: Subgroups | None
    shortcuts: list[Shortcut]
    overlaps: list[Overlap] | None
    backgrounds: list[Background]
    failures: dict[str, list[Row]]
