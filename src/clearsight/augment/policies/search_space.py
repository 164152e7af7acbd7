"""The search spaces of the policies, and one change of them for each picture.

Ranges are the wide ones of TrivialAugment (S. Müller, F. Hutter, ICCV 2021), except that shear is a factor and not an angle, and that
translations are not rounded to whole pixels. Along x and along y, shear and translation are separate changes, as in the papers.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ..levels import quantised
from ..op import Row, Shape, Strengths

MIN_BITS = 2
DRAWS = 6  # the most that a change of a search space needs


class Entry(NamedTuple):
    """A change of a search space: its row ('' for none), its largest strengths, and a draw that is fixed, (place, value)."""

    row: str
    strengths: Strengths = ()
    fixed: tuple[int, float] | None = None


def _axes(shear: float, translate: float) -> tuple[Entry, ...]:
    """ShearX, ShearY, TranslateX and TranslateY: the second draw of a shear is its axis, and ½ is a shift by 0."""
    return (
        Entry("shear", (shear,), (1, 0.0)),
        Entry("shear", (shear,), (1, 1.0)),
        Entry("translate", (translate,), (1, 0.5)),
        Entry("translate", (translate,), (0, 0.5)),
    )


# changes that have a probability are applied always
WIDE = (
    Entry(""),
    *_axes(0.99, 0.25),
    Entry("rotate", (135.0,)),
    Entry("brightness", (0.99,)),
    Entry("contrast", (0.99,)),
    Entry("saturation", (0.99,)),
    Entry("sharpen", (0.99,)),
    Entry("posterise", (MIN_BITS,)),
    Entry("solarise", (1.0,)),
    Entry("equalise", (1.0,)),
    Entry("autocontrast", (1.0,)),
)
# AugMix leaves out the corruptions of the later test: brightness, contrast, noise, blur
GENTLE = (
    *_axes(0.3, 0.1),
    Entry("rotate", (30.0,)),
    Entry("posterise", (4,)),
    Entry("solarise", (0.5,)),
    Entry("equalise", (1.0,)),
    Entry("autocontrast", (1.0,)),
)
ALWAYS = ("posterise", "solarise", "equalise", "autocontrast")  # their strength is a probability, or bits


def plan_policy(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """The draws, followed by the strength: `(N, k + 1)`."""
    return torch.cat((draws, torch.full_like(draws[:, :1], strengths[0])), 1)


def apply_one_each(
    rows: Mapping[str, Row], space: tuple[Entry, ...], pictures: Tensor, choice: Tensor, draws: Tensor, share: Tensor
) -> Tensor:
    """Pictures uint8 `(N, C, H, W)`, each under the change that its `choice` `(N,)` in [0, 1) selects, at a `share` `(N,)` of its strength.

    `draws` `(N, DRAWS)` are those of the change.
    """
    chosen = (choice * len(space)).long()
    pictures = quantised(pictures)
    changed = pictures.clone()
    for i, (name, largest, fixed) in enumerate(space):
        here = torch.nonzero(chosen == i)[:, 0]
        if not name or not len(here):
            continue
        row, mine = rows[name], pictures[here]
        own = draws[here, : row.draws]  # a copy
        if fixed:
            own[:, fixed[0]] = fixed[1]
        strengths = largest if name in ALWAYS else tuple(value * float(share[0]) for value in largest)
        channels, height, width = mine.shape[1:]
        changed[here] = quantised(row.change(mine, row.plan(own, strengths, (channels, height, width)), (height, width)))
    return changed
