"""The settings of an attack: one frozen object, and the same fields as keywords."""

from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from ..classifier import Classifier
from .own import OwnAttack

Method: TypeAlias = str | OwnAttack


@dataclass(frozen=True)
class AttackOptions:
    """How pictures are attacked; ε is in units of [0, 1], and 0 `steps`, `restarts` or `batch_size` are the attack's own.

    `target` is the number of a class to be mistaken for; `source` another classifier of the same input, whose gradients are used
    (transfer), its classes joined by name; `lattice` makes changes of whole levels of 255, which survive saving; `sure` continues
    after the first success. Without `check` there is no preflight, without `curve` no search for the least ε, without `saving` no
    files. `speed` (as in `Classifier.faster`) is that of the search alone: misclassification is decided in float32.
    """

    method: Method = "pgd"
    epsilon: float = 8 / 255
    steps: int = 0
    restarts: int = 0
    seed: int = 0
    batch_size: int = 0
    target: int | None = None
    lattice: bool = False
    source: Classifier | None = None
    speed: str = "auto"
    check: bool = True
    curve: bool = True
    sure: bool = False
    saving: bool = True
    quiet: bool = True


class AttackSettings(TypedDict, total=False):
    """The fields of `AttackOptions` as keywords, but for those that the front door has as parameters of its own."""

    epsilon: float
    steps: int
    restarts: int
    seed: int
    batch_size: int
    lattice: bool
    speed: str
    check: bool
    curve: bool
    sure: bool
    saving: bool
    quiet: bool


class AttackKeywords(AttackSettings, total=False):
    """Every field of `AttackOptions` as a keyword."""

    method: Method
    target: int | None
    source: Classifier | None
