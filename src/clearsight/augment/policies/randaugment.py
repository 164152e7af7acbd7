"""RandAugment: two random changes of each picture, with one strength for all. E. Cubuk et al., 2019."""

from collections.abc import Mapping
from functools import partial

from torch import Tensor

from ..op import Change, Row, Size
from . import search_space
from .search_space import WIDE, apply_one_each

LAYERS = 2
STEPS = 10  # strengths are in tenths of the largest
DRAWS = LAYERS * (1 + search_space.DRAWS)


def rand(rows: Mapping[str, Row]) -> Change:
    """Two changes, each with the policy's strength in tenths of the largest, in either direction."""
    return partial(_rand, rows)


def _rand(rows: Mapping[str, Row], pictures: Tensor, draws: Tensor, size: Size) -> Tensor:
    for i in range(LAYERS):
        start = i * (1 + search_space.DRAWS)
        own = draws[:, start + 1 : start + 1 + search_space.DRAWS].round() * (1 - 2.0**-24)  # the largest strength, in either direction
        pictures = apply_one_each(rows, WIDE, pictures, draws[:, start], own, draws[:, -1] / STEPS)
    return pictures
