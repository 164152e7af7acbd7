"""The settings of an attack: one frozen object, and the same fields as keywords."""

from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from ..classifier import Classifier
from .own import OwnAttack
from .table import Attack

Method: TypeAlias = str | Attack | OwnAttack


@dataclass(frozen=True)
class AttackOptions:
    """How to attack; every field may also be given to `attack()` as a keyword.

    `speed` (as in `Classifier.faster`) applies to the search alone: misclassification is decided in float32.
    """

    method: Method = "pgd"  # a name of `ATTACKS`, an `Attack`, or a function of your own
    epsilon: float = 8 / 255  # largest change, in the norm of the attack, in units of [0, 1]
    steps: int = 0  # steps or queries; 0: the attack's own
    restarts: int = 0  # random starts; 0: the attack's own
    seed: int = 0
    batch_size: int = 0  # 0: the classifier's own
    target: int | None = None  # targeted attack: the class index to be predicted
    lattice: bool = False  # change by whole levels of 1/255 only, so that the attack survives saving
    source: Classifier | None = None  # transfer attack: take the gradients of this classifier, its classes joined by name
    speed: str = "auto"
    check: bool = True  # run the preflight
    curve: bool = True  # search the least ε of every picture
    sure: bool = False  # take all steps, also once a picture is misclassified
    saving: bool = True  # save as uint8, PNG and JPEG and classify again
    quiet: bool = True  # no progress bar


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
