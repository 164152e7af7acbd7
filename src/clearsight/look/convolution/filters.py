"""Filters by name (`sobel-x`, `gaussian:5`) and by their numbers (`1 0 -1; 2 0 -2; 1 0 -1`)."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ...base.errors import UsageError, unknown
from ...base.text.words import Word, fraction

MOST = 31  # rows and columns of a filter
LARGEST = 1e9  # number of a filter: sums of its products stay exact enough to be shown


class Named(NamedTuple):
    """A filter's 3×3 numbers, their common divisor, whether it exists in larger sizes, and the weights of red, green, blue."""

    rows: tuple[tuple[int, int, int], ...]
    divisor: int = 1
    sizes: bool = False
    colours: tuple[float, ...] = ()


SMOOTH = ((1, 2, 1), (2, 4, 2), (1, 2, 1))
# not flipped, so a Sobel filter is positive where the picture becomes brighter to the right (x) or downwards (y), as OpenCV's
NAMED = {
    "identity": Named(((0, 0, 0), (0, 1, 0), (0, 0, 0))),
    "box": Named(((1, 1, 1),) * 3, 9, True),
    "gaussian": Named(SMOOTH, 16, True),
    "sharpen": Named(((0, -1, 0), (-1, 5, -1), (0, -1, 0))),
    "sobel-x": Named(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), 1, True),
    "sobel-y": Named(((-1, -2, -1), (0, 0, 0), (1, 2, 1)), 1, True),
    "laplacian": Named(((0, 1, 0), (1, -4, 1), (0, 1, 0)), 1, True),
    "emboss": Named(((-2, -1, 0), (-1, 1, 1), (0, 1, 2))),
    "red-green": Named(SMOOTH, 16, True, (1, -1, 0)),
    "blue-yellow": Named(SMOOTH, 16, True, (-0.5, -0.5, 1)),
}


def parsed(text: str, channels: int) -> Tensor:
    """The filter `(channels, h, w)`, float64, that a name or numbers mean; one slice is used for every channel.

    Rows of numbers are separated by `;`, slices of different channels by `|`. Raises UsageError.
    """
    found = _named(text.strip(), channels) if text.strip()[:1].isalpha() else _numbers(text)
    if len(found) not in (1, channels):
        raise UsageError(
            f"the filter has {len(found)} slices and the picture {channels} channel{'s' * (channels > 1)}: give one, or as many."
        )
    return found.expand(channels, -1, -1)


def _named(text: str, channels: int) -> Tensor:
    word = Word.of(text)
    if word.name not in NAMED:
        raise unknown("filter", text, NAMED)
    filter = NAMED[word.name]
    size = word.number(3)
    if math.isnan(size) or size not in range(3, MOST + 1, 2):
        raise UsageError(f"the size of a filter is an odd number from 3 to {MOST}, as in {word.name}:5. Got {text!r}.")
    if size > 3 and not filter.sizes:
        raise UsageError(f"{word.name} is 3×3 only; larger ones exist of {', '.join(n for n, f in NAMED.items() if f.sizes)}.")
    if filter.colours and channels != len(filter.colours):
        raise UsageError(f"{word.name} compares colours and needs a picture of 3 channels. Got {channels}.")
    rows = _enlarged(word.name, torch.tensor(filter.rows, dtype=torch.float64) / filter.divisor, int(size))
    return rows * torch.tensor(filter.colours or (1.0,), dtype=torch.float64)[:, None, None]


def _enlarged(name: str, rows: Tensor, size: int) -> Tensor:
    """The filter at a larger size: a larger mean, or the 3×3 filter after smoothing with binomial weights."""
    if size == 3:
        return rows
    if name == "box":
        return torch.full((size, size), 1 / size**2, dtype=torch.float64)
    line = torch.tensor([math.comb(size - 3, k) for k in range(size - 2)], dtype=torch.float64) / 2 ** (size - 3)
    return F.conv2d(rows[None, None], torch.outer(line, line)[None, None], padding=size - 3)[0, 0]


def _numbers(text: str) -> Tensor:
    try:
        slices = [
            [[fraction(n) for n in row.replace(",", " ").split()] for row in part.replace("\n", ";").split(";") if row.strip()]
            for part in text.split("|")
        ]
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"a filter is a name or rows of numbers such as '1 0 -1; 2 0 -2; 1 0 -1'. Got {text!r:.200}.") from error
    shapes = {(len(rows), len(row)) for rows in slices for row in rows}
    if len(shapes) != 1 or len({len(rows) for rows in slices}) != 1 or max(max(shape) for shape in shapes) > MOST:
        raise UsageError(f"every row of a filter has the same length, every slice the same rows, {MOST} at most. Got {text!r:.200}.")
    values = torch.tensor(slices, dtype=torch.float64)
    if not bool((values.abs() <= LARGEST).all()):
        raise UsageError(f"the numbers of a filter are at most {LARGEST:,.0f}, with either sign. Got {text!r:.200}.")
    return values
