"""What the results of this folder store as JSON: the keys of each table and of each row."""

from typing import TypedDict

from ..base.check import CheckRow
from ..classifier.stamp import Stamp
from ..metrics.intervals import Estimate


class Limits(TypedDict):
    """A value with its 95 % interval; None where it is above the largest that was tried."""

    value: float | None
    low: float | None
    high: float | None


class CurvePoint(Estimate):
    """The accuracy under changes of at most `epsilon`."""

    epsilon: float


class SavedFigures(TypedDict, total=False):
    """The accuracy once the changed pictures are saved; not there where that was not tried."""

    after_uint8: Estimate
    after_png: Estimate
    after_jpeg: Estimate


class AttackFigures(Stamp, SavedFigures):
    """The JSON of an attack, `clearsight attack --json`."""

    n: int
    method: str
    clean: Estimate
    robust: Estimate
    epsilon: float
    norm: str
    median_minimal_epsilon: float | None
    minimal_epsilon: Limits
    curve: list[CurvePoint]
    preflight: list[CheckRow]


class Radius(Estimate):
    """The accuracy that is certified within a `radius` in L2."""

    radius: float


class CertifiedFigures(Stamp, total=False):
    """The JSON of certificates, `clearsight attack --certify --json`."""

    n: int
    sigma: float
    samples: int
    alpha: float
    abstained: int
    clean: Estimate
    certified: list[Radius]
    median_radius: Limits
