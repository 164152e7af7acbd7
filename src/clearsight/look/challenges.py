"""The lecture's challenges on one picture, in growing strength; and the members of a class that differ most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import ClearsightError, unknown, wrong
from ..classifier import Classifier
from ..corruptions import CORRUPTIONS, corrupted
from ..corruptions.challenges import CHALLENGES, challenged
from ..images.convert import visible

LECTURE = ("surround", "gamma", "patch", "elastic", "gaussian_noise")  # clutter, illumination, occlusion, deformation, and noise
STEPS = 5
PIECES = 4  # pieces of a side of the background that is made of the picture itself


@dataclass(frozen=True)
class Trial:
    """A picture under one strength of a challenge: uint8 `(H, W, 3)`, the answer with its probability, and that of the first answer."""

    strength: float
    picture: NDArray[np.uint8]
    label: str
    confidence: float
    before: float
    changed: bool

    def to_json(self) -> dict[str, Any]:
        """Without the picture."""
        return {key: getattr(self, key) for key in ("strength", "label", "confidence", "before", "changed")}


class Row(NamedTuple):
    """A challenge with its group, the meaning of its strengths, and a trial for each of them."""

    name: str
    group: str
    means: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Challenged:
    """One picture as it is, and under every challenge."""

    picture: NDArray[np.uint8]
    label: str
    confidence: float
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """As `look challenges --json` has it."""
        rows = [
            {"challenge": row.name, "group": row.group, "means": row.means, "trials": [trial.to_json() for trial in row.trials]}
            for row in self.rows
        ]
        return {"label": self.label, "confidence": self.confidence, "challenges": rows}


def challenges(classifier: Classifier, source: Any, names: Sequence[str] = LECTURE, background: Any = None, seed: int = 0) -> Challenged:
    """A picture under the challenges `names`, each at five strengths, with `classifier`'s answers.

    Around or over the picture comes `background`, or its own pieces in another order. Raises UsageError for an unknown name.
    """
    fitted, other = _opened(classifier, source, names, background, seed)
    (first,) = classifier.probabilities(fitted).cpu()
    best = int(first.argmax())
    index, rows = torch.tensor([seed]), []
    for name in names:
        group, means, strengths = _told(name)
        changed = torch.cat([_changed(fitted, index, name, step, other) for step in range(STEPS)])
        found = zip(strengths, changed, classifier.probabilities(changed).cpu(), strict=True)
        rows.append(Row(name, group, means, tuple(_trial(classifier.classes, s, x, p, best) for s, x, p in found)))
    return Challenged(_shown(fitted[0]), classifier.classes[best], float(first[best]), tuple(rows))


def combined(
    classifier: Classifier, source: Any, changes: Sequence[tuple[str, int]], background: Any = None, seed: int = 0
) -> tuple[NDArray[np.uint8], Tensor]:
    """A picture under `changes` one after another, each a name with its step from 1 to 5: uint8 `(H, W, 3)`, and the probabilities `(K,)`.

    A single change is the trial of `challenges`. Raises UsageError for an unknown name or step.
    """
    fitted, other = _opened(classifier, source, [name for name, _ in changes], background, seed)
    for name, step in changes:
        if not 1 <= step <= STEPS:
            raise wrong("step", f"from 1 to {STEPS}", step)
        fitted = _changed(fitted, torch.tensor([seed]), name, step - 1, other)
    return _shown(fitted[0]), classifier.probabilities(fitted)[0].cpu()


def _opened(classifier: Classifier, source: Any, names: Sequence[str], background: Any, seed: int) -> tuple[Tensor, Tensor]:
    """The fitted picture, and what comes around or over it, each uint8 `(1, C, H, W)`."""
    for name in names:
        if name not in CHALLENGES and name not in CORRUPTIONS:
            raise unknown("challenge", name, (*CHALLENGES, *CORRUPTIONS))
    fitted = classifier.preprocessing.load(source)[None]
    if fitted.shape[1] not in (1, 3):
        raise ClearsightError(f"challenges change grey and RGB pictures. This one has {fitted.shape[1]} bands.")
    other = pieces(fitted, seed) if background is None else classifier.preprocessing.load(background)[None]
    return fitted, other


def _told(name: str) -> tuple[str, str, tuple[float, ...]]:
    """A challenge's group, the meaning of its strengths, and these; severities 1 to 5 for a corruption."""
    if name in CHALLENGES:
        row = CHALLENGES[name]
        return row.group, row.means, row.strengths
    return CORRUPTIONS[name].group, "severity", tuple(float(n) for n in range(1, STEPS + 1))


