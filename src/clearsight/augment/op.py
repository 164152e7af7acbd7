"""An augmentation: its entry in the registry (`Row`), and its use with certain strengths (`Op`)."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Size = tuple[int, int]  # height, width in px
Shape = tuple[int, int, int]  # channels, height, width
Strengths = tuple[float, ...]
Plan = Callable[[Tensor, Strengths, Shape], Tensor]
Change = Callable[[Tensor, Tensor, Size], Tensor]


@dataclass(frozen=True)
class Op:
    """An augmentation by name, with its strengths."""

    name: str
    strengths: Strengths


@dataclass(frozen=True)
class Row:
    """An augmentation in two steps: the parameters of each picture, and the change itself.

    `plan(draws (N, k) in [0, 1), strengths, shape (C, H, W))` returns the parameters, a tensor (N, ...), and
    `change(pictures (N, C, H, W), plan, size)` the changed pictures.
    """

    plan: Plan
    change: Change
    draws: int
    default: Strengths
    low: float
    high: float
    meaning: str
    margin: float = 1.0
    floats: bool = False  # whether the output is float32 in [0, 1] for any input
    moves: bool = False  # whether pixels are only copied or covered, for the whole batch at once
