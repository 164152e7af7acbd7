"""AugMix: a random mean of chains of mild changes. D. Hendrycks et al., ICLR 2020."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from ..levels import quantised
from ..op import Change, Row, Size
from . import search_space
from .search_space import GENTLE, apply_one_each

CHAINS, DEPTH = 3, 3
DRAWS = CHAINS + 2 + CHAINS * DEPTH * (1 + search_space.DRAWS)


def augmix(rows: Mapping[str, Row]) -> Change:
    """A random convex combination of three chains of one to three mild changes, mixed with the picture itself; float32 in [0, 1]."""
    return partial(_augmix, rows)


def _augmix(rows: Mapping[str, Row], pictures: Tensor, draws: Tensor, size: Size) -> Tensor:
    pictures = quantised(pictures)
    original = pictures.float() / 255
    weights = -torch.log1p(-draws[:, :CHAINS])  # exponential variates over their sum are Dirichlet(1)
    weights = weights / weights.sum(1, keepdim=True).clamp_min(1e-12)
    mixed, start = torch.zeros_like(original), CHAINS + 2
    for chain in range(CHAINS):
        changed = pictures
        depth = (draws[:, CHAINS + 1] * DEPTH + chain) % DEPTH  # the chains have different lengths: 1, 2 and 3 steps
        for step in range(DEPTH):
            choice, own = draws[:, start], draws[:, start + 1 : start + 1 + search_space.DRAWS]
            start += 1 + search_space.DRAWS
            after = apply_one_each(rows, GENTLE, changed, choice, own, draws[:, -1])
            changed = torch.where((step <= depth)[:, None, None, None], after, changed)
        mixed += weights[:, chain, None, None, None] * (changed.float() / 255)
    kept = draws[:, CHAINS, None, None, None]
    return kept * original + (1 - kept) * mixed
