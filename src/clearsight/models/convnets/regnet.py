"""RegNet. I. Radosavovic et al., Designing network design spaces, 2020, section 3.3 and appendix D.

A network is five numbers: block j is w₀ + wₐ·j wide, rounded to the nearest w₀·wₘᵏ (k whole) and then to 8 channels; Y is X
with squeeze-and-excitation. Names and rows follow torchvision. Up to 64 px the stem keeps the size (stride 1).
"""

import math
from collections import Counter
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...images.preprocess import IMAGENET
from ...layers.blocks import SqueezeExcite, conv_norm, whole
from ...layers.dialect import TORCHVISION
from ..base import Model


class Line(NamedTuple):
    """Blocks in all, width of the first, slope, step between widths, channels in a group, squeezed share (0: none)."""

    depth: int
    w_0: int
    w_a: float
    w_m: float
    group: int
    squeeze: float = 0.0


PAPER = (2020, "Radosavovic et al.: Designing network design spaces")
TABLE = {
    "regnet_x_400mf": Line(22, 24, 24.48, 2.54, 16),
    "regnet_x_800mf": Line(16, 56, 35.73, 2.28, 16),
    "regnet_x_1_6gf": Line(18, 80, 34.01, 2.25, 24),
    "regnet_x_3_2gf": Line(25, 88, 26.31, 2.25, 48),
    "regnet_x_8gf": Line(23, 80, 49.56, 2.88, 120),
    "regnet_x_16gf": Line(22, 216, 55.59, 2.1, 128),
    "regnet_x_32gf": Line(23, 320, 69.86, 2.0, 168),
    "regnet_y_400mf": Line(16, 48, 27.89, 2.09, 8, 0.25),
    "regnet_y_800mf": Line(14, 56, 38.84, 2.4, 16, 0.25),
    "regnet_y_1_6gf": Line(27, 48, 20.71, 2.65, 24, 0.25),
    "regnet_y_3_2gf": Line(21, 80, 42.63, 2.66, 24, 0.25),
    "regnet_y_8gf": Line(17, 192, 76.82, 2.19, 56, 0.25),
    "regnet_y_16gf": Line(18, 200, 106.23, 2.48, 112, 0.25),
    "regnet_y_32gf": Line(20, 232, 115.89, 2.53, 232, 0.25),
    "regnet_y_128gf": Line(27, 456, 160.83, 2.52, 264, 0.25),
}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 8, "quick"
SMALL = 64
PREPROCESSING = {"": IMAGENET}
_BLOCK = "trunk_output.block#.block#-#"
NAMES = {
    "timm": {
        "stem.0.*": "stem.conv.{0}",
        "stem.1.*": "stem.bn.{0}",
        **{
            f"{_BLOCK}.{ours}.{index}.*": f"s{{0}}.b{{2+1}}.{theirs}.{part}.{{3}}"
            for ours, theirs in (("f.a", "conv1"), ("f.b", "conv2"), ("f.c", "conv3"), ("proj", "downsample"))
            for index, part in enumerate(("conv", "bn"))
        },
        f"{_BLOCK}.f.se.*": "s{0}.b{2+1}.se.{3}",
        "fc.*": "head.fc.{0}",
    }
}


def stages(line: Line) -> list[tuple[int, int, int]]:
    """(width, blocks, channels in a group) of each stage."""
    steps = (round(math.log(1 + line.w_a * j / line.w_0, line.w_m)) for j in range(line.depth))
    blocks = Counter(round(line.w_0 * line.w_m**step / 8) * 8 for step in steps)
    return [(whole(width, min(line.group, width)), count, min(line.group, width)) for width, count in blocks.items()]


class Block(nn.Module):
    """1×1, grouped 3×3, squeeze-and-excitation in Y, 1×1, all of one width, and the shortcut (figure 4)."""

    def __init__(self, inputs: int, width: int, stride: int, group: int, squeeze: float) -> None:
        super().__init__()
        self.proj = conv_norm(TORCHVISION, inputs, width, 1, stride, activation=None) if stride > 1 or inputs != width else None
        self.f = nn.Sequential()
        self.f.add_module("a", conv_norm(TORCHVISION, inputs, width, 1))
        self.f.add_module("b", conv_norm(TORCHVISION, width, width, 3, stride, groups=width // group))
        if squeeze:
            self.f.add_module("se", SqueezeExcite(width, round(squeeze * inputs)))
        self.f.add_module("c", conv_norm(TORCHVISION, width, width, 1, activation=None))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, width, H/stride, W/stride)`."""
        return torch.relu_(self.f(x).add_(x if self.proj is None else self.proj(x)))


class RegNet(Model):
    """Stem, four stages, global average, head."""

    STAGES = ("stem", *(f"trunk_output.block{i}" for i in (1, 2, 3, 4)), "avgpool", "fc")

    def __init__(self, line: Line, classes: int, channels: int, small: bool) -> None:
        super().__init__()
        inputs = 32
        self.stem = conv_norm(TORCHVISION, channels, inputs, 3, 1 if small else 2)
        self.trunk_output = nn.Sequential()
        for i, (width, count, group) in enumerate(stages(line), 1):
            stage = nn.Sequential()
            for j in range(count):
                stage.add_module(f"block{i}-{j}", Block(inputs, width, 1 if j else 2, group, line.squeeze))
                inputs = width
            self.trunk_output.add_module(f"block{i}", stage)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=math.sqrt(2 / (module.kernel_size[0] ** 2 * module.out_channels)))
        nn.init.normal_(self.fc.weight, std=0.01)
        nn.init.zeros_(self.fc.bias)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last stage, `(N, D)`."""
        vector: Tensor = self.avgpool(self.trunk_output(self.stem(x))).flatten(1)
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> RegNet:
    """A row of the table; it has no dropout."""
    return RegNet(TABLE[name], classes, channels, small=max(height, width) <= SMALL)
