"""DenseNet. G. Huang, Z. Liu, L. van der Maaten, K. Weinberger, Densely connected convolutional networks, 2016, table 1 (DenseNet-BC).

The layers are torchvision's, whose `features` are called `trunk` here. Where the shorter side is up to 64 px the stem is one
3×3 convolution at stride 1 and no pooling, as in the paper's networks for 32 px (section 3).
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...images.preprocess import IMAGENET, KERAS_TORCH
from ...layers.dialect import TORCHVISION, Dialect
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """Layers in the four blocks, each of which adds `growth` channels."""

    layers: tuple[int, ...]
    growth: int = 32
    dialect: Dialect = TORCHVISION


TABLE = {
    "densenet121": Variant((6, 12, 24, 16)),
    "densenet161": Variant((6, 12, 36, 24), growth=48),
    "densenet169": Variant((6, 12, 32, 32)),
    "densenet201": Variant((6, 12, 48, 32)),
}
KERAS = Dialect(eps=1.001e-5, momentum=0.01)
TABLE |= {f"{name}.keras": replace(TABLE[name], dialect=KERAS) for name in ("densenet121", "densenet169", "densenet201")}

PAPER = (2016, "Huang et al.: Densely connected convolutional networks")
INPUT, CLASSES, RECIPE = (3, 224, 224), 1000, "quick"
SMALLEST = 8  # one value a channel in the last block
SMALL = 64
PREPROCESSING = {"": IMAGENET, "keras": KERAS_TORCH}
NAMES = {
    "torchvision": {"trunk.*": "features.{0}"},
    "timm": {"trunk.*": "features.{0}"},
    "keras": {
        "trunk.conv0": "conv1_conv",
        "trunk.norm0": "conv1_bn",
        "trunk.denseblock#.denselayer#.norm1": "conv{0+1}_block{1}_0_bn",
        "trunk.denseblock#.denselayer#.conv#": "conv{0+1}_block{1}_{2}_conv",
        "trunk.denseblock#.denselayer#.norm2": "conv{0+1}_block{1}_1_bn",
        "trunk.transition#.norm": "pool{0+1}_bn",
        "trunk.transition#.conv": "pool{0+1}_conv",
        "trunk.norm5": "bn",
        "classifier": "predictions",
    },
}
# as the files are that torchvision publishes
FORMERLY = {"features.*.norm.#.*": "features.{0}.norm{1}.{2}", "features.*.conv.#.*": "features.{0}.conv{1}.{2}"}


class Layer(nn.Module):
    """Norm, ReLU and convolution, twice (1×1, 3×3)."""

    def __init__(self, inputs: int, growth: int, d: Dialect, dropout: float) -> None:
        super().__init__()
        self.norm1, self.conv1 = d.norm(inputs), d.conv(inputs, 4 * growth, 1)
        self.norm2, self.conv2 = d.norm(4 * growth), d.conv(4 * growth, growth, 3)
        self.dropout = nn.Dropout(dropout)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Maps `(N, C, H, W)` of `inputs` channels in all → `(N, growth, H, W)`."""
        x = torch.cat(maps, 1) if len(maps) > 1 else maps[0]
        y = self.conv1(torch.relu_(self.norm1(x)))
        y = self.conv2(torch.relu_(self.norm2(y)))
        new: Tensor = self.dropout(y)
        return new


class Block(nn.Sequential):
    """Each layer reads the input and the outputs of all earlier layers (figure 1)."""

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, inputs + layers · growth, H, W)`."""
        maps = [x]  # a list, not their concatenation, so that gradients are accumulated in place
        for layer in self:
            maps.append(layer(maps))
        return torch.cat(maps, 1)


def transition(inputs: int, outputs: int, d: Dialect) -> nn.Sequential:
    """Fewer channels at half the size."""
    parts = OrderedDict(norm=d.norm(inputs), relu=nn.ReLU(inplace=True), conv=d.conv(inputs, outputs, 1), pool=nn.AvgPool2d(2))
    return nn.Sequential(parts)


class DenseNet(Model):
    """Stem, four dense blocks with a transition after each of the first three, a last norm and ReLU, global average, head."""

    HEAD = "classifier"

    def __init__(self, v: Variant, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        d, width = v.dialect, 2 * v.growth
        conv = d.conv(channels, width, 3) if small else d.conv(channels, width, 7, 2)
        pool = nn.Identity() if small else d.max_pool(3, 2)
        self.trunk = nn.Sequential(OrderedDict(conv0=conv, norm0=d.norm(width), relu0=nn.ReLU(inplace=True), pool0=pool))
        for i, count in enumerate(v.layers, 1):
            block = Block()
            for j in range(count):
                block.add_module(f"denselayer{j + 1}", Layer(width + j * v.growth, v.growth, d, dropout))
            self.trunk.add_module(f"denseblock{i}", block)
            width += count * v.growth
            if i < len(v.layers):
                self.trunk.add_module(f"transition{i}", transition(width, width // 2, d))
                width //= 2
        self.trunk.add_module("norm5", d.norm(width))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(width, classes)
        inner = (name for name, _ in self.trunk.named_children() if name.startswith(("conv", "pool", "dense", "transition")))
        self.STAGES = (*(f"trunk.{name}" for name in inner), "avgpool", "classifier")
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(self.classifier.bias)

    def features(self, x: Tensor) -> Tensor:
        """The global average after the last norm and ReLU, `(N, 1024)` to `(N, 2208)`."""
        vector: Tensor = self.avgpool(torch.relu_(self.trunk(x))).flatten(1)
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> DenseNet:
    """A column of table 1; `dropout` comes after each layer of the blocks, and is 0 unless given."""
    return DenseNet(TABLE[name], classes, channels, min(height, width) <= SMALL, dropout or 0.0)
