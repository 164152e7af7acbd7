"""What follows a convolution, window by window and each map on its own: ReLU, max and average pooling."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...base.errors import UsageError, unknown, wrong
from .slide import tidy

OPERATIONS = {"relu": "ReLU", "maxpool": "max pooling", "avgpool": "average pooling"}
WORD = re.compile(r"([a-z]+)(?:(\d+)x(\d+))?(?:/(\d+))?")


@dataclass(frozen=True)
class Window:
    """One place (`row`, `column`, from 0) of map `map`: the patch whose corner is on row `top`, column `left` of the map before.

    `best` is the place of the maximum in the patch (row, column), None without one; `value` is what comes out.
    """

    map: int
    row: int
    column: int
    top: int
    left: int
    patch: Tensor
    best: tuple[int, int] | None
    value: float

    def to_json(self) -> dict[str, Any]:
        """As `steps` of a stage in `look convolution --json`."""
        place = {name: getattr(self, name) for name in ("map", "row", "column", "top", "left")}
        return place | {"patch": self.patch.tolist(), "best": list(self.best) if self.best else None, "value": self.value}


@dataclass(frozen=True)
class Stage:
    """`operation` with windows of `size`×`size` at `stride`: the maps before it and after it, `(maps, rows, columns)`."""

    operation: str
    size: int
    stride: int
    before: Tensor
    maps: Tensor

    @property
    def words(self) -> str:
        """`2×2 max pooling, stride 2`."""
        if self.operation == "relu":
            return OPERATIONS["relu"]
        return f"{self.size}×{self.size} {OPERATIONS[self.operation]}, stride {self.stride}"

    def window(self, map: int, row: int, column: int) -> Window:
        """One window of one map; raises UsageError outside of it."""
        rows, columns = self.maps.shape[1:]
        if not (0 <= row < rows and 0 <= column < columns):
            raise wrong("at", f"within the {rows}×{columns} map, counted from 0", (row, column))
        top, left = row * self.stride, column * self.stride
        patch = self.before[map, top : top + self.size, left : left + self.size]
        best = divmod(int(patch.flatten().argmax()), self.size) if self.operation == "maxpool" else None
        return Window(map, row, column, top, left, patch, best, float(self.maps[map, row, column]))

    def windows(self, map: int | None = None) -> Iterator[Window]:
        """Every window of one map, or of all, map by map and row by row."""
        for m in range(len(self.maps)) if map is None else [map]:
            for row in range(self.maps.shape[1]):
                for column in range(self.maps.shape[2]):
                    yield self.window(m, row, column)

    def to_json(self) -> dict[str, Any]:
        """As `stages` of `look convolution --json`."""
        named = {"operation": self.operation, "size": self.size, "stride": self.stride, "maps": self.maps.tolist()}
        return named | {"steps": [window.to_json() for window in self.windows()]}


def stages(maps: Tensor, words: str) -> tuple[Stage, ...]:
    """The stages of `relu,maxpool` or `relu avgpool3x3/2` one after the other; pooling is 2×2 and its stride its size, if not given.

    Raises UsageError for an unknown name, and for a window larger than the map.
    """
    found: list[Stage] = []
    for word in words.lower().replace(",", " ").split():
        operation, size, stride = _parsed(word)
        before = found[-1].maps if found else maps
        if size > min(before.shape[1:]):
            sides = "×".join(str(n) for n in before.shape[1:])
            raise UsageError(f"a {size}×{size} window of {word} does not fit a map of {sides}.")
        found.append(Stage(operation, size, stride, before, tidy(_computed(before, operation, size, stride))))
    return tuple(found)


def _parsed(word: str) -> tuple[str, int, int]:
    match = WORD.fullmatch(word)
    if not match or match[1] not in OPERATIONS:
        raise unknown("operation", match[1] if match else word, OPERATIONS)
    if match[1] == "relu":
        if match[2] or match[4]:
            raise UsageError(f"relu takes no size and no stride. Got {word!r}.")
        return "relu", 1, 1
    size = int(match[2] or 2)
    stride = int(match[4] or size)
    if match[2] != match[3] or not size or not stride:
        raise UsageError(f"a pooling is written as maxpool, maxpool3x3 or maxpool3x3/2, with a square window. Got {word!r}.")
    return match[1], size, stride


def _computed(maps: Tensor, operation: str, size: int, stride: int) -> Tensor:
    if operation == "relu":
        return maps.clamp(min=0)
    windows = maps.unfold(1, size, stride).unfold(2, size, stride).flatten(3)
    return torch.amax(windows, 3) if operation == "maxpool" else windows.mean(3)
