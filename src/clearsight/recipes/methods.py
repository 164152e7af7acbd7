"""Methods that a recipe names as `name:number`: adversarial training (`pgd:8/255`), FixMatch (`fixmatch:0.95`), the order by blocks
(`blocks:16`). Imports no torch.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ..base.errors import unknown, wrong
from ..base.registry import look_up
from ..base.text.words import Word, parse_epsilon

MEANS = "means"  # pictures without a label get the class of the nearest mean: `heads.self_training`
MOST_SHARDS = 1_000_000  # at a time
ATTACKED = 512  # validation images that are attacked after each epoch of adversarial training


class Method(NamedTuple):
    """A way of adversarial training: attack steps of `step`·ε each, updates per batch, weight of TRADES' second loss, or noise only."""

    steps: int
    step: float
    repeats: int = 1
    beta: float = 0.0
    noise: bool = False


METHODS = {
    "fgsm": Method(1, 1.25),
    "pgd": Method(7, 0.25),
    "trades": Method(10, 0.25, beta=6.0),
    "free": Method(0, 1.0, repeats=4),
    "noise": Method(0, 1.0, noise=True),
}


@dataclass(frozen=True)
class Perturbation:
    """How training images are perturbed: a row of METHODS, and ε."""

    name: str
    epsilon: float

    @property
    def method(self) -> Method:
        """The row of METHODS."""
        return METHODS[self.name]

    @property
    def cost(self) -> int:
        """Forward and backward passes per image, in units of a step of plain training."""
        return (self.method.steps + 1) * self.method.repeats


def parse_perturbation(words: str) -> Perturbation | None:
    """`pgd:8/255` and the like; None for no words. Raises UsageError."""
    if not words:
        return None
    word = Word.of(words)
    look_up(METHODS, word.name, "way to perturb")
    perturbation = Perturbation(word.name, parse_epsilon(word.argument or "8/255"))
    if not 0 < perturbation.epsilon <= 1:
        raise wrong("the ε of perturb", "above 0 and at most 1, in units of the brightest pixel, as in pgd:8/255", word.argument)
    return perturbation


def parse_fixmatch(words: str) -> float:
    """The confidence threshold in `fixmatch:0.95`, which is also the default; raises UsageError."""
    word = Word.of(words)
    if word.name != "fixmatch":
        raise unknown("way to learn without labels", word.name, ("fixmatch", MEANS))
    threshold = word.number(0.95)
    if not 0 <= threshold < 1:
        raise wrong("the threshold of fixmatch", "at least 0 and below 1, as in fixmatch:0.95", word.argument)
    return threshold


def parse_shuffle(words: str) -> int:
    """The shards at a time in `blocks:16`; 0 for `all`, and for `auto` where nothing has decided. Raises UsageError."""
    word = Word.of(words)
    if words in ("all", "auto"):
        return 0
    if word.name != "blocks":
        raise unknown("order of an epoch", word.name, ("auto", "all", "blocks"))
    shards = word.number(16)
    if not 1 <= shards <= MOST_SHARDS or shards != int(shards):
        raise wrong("the shards of blocks", f"a whole number from 1 to {MOST_SHARDS:,}, as in blocks:16", word.argument)
    return int(shards)