def _changed(fitted: Tensor, index: Tensor, name: str, step: int, other: Tensor) -> Tensor:
    if name in CORRUPTIONS:
        return corrupted(fitted, index, name, step + 1)
    return challenged(fitted, index, name, CHALLENGES[name].strengths[step], other)


def _trial(classes: Sequence[str], strength: float, picture: Tensor, probabilities: Tensor, best: int) -> Trial:
    now = int(probabilities.argmax())
    return Trial(strength, _shown(picture), classes[now], float(probabilities[now]), float(probabilities[best]), now != best)


def _shown(picture: Tensor) -> NDArray[np.uint8]:
    pixels = visible(picture.permute(1, 2, 0).numpy())
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def pieces(pictures: Tensor, seed: int = 0) -> Tensor:
    """Clutter of a picture's own colours and edges: its 4 × 4 pieces in another order, `(N, C, H, W)` uint8."""
    height, width = (max(n // PIECES, 1) for n in pictures.shape[-2:])
    rows, columns = pictures.shape[-2] // height, pictures.shape[-1] // width
    order = torch.randperm(rows * columns, generator=torch.Generator().manual_seed(seed)).tolist()
    made = pictures.clone()
    for place, taken in enumerate(order):
        (top, left), (y, x) = ((n // columns * height, n % columns * width) for n in (place, taken))
        made[..., top : top + height, left : left + width] = pictures[..., y : y + height, x : x + width]
    return made


@dataclass(frozen=True)
class Variation:
    """The members of a class that differ most: their rows in the data, and of each the cosine distance to the nearest of the others.

    `spread` is the mean cosine distance between two members of the class, and `spreads` that of every class.
    """

    label: str
    members: tuple[int, ...]
    distances: tuple[float, ...]
    spread: float
    spreads: dict[str, float]


def variation(vectors: Tensor, labels: Sequence[int], classes: Sequence[str], label: str = "", most: int = 16) -> Variation:
    """The `most` members of the class `label` (default: the class with the largest spread) that differ most, by vectors `(N, D)`.

    The two that are farthest apart come first, then always the one whose nearest among those chosen is farthest. Raises UsageError for
    an unknown class, ClearsightError where no class has two members.
    """
    if label and label not in classes:
        raise unknown("class", label, classes)
    unit, own = torch.nn.functional.normalize(vectors.double()), torch.as_tensor(labels)
    members = {name: torch.nonzero(own == k)[:, 0] for k, name in enumerate(classes)}
    spreads = {name: spread(unit[rows]) for name, rows in members.items() if len(rows) > 1}
    label = label or max(spreads, key=lambda name: spreads[name], default="")
    if label not in spreads:
        raise ClearsightError(
            f"{f'the class {label!r}' if label else 'every class'} has fewer than two of the pictures: give more with --pictures."
        )
    rows = members[label]
    apart = 1 - unit[rows] @ unit[rows].T
    chosen = list(divmod(int(apart.argmax()), len(rows)))
    while len(chosen) < min(most, len(rows)):
        nearest = apart[:, chosen].min(1).values
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    among = apart[chosen][:, chosen].fill_diagonal_(3)
    picked = tuple(int(rows[i]) for i in chosen)
    return Variation(label, picked, tuple(among.min(1).values.clamp_min(0).tolist()), spreads[label], spreads)


def spread(unit: Tensor) -> float:
    """The mean cosine distance between two of the unit vectors `(N, D)`."""
    n = len(unit)
    return float(1 - (unit.sum(0).square().sum() - n) / (n * (n - 1)))
