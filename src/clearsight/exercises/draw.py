"""Random numbers of an exercise: a pure function of (seed, exercise, attempt)."""

from collections.abc import Sequence
from typing import TypeVar

import torch

from ..base.randomness import uniform

BLOCK = 64
Value = TypeVar("Value")
Matrix = tuple[tuple[int, ...], ...]


class Draw:
    """A stream of draws for the exercise called `name`; another `attempt` is another stream."""

    def __init__(self, seed: int, name: str, attempt: int = 0) -> None:
        self.seed, self.name, self.attempt = seed, name, attempt
        self._block, self._ready = 0, [0.0] * 0

    def _next(self) -> float:
        if not self._ready:
            numbers = uniform(self.seed, self.attempt, torch.tensor([self._block]), f"exercise {self.name}", BLOCK)
            self._ready, self._block = numbers[0].tolist(), self._block + 1
        return self._ready.pop()

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._next() * (high - low + 1))

    def pick(self, values: Sequence[Value]) -> Value:
        """One of the values."""
        return values[self.number(0, len(values) - 1)]

    def sample(self, values: Sequence[Value], n: int) -> list[Value]:
        """`n` different ones of the values, in random order."""
        left = list(values)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(n)]

    def matrix(self, rows: int, columns: int, low: int, high: int) -> Matrix:
        """Rows of whole numbers from `low` to `high`."""
        return tuple(tuple(self.number(low, high) for _ in range(columns)) for _ in range(rows))
