"""NASNet-A. B. Zoph, V. Vasudevan, J. Shlens, Q. Le, Learning transferable architectures for scalable image recognition, 2017,
figures 2 and 4, as Keras has it.

Up to 64 px the first convolution keeps stride 1: 32 px would end in a single pixel.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...images.preprocess import KERAS_TF
from ...layers.blocks import separable, start
from ...layers.dialect import Dialect, same_padding
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """`count` normal cells of `filters` channels, twice as many channels after each of two reductions; `stem` of the first convolution.

    With `skip` the cell after a reduction gets the reduction's second input, not the first, as `before`.
    """

    count: int
    filters: int
    stem: int
    skip: bool


PAPER = (2017, "Zoph et al.: Learning transferable architectures for scalable image recognition")
TABLE = {"nasnetmobile.keras": Variant(4, 44, 32, skip=False), "nasnetlarge.keras": Variant(6, 168, 96, skip=True)}
INPUT = {"nasnetmobile.keras": (3, 224, 224), "nasnetlarge.keras": (3, 331, 331)}
CLASSES, SMALLEST, RECIPE = 1000, 16, "quick"
SMALL = 64
PREPROCESSING = {"keras": KERAS_TF}
DIALECT = Dialect(eps=1e-3, momentum=0.0003, same=True)


def _rules(kind: str) -> dict[str, str]:
    cell = f"cells.{kind}_*"
    return {
        f"{cell}.adjust.conv#": "adjust_conv_{1}_{0}",
        f"{cell}.adjust.projection": "adjust_conv_projection_{0}",
        f"{cell}.adjust.bn": "adjust_bn_{0}",
        f"{cell}.conv": f"{kind}_conv_1_{{0}}",
        f"{cell}.bn": f"{kind}_bn_1_{{0}}",
        f"{cell}.*.conv#.*": f"separable_conv_{{2}}_{kind}_{{1}}_{{0}}/{{3}}",
        f"{cell}.*.bn#": f"separable_conv_{{2}}_bn_{kind}_{{1}}_{{0}}",
    }


NAMES = {
    "keras": {"stem.0": "stem_conv1", "stem.1": "stem_bn1", **_rules("normal"), **_rules("reduction"), "fc": "predictions"},
}


class Separable(nn.Module):
    """ReLU, separable convolution and batch norm, twice; the first takes the stride."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = separable(DIALECT, inputs, outputs, kernel, stride)
        self.bn1 = DIALECT.norm(outputs)
        self.conv2 = separable(DIALECT, outputs, outputs, kernel)
        self.bn2 = DIALECT.norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)`."""
        normed: Tensor = self.bn2(self.conv2(torch.relu_(self.bn1(self.conv1(torch.relu(x))))))
        return normed


class Adjust(nn.Module):
    """Adapt the output of the cell before last to a cell's number of channels, and with `halve` to half the size."""

    def __init__(self, inputs: int, outputs: int, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        if halve:
            self.conv1 = nn.Conv2d(inputs, outputs // 2, 1, bias=False)
            self.conv2 = nn.Conv2d(inputs, outputs // 2, 1, bias=False)
        else:
            self.projection = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn = DIALECT.norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, H, W)`, or half as high and wide, from even and odd pixels."""
        x = torch.relu(x)
        if self.halve:
            between = F.pad(x, (0, 1, 0, 1))[..., 1::2, 1::2]
            x = torch.cat([self.conv1(x[..., ::2, ::2]), self.conv2(between)], 1)
        else:
            x = self.projection(x)
        normed: Tensor = self.bn(x)
        return normed


class Normal(nn.Module):
    """Normal cell (figure 4, left): five sums of the outputs of the last cell (`x`) and the one before it (`before`), and the latter."""

    TIMES = 6

    def __init__(self, inputs: int, width: int, adjust: nn.Module) -> None:
        super().__init__()
        self.adjust = adjust
        self.conv = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn = DIALECT.norm(width)
        self.left1, self.right1 = Separable(width, width, 5), Separable(width, width, 3)
        self.left2, self.right2 = Separable(width, width, 5), Separable(width, width, 3)
        self.left5 = Separable(width, width, 3)
        self.average = DIALECT.avg_pool(3, 1)

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        """`(N, inputs, H, W)` and what came before → `(N, 6 · width, H, W)`."""
        p, h = self.adjust(before), self.bn(self.conv(torch.relu(x)))
        sums = (
            self.left1(h) + self.right1(p),
            self.left2(p) + self.right2(p),
            self.average(h) + p,
            2 * self.average(p),
            self.left5(h) + h,
        )
        return torch.cat([p, *sums], 1)


class Reduction(nn.Module):
    """Reduction cell (figure 4, right): the same at half the size, with max pooling."""

    TIMES = 4

    def __init__(self, inputs: int, width: int, adjust: nn.Module, before: int) -> None:
        super().__init__()
        self.adjust = adjust
        self.conv = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn = DIALECT.norm(width)
        self.left1, self.right1 = Separable(width, width, 5, 2), Separable(before, width, 7, 2)
        self.right2, self.right3 = Separable(before, width, 7, 2), Separable(before, width, 5, 2)
        self.left4 = Separable(width, width, 3)
        self.average = DIALECT.avg_pool(3, 1)

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        """`(N, inputs, H, W)` and what came before → `(N, 4 · width, ⌈H/2⌉, ⌈W/2⌉)`."""
        p, h = self.adjust(before), self.bn(self.conv(torch.relu(x)))
        around = F.pad(h, same_padding(h, 3, 2))  # zeros, which count in maxima and means
        most = F.max_pool2d(around, 3, 2)
        first = self.left1(h) + self.right1(p)
        second = most + self.right2(p)
        third = F.avg_pool2d(around, 3, 2) + self.right3(p)
        return torch.cat([second, third, self.average(first) + second, self.left4(first) + most], 1)


class NASNet(Model):
    """A convolution, two reductions, and three times as many normal cells with a reduction between; ReLU, global average, head."""

    def __init__(self, v: Variant, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, v.stem, 3, 1 if small else 2, bias=False), DIALECT.norm(v.stem))
        self.cells = nn.ModuleDict()
        self.kept = {f"reduction_reduce_{k * v.count}" for k in (1, 2)} if v.skip else set()
        x, before = (v.stem, 0), (v.stem, 0)  # channels, and how often they were halved
        for name, width in _cells(v):
            reduces = name.startswith("reduction")
            adjust: nn.Module = nn.Identity()
            inputs = before[0]
            if len(self.cells):
                adjust, inputs = Adjust(before[0], width, halve=before[1] < x[1]), width
            cell = Reduction(x[0], width, adjust, inputs) if reduces else Normal(x[0], width, adjust)
            self.cells[name] = cell
            x, before = (cell.TIMES * width, x[1] + reduces), before if name in self.kept else x
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(x[0], classes)
        self.STAGES = ("stem", *(f"cells.{name}" for name in self.cells), "avgpool", "fc")
        start(self)

    def features(self, x: Tensor) -> Tensor:
        """The global average after the last ReLU, `(N, D)`."""
        x = before = self.stem(x)
        for name, cell in self.cells.items():
            x, before = cell(x, before), before if name in self.kept else x
        vector: Tensor = self.dropout(self.avgpool(torch.relu(x)).flatten(1))
        return vector


def _cells(v: Variant) -> list[tuple[str, int]]:
    """Keras' names of the cells, and the channels of each."""
    cells = [("reduction_stem_1", v.filters // 4), ("reduction_stem_2", v.filters // 2)]
    for part in range(3):
        width = v.filters * 2**part
        if part:
            cells.append((f"reduction_reduce_{part * v.count}", width))
        first = part * v.count + bool(part)
        cells += [(f"normal_{first + i}", width) for i in range(v.count)]
    return cells


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> NASNet:
    """A row of the table; `dropout` comes before the head, and is 0 unless given."""
    return NASNet(TABLE[name], classes, channels, max(height, width) <= SMALL, dropout or 0.0)
