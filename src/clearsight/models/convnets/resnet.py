"""Residual networks. K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015, table 1.

With them: wide ones (S. Zagoruyko, N. Komodakis, Wide residual networks, 2016, table 8), ResNeXt (S. Xie and others,
Aggregated residual transformations, 2016, table 1) and SE-ResNet (J. Hu and others, Squeeze-and-excitation networks, 2017,
table 1), which differ from them in the 3×3 of a bottleneck, or in one block after it.

Parameter names and the place of the stride (in the 3×3 of a bottleneck) follow torchvision, SE-ResNet timm. Up to 64 px the
stem is one 3×3 convolution and no pooling, as in the paper's CIFAR-10 networks (section 4.2): 7×7 and pooling would leave
a picture of 28 px only 7 px for its first block.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...images.preprocess import IMAGENET, KERAS_CAFFE
from ...layers.blocks import SqueezeExcite
from ...layers.dialect import TORCHVISION, Dialect
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """Blocks in the four stages; the 3×3 of a bottleneck has `groups` groups, each `group_width` / 64 of the plain width."""

    blocks: tuple[int, ...]
    bottleneck: bool = True
    groups: int = 1
    group_width: int = 64
    squeeze: bool = False
    dialect: Dialect = TORCHVISION


TABLE = {
    "resnet18": Variant((2, 2, 2, 2), bottleneck=False),
    "resnet34": Variant((3, 4, 6, 3), bottleneck=False),
    "resnet50": Variant((3, 4, 6, 3)),
    "resnet101": Variant((3, 4, 23, 3)),
    "resnet152": Variant((3, 8, 36, 3)),
    "wide_resnet50_2": Variant((3, 4, 6, 3), group_width=128),
    "wide_resnet101_2": Variant((3, 4, 23, 3), group_width=128),
    "resnext50_32x4d": Variant((3, 4, 6, 3), groups=32, group_width=4),
    "resnext101_32x8d": Variant((3, 4, 23, 3), groups=32, group_width=8),
    "resnext101_64x4d": Variant((3, 4, 23, 3), groups=64, group_width=4),
    "seresnet18": Variant((2, 2, 2, 2), bottleneck=False, squeeze=True),
    "seresnet50": Variant((3, 4, 6, 3), squeeze=True),
    "seresnet101": Variant((3, 4, 23, 3), squeeze=True),
}
# Keras halves in the first 1×1 of a bottleneck, as the paper did
KERAS = Dialect(eps=1.001e-5, momentum=0.01, bias=True, early_stride=True)
TABLE |= {f"{name}.keras": replace(TABLE[name], dialect=KERAS) for name in ("resnet50", "resnet101", "resnet152")}

_PAPERS = {
    "resnet": (2015, "He et al.: Deep residual learning for image recognition"),
    "wide": (2016, "Zagoruyko, Komodakis: Wide residual networks"),
    "resnext": (2016, "Xie et al.: Aggregated residual transformations for deep neural networks"),
    "seresnet": (2017, "Hu et al.: Squeeze-and-excitation networks"),
}
PAPER = {name: next(paper for start, paper in reversed(_PAPERS.items()) if name.startswith(start)) for name in TABLE}
INPUT, CLASSES, RECIPE = (3, 224, 224), 1000, "quick"
SMALLEST = 8  # one value per channel in the last stage; a smaller input would leave only padding
SMALL = 64
PREPROCESSING = {"": IMAGENET, "keras": KERAS_CAFFE}
NAMES = {
    "keras": {
        "conv1": "conv1_conv",
        "bn1": "conv1_bn",
        "layer#.#.conv#": "conv{0+1}_block{1+1}_{2}_conv",
        "layer#.#.bn#": "conv{0+1}_block{1+1}_{2}_bn",
        "layer#.#.downsample.0": "conv{0+1}_block{1+1}_0_conv",
        "layer#.#.downsample.1": "conv{0+1}_block{1+1}_0_bn",
        "fc": "predictions",
    }
}


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and the shortcut (figure 5, left)."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int, v: Variant) -> None:
        super().__init__()
        d = v.dialect
        self.conv1, self.bn1 = d.conv(inputs, width, 3, stride), d.norm(width)
        self.conv2, self.bn2 = d.conv(width, width, 3), d.norm(width)
        if v.squeeze:
            self.se = SqueezeExcite(width, max(width // 16, 8))
        self.downsample = projection(inputs, width, stride, d)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, width, H/stride, W/stride)`."""
        out = torch.relu_(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return add_shortcut(self, out, x)


class Bottleneck(nn.Module):
    """1×1 down, 3×3, 1×1 up by four, and the shortcut (figure 5, right)."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, v: Variant) -> None:
        super().__init__()
        d, inner, outputs = v.dialect, width * v.group_width // 64 * v.groups, 4 * width
        first, second = (stride, 1) if d.early_stride else (1, stride)
        self.conv1, self.bn1 = d.conv(inputs, inner, 1, first), d.norm(inner)
        self.conv2, self.bn2 = d.conv(inner, inner, 3, second, groups=v.groups), d.norm(inner)
        self.conv3, self.bn3 = d.conv(inner, outputs, 1), d.norm(outputs)
        if v.squeeze:
            self.se = SqueezeExcite(outputs, outputs // 16)
        self.downsample = projection(inputs, outputs, stride, d)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, 4·width, H/stride, W/stride)`."""
        out = torch.relu_(self.bn1(self.conv1(x)))
        out = torch.relu_(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return add_shortcut(self, out, x)


def projection(inputs: int, outputs: int, stride: int, dialect: Dialect) -> nn.Sequential | None:
    """The shortcut of different shapes (option B); None for the identity."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(dialect.conv(inputs, outputs, 1, stride), dialect.norm(outputs))


def add_shortcut(block: BasicBlock | Bottleneck, out: Tensor, x: Tensor) -> Tensor:
    """The ReLU of what the block's convolutions put out, `out`, plus its shortcut of the input `x`; squeeze-and-excitation comes before."""
    if hasattr(block, "se"):
        out = block.se(out)
    shortcut = x if block.downsample is None else block.downsample(x)
    return torch.relu_(out.add_(shortcut))


class ResNet(Model):
    """Stem, four stages of residual blocks, global average, head."""

    STAGES = ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc")

    def __init__(self, v: Variant, classes: int, channels: int, small: bool) -> None:
        super().__init__()
        block = Bottleneck if v.bottleneck else BasicBlock
        self.conv1 = v.dialect.conv(channels, 64, 3) if small else v.dialect.conv(channels, 64, 7, 2)
        self.bn1 = v.dialect.norm(64)
        self.maxpool = nn.Identity() if small else v.dialect.max_pool(3, 2)
        inputs, stages = 64, []
        for i, count in enumerate(v.blocks):
            width, stage = 64 * 2**i, []
            for j in range(count):
                stage.append(block(inputs, width, 2 if i > 0 and j == 0 else 1, v))
                inputs = width * block.expansion
            stages.append(nn.Sequential(*stage))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last stage, `(N, 512)`, or `(N, 2048)` with bottlenecks."""
        x = self.maxpool(torch.relu_(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        x = self.avgpool(x)
        return x.flatten(1)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> ResNet:
    """A row of the table; it has no dropout."""
    return ResNet(TABLE[name], classes, channels, small=max(height, width) <= SMALL)
