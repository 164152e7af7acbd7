"""Policies: changes drawn anew for every PICTURE, not once for a batch.

TrivialAugment: S. Müller, F. Hutter, ICCV 2021. RandAugment: E. Cubuk et al., 2019. AugMix: D. Hendrycks et al., ICLR 2020. The
lists and ranges are TrivialAugment's wide ones, but that shear is an amount and not an angle taken for one, and that parts of a
pixel count; along x and along y, shear and translation are changes of their own, as in all three papers. `DRAWS` are what the
change of the list with the most of them needs. A plan is the draws themselves.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..tone import quantised

if TYPE_CHECKING:
    from ..pipeline import Row

Size = tuple[int, int]
Shape = tuple[int, int, int]
Strengths = tuple[float, ...]
Change = Callable[[Tensor, Tensor, Size], Tensor]

LEAST_BITS = 2


class Entry(NamedTuple):
    """A change of a list: its row ('' for none), its largest strength, and draws that are always the same, (place, value)."""

    row: str
    most: Strengths = ()
    fixed: tuple[int, float] | None = None


def _axes(shear: float, translate: float) -> tuple[Entry, ...]:
    """ShearX, ShearY, TranslateX and TranslateY: the second draw is the axis of a shear, and ½ is a shift by nothing."""
    return (
        Entry("shear", (shear,), (1, 0.0)),
        Entry("shear", (shear,), (1, 1.0)),
        Entry("translate", (translate,), (1, 0.5)),
        Entry("translate", (translate,), (0, 0.5)),
    )


# one that is drawn with a probability always happens
WIDE = (
    Entry(""),
    *_axes(0.99, 0.25),
    Entry("rotate", (135.0,)),
    Entry("brightness", (0.99,)),
    Entry("contrast", (0.99,)),
    Entry("saturation", (0.99,)),
    Entry("sharpen", (0.99,)),
    Entry("posterise", (LEAST_BITS,)),
    Entry("solarise", (1.0,)),
    Entry("equalise", (1.0,)),
    Entry("autocontrast", (1.0,)),
)
# no change of AugMix is one of the corruptions that are tested later: no brightness, contrast, noise or blur
GENTLE = (
    *_axes(0.3, 0.1),
    Entry("rotate", (30.0,)),
    Entry("posterise", (4,)),
    Entry("solarise", (0.5,)),
    Entry("equalise", (1.0,)),
    Entry("autocontrast", (1.0,)),
)
ALWAYS = ("posterise", "solarise", "equalise", "autocontrast")  # their strength is no amount
DRAWS, CHAINS, DEPTH, LAYERS = 6, 3, 3, 2
MOST = 10  # RandAugment's strengths are in tenths of the largest


TRIVIAL, RAND, AUGMIX = 1 + DRAWS, LAYERS * (1 + DRAWS), CHAINS + 2 + CHAINS * DEPTH * (1 + DRAWS)  # draws that each takes


def trivial(rows: Mapping[str, "Row"]) -> Change:
    """One change of the list, its strength anywhere up to the largest; the policy's own strength is the share of that."""
    return partial(_trivial, rows)


def rand(rows: Mapping[str, "Row"]) -> Change:
    """Two changes of the list, each with the policy's strength in tenths, one way or the other."""
    return partial(_rand, rows)


def augmix(rows: Mapping[str, "Row"]) -> Change:
    """The mean, by random weights, of three chains of one to three gentle changes, and of the picture itself; float32 in [0, 1]."""
    return partial(_augmix, rows)


def plan(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """The draws, with the strength behind them: `(N, k + 1)`."""
    return torch.cat((draws, torch.full_like(draws[:, :1], strengths[0])), 1)


def _trivial(rows: Mapping[str, "Row"], pictures: Tensor, draws: Tensor, size: Size) -> Tensor:
    return _one_each(rows, WIDE, pictures, draws[:, 0], draws[:, 1 : 1 + DRAWS], draws[:, -1])


def _rand(rows: Mapping[str, "Row"], pictures: Tensor, draws: Tensor, size: Size) -> Tensor:
    for i in range(LAYERS):
        start = i * (1 + DRAWS)
        own = draws[:, start + 1 : start + 1 + DRAWS].round() * (1 - 2.0**-24)  # as far as it goes
        pictures = _one_each(rows, WIDE, pictures, draws[:, start], own, draws[:, -1] / MOST)
    return pictures


def _augmix(rows: Mapping[str, "Row"], pictures: Tensor, draws: Tensor, size: Size) -> Tensor:
    pictures = quantised(pictures)
    original = pictures.float() / 255
    weights = -torch.log1p(-draws[:, :CHAINS])  # exponential ones, divided by their sum, are Dirichlet(1)
    weights = weights / weights.sum(1, keepdim=True).clamp_min(1e-12)
    mixed, start = torch.zeros_like(original), CHAINS + 2
    for chain in range(CHAINS):
        changed = pictures
        depth = (draws[:, CHAINS + 1] * DEPTH + chain) % DEPTH  # each chain has another length, 1 to 3 steps
        for step in range(DEPTH):
            choice, own = draws[:, start], draws[:, start + 1 : start + 1 + DRAWS]
            start += 1 + DRAWS
            after = _one_each(rows, GENTLE, changed, choice, own, draws[:, -1])
            changed = torch.where((step <= depth)[:, None, None, None], after, changed)
        mixed += weights[:, chain, None, None, None] * (changed.float() / 255)
    kept = draws[:, CHAINS, None, None, None]
    return kept * original + (1 - kept) * mixed


def _one_each(
    rows: Mapping[str, "Row"], listed: tuple[Entry, ...], pictures: Tensor, choice: Tensor, draws: Tensor, share: Tensor
) -> Tensor:
    """Each picture under the change that its `choice` in [0, 1) falls on, with a `share` of the list's strength."""
    chosen = (choice * len(listed)).long()
    pictures = quantised(pictures)
    changed = pictures.clone()
    for i, (name, most, fixed) in enumerate(listed):
        here = torch.nonzero(chosen == i)[:, 0]
        if not name or not len(here):
            continue
        row, mine = rows[name], pictures[here]
        own = draws[here, : row.draws]  # a copy
        if fixed:
            own[:, fixed[0]] = fixed[1]
        strengths = most if name in ALWAYS else tuple(value * float(share[0]) for value in most)
        channels, height, width = mine.shape[1:]
        made = row.change(mine, row.plan(own, strengths, (channels, height, width)), (height, width))
        changed[here] = quantised(made)
    return changed
