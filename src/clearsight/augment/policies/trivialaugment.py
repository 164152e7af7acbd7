"""TrivialAugment: one random change of each picture. S. Müller, F. Hutter, ICCV 2021."""

from collections.abc import Mapping
from functools import partial

from torch import Tensor

from ..op import Change, Row, Size
from . import search_space
from .search_space import WIDE, apply_one_each

DRAWS = 1 + search_space.DRAWS


def trivial(rows: Mapping[str, Row]) -> Change:
    """One change, its strength uniform up to the largest; the policy's own strength is the share of that."""
    return partial(_trivial, rows)


def _trivial(rows: Mapping[str, Row], pictures: Tensor, draws: Tensor, size: Size) -> Tensor:
    return apply_one_each(rows, WIDE, pictures, draws[:, 0], draws[:, 1:DRAWS], draws[:, -1])
