"""Residual networks with norm and ReLU before each convolution. K. He, X. Zhang, S. Ren, J. Sun, Identity mappings in deep
residual networks, 2016, figure 4e; and the wide ones for 32 px of S. Zagoruyko, N. Komodakis, Wide residual networks, 2016, table 1.

Parameter names and the place of the stride follow timm's resnetv2. Up to 64 px the stem is one 3×3 convolution and no pooling.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...images.preprocess import IMAGENET, KERAS_TF
from ...layers.dialect import TORCHVISION, Dialect
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """Blocks and width of each stage; a bottleneck's 3×3 has a quarter of the width. `tiny`: for 32 px at any size."""

    blocks: tuple[int, ...]
    widths: tuple[int, ...] = (256, 512, 1024, 2048)
    bottleneck: bool = True
    stem: int = 64
    tiny: bool = False
    dialect: Dialect = TORCHVISION


def wide(depth: int, times: int) -> Variant:
    """WRN-depth-times: three stages, 16 channels before them."""
    return Variant(((depth - 4) // 6,) * 3, (16 * times, 32 * times, 64 * times), bottleneck=False, stem=16, tiny=True)


# Keras halves in the last block of a stage, where the shortcut subsamples, and torch in the first block of the next
KERAS = Dialect(eps=1.001e-5, momentum=0.01, bias=True, zero_pool=True, early_stride=True)
TABLE = {
    "resnetv2_50": Variant((3, 4, 6, 3)),
    "resnetv2_101": Variant((3, 4, 23, 3)),
    "resnetv2_152": Variant((3, 8, 36, 3)),
    "wrn28_10": wide(28, 10),
    "wrn40_4": wide(40, 4),
}
TABLE |= {f"resnet{depth}v2.keras": replace(TABLE[f"resnetv2_{depth}"], dialect=KERAS) for depth in (50, 101, 152)}

_WIDE = (2016, "Zagoruyko, Komodakis: Wide residual networks")
PAPER = {name: _WIDE if v.tiny else (2016, "He et al.: Identity mappings in deep residual networks") for name, v in TABLE.items()}
INPUT = {name: (3, 32, 32) if v.tiny else (3, 224, 224) for name, v in TABLE.items()}
CLASSES = {name: 10 if v.tiny else 1000 for name, v in TABLE.items()}
SMALLEST, RECIPE = 8, "quick"
SMALL = 64
PREPROCESSING = {"": IMAGENET, "keras": KERAS_TF}
NAMES = {
    "timm": {"fc.*": "head.fc.{0}"},
    "keras": {
        "stem.conv": "conv1_conv",
        "stages.#.blocks.#.downsample.conv": "conv{0+2}_block{1+1}_0_conv",
        "stages.#.blocks.#.norm1": "conv{0+2}_block{1+1}_preact_bn",
        "stages.#.blocks.#.norm2": "conv{0+2}_block{1+1}_1_bn",
        "stages.#.blocks.#.norm3": "conv{0+2}_block{1+1}_2_bn",
        "stages.#.blocks.#.conv#": "conv{0+2}_block{1+1}_{2}_conv",
        "norm": "post_bn",
        "fc": "predictions",
    },
}


class Block(nn.Module):
    """Norm, ReLU and convolution, three times (1×1, 3×3, 1×1) as a bottleneck, else twice (3×3); and the shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int, project: bool, v: Variant) -> None:
        super().__init__()
        d, inner = v.dialect, outputs // 4 if v.bottleneck else outputs
        self.norm1 = d.norm(inputs)
        self.conv1 = d.conv(inputs, inner, 1, bias=False) if v.bottleneck else d.conv(inputs, inner, 3, stride, bias=False)
        self.norm2 = d.norm(inner)
        self.conv2 = d.conv(inner, inner, 3, stride if v.bottleneck else 1, bias=False)
        if v.bottleneck:
            self.norm3 = d.norm(inner)
            self.conv3 = d.conv(inner, outputs, 1)
        if project:
            self.downsample = nn.Sequential(OrderedDict(conv=d.conv(inputs, outputs, 1, stride)))
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, H/stride, W/stride)`."""
        y = torch.relu(self.norm1(x))
        if hasattr(self, "downsample"):
            x = self.downsample(y)
        elif self.stride > 1:
            x = x[..., :: self.stride, :: self.stride]
        y = self.conv2(torch.relu_(self.norm2(self.conv1(y))))
        if hasattr(self, "conv3"):
            y = self.conv3(torch.relu_(self.norm3(y)))
        joined: Tensor = y.add_(x)
        return joined


class ResNetV2(Model):
    """Stem, stages of residual blocks, a last norm and ReLU, global average, head."""

    def __init__(self, v: Variant, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        d = v.dialect
        conv = d.conv(channels, v.stem, 3) if small else d.conv(channels, v.stem, 7, 2)
        self.stem = nn.Sequential(OrderedDict(conv=conv, pool=nn.Identity() if small else d.max_pool(3, 2)))
        self.stages = nn.Sequential()
        inputs = v.stem
        for i, (count, width) in enumerate(zip(v.blocks, v.widths, strict=True)):
            blocks = nn.Sequential()
            for j in range(count):
                halves = (j == count - 1 and i < len(v.blocks) - 1) if d.early_stride else (j == 0 and i > 0)
                blocks.append(Block(inputs, width, 2 if halves else 1, j == 0, v))
                inputs = width
            self.stages.append(nn.Sequential(OrderedDict(blocks=blocks)))
        self.norm = d.norm(inputs)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(inputs, classes)
        self.STAGES = ("stem.conv", "stem.pool", *(f"stages.{i}" for i in range(len(v.blocks))), "norm", "avgpool", "fc")
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, x: Tensor) -> Tensor:
        """The global average after the last norm and ReLU, `(N, D)`."""
        x = torch.relu_(self.norm(self.stages(self.stem(x))))
        x = self.avgpool(x)
        vector: Tensor = self.dropout(x.flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> ResNetV2:
    """A row of the table; `dropout` comes before the head, and is 0 unless given."""
    v = TABLE[name]
    return ResNetV2(v, classes, channels, v.tiny or max(height, width) <= SMALL, dropout or 0.0)
