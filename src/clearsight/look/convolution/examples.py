"""The lecture's examples: 6×6 pixels and a 3×3 filter, the curve detector, max and average pooling, a volume of 32×32×3."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...base.errors import unknown
from .filters import parsed
from .picture import loaded, sample
from .slide import Convolution, convolve
from .stage import Stage, stages

PICTURE = (
    (255, 220, 150, 200, 110, 100), (240, 50, 35, 45, 200, 130), (0, 20, 245, 250, 230, 120),
    (170, 180, 235, 145, 170, 255), (190, 185, 170, 165, 130, 120), (255, 255, 245, 190, 200, 175),
)  # fmt: skip
FILTER = "-0.7 0.2 0.1; 0.3 0.5 0.4; -0.2 -0.4 0.2"
CURVE = (
    "0 0 0 0 0 30 0; 0 0 0 0 30 0 0; 0 0 0 30 0 0 0; 0 0 0 30 0 0 0;"
    "0 0 0 30 0 0 0; 0 0 0 30 0 0 0; 0 0 0 0 0 0 0"
)  # fmt: skip
MATCH = (
    (0, 0, 0, 0, 0, 0, 30), (0, 0, 0, 0, 50, 50, 50), (0, 0, 0, 20, 50, 0, 0), (0, 0, 0, 50, 50, 0, 0),
    (0, 0, 0, 50, 50, 0, 0), (0, 0, 0, 50, 50, 0, 0), (0, 0, 0, 50, 50, 0, 0),
)  # fmt: skip
NO_MATCH = (  # a shape whose bright pixels meet the filter nowhere
    (0, 0, 0, 0, 0, 0, 0), (0, 40, 0, 0, 0, 0, 0), (40, 0, 40, 0, 0, 0, 0), (40, 20, 0, 0, 0, 0, 0),
    (0, 50, 0, 0, 0, 0, 0), (0, 0, 50, 0, 0, 0, 0), (25, 25, 0, 50, 0, 0, 0),
)  # fmt: skip
# the lecture's map, and a second one of our own: each map is pooled on its own
POOLED = (
    ((1, 1, 2, 4), (5, 6, 7, 8), (3, 2, 1, 0), (1, 2, 3, 4)),
    ((9, 2, 0, 1), (3, 4, 5, 0), (1, 0, 7, 7), (2, 6, 8, 2)),
)
VOLUME = ("sobel-x:5", "sobel-y:5", "laplacian:5", "gaussian:5", "red-green:5", "blue-yellow:5")
SIDE = 64  # px of a picture's longer side
TRANSPOSED = (
    "The lecture prints this map transposed: its first row is our first column. Here row i, column j of the map is the filter laid "
    "with its corner on row i, column j of the picture: {value:g} in row {row}, column {column} corresponds to the lecture's {other:g}."
)


@dataclass(frozen=True)
class Calculation:
    """A picture `(C, H, W)`, its convolution (None where there is no filter), and the stages that follow."""

    picture: Tensor
    convolution: Convolution | None
    stages: tuple[Stage, ...]

    def to_json(self, at: tuple[int, int] | None = None) -> dict[str, Any]:
        """As `look convolution --json`; rows and columns are counted from 0, pictures are lists of channels, maps lists of filters."""
        return {
            "picture": self.picture.tolist(),
            "convolution": self.convolution.to_json(at) if self.convolution else None,
            "stages": [stage.to_json() for stage in self.stages],
        }


class Example(NamedTuple):
    """An example of the lecture: its title, its picture, its filters by name or numbers, their bias, and what follows."""

    title: str
    picture: Any
    filters: tuple[str, ...]
    through: str = ""
    bias: float = 0.0
    side: int = SIDE
    square: bool = False


EXAMPLES = {
    "lecture": Example("A filter slides over a picture", PICTURE, (FILTER,), "relu,maxpool"),
    "curve": Example("A curve detector", MATCH, (CURVE,)),
    "maxpool": Example("Max pooling: each map on its own", POOLED, (), "maxpool"),
    "avgpool": Example("Average pooling: each map on its own", POOLED, (), "avgpool"),
    "volume": Example("Six filters of 5×5×3 make six maps", None, VOLUME, "", 1.0, 32, True),
}


def calculate(
    example: str = "lecture",
    *,
    picture: Any = None,
    filters: Sequence[str] = (),
    through: str | None = None,
    side: int = 0,
    channels: int | None = None,
    **geometry: int,
) -> Calculation:
    """An example of EXAMPLES, or with a picture of one's own, filters, stages, or a `geometry` (stride, padding, dilation) changed.

    `picture` is a file or numbers `(H, W)` or `(C, H, W)`; a file is made at most `side` px large. Raises UsageError, UnreadableImage.
    """
    if example not in EXAMPLES:
        raise unknown("example", example, EXAMPLES)
    row = EXAMPLES[example]
    x = _pixels(row, picture, side or row.side, channels)
    chosen = tuple(filters) or row.filters
    words = through if through is not None else "" if picture is not None and row.filters else row.through
    if not chosen:
        return Calculation(x, None, stages(x, words))
    kernels = [parsed(text, len(x)) for text in chosen]
    height, width = (max(kernel.shape[i] for kernel in kernels) for i in (1, 2))
    names = ["filter" if text[:1] in "-.0123456789" else text for text in chosen]
    bias = (row.bias,) * len(kernels)
    done = convolve(x, torch.stack([_padded(kernel, height, width) for kernel in kernels]), names=names, bias=bias, **geometry)
    return Calculation(x, done, stages(done.maps, words))


def _pixels(row: Example, picture: Any, side: int, channels: int | None) -> Tensor:
    source = row.picture if picture is None else picture
    if source is None or isinstance(source, str | Path):
        return loaded(sample() if source is None else source, side, channels, row.square)
    x = torch.as_tensor(source, dtype=torch.float64)
    return x[None] if x.ndim == 2 else x


def _padded(kernel: Tensor, height: int, width: int) -> Tensor:
    """A filter with zeros around it, so that filters of different sizes slide together."""
    top, left = (height - kernel.shape[1]) // 2, (width - kernel.shape[2]) // 2
    around = (left, width - kernel.shape[2] - left, top, height - kernel.shape[1] - top)
    return torch.nn.functional.pad(kernel, around)


def transposed_remark(found: Calculation) -> str:
    """Where the lecture's print differs from the map."""
    assert found.convolution is not None
    values = found.convolution.maps[0]
    return TRANSPOSED.format(value=float(values[0, 2]), row=0, column=2, other=float(values[2, 0]))


def older_json(found: Calculation) -> dict[str, Any]:
    """The keys of version 0.1: the first map, after ReLU, and after 2×2 max pooling."""
    first = found.convolution.maps[:1] if found.convolution else found.picture[:1]
    relu = stages(first, "relu")[0].maps
    pooled = stages(relu, "maxpool")[0].maps[0].tolist() if min(first.shape[1:]) > 1 else []
    return {"feature_map": first[0].tolist(), "relu": relu[0].tolist(), "max_pool": pooled}
