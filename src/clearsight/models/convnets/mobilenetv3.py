"""MobileNetV3. A. Howard et al., Searching for MobileNetV3, 2019, tables 1 and 2.

Names follow torchvision. Keras scales pixels to ±1 within its network, which is part of the preprocessing here. Up to 64 px
the first convolution keeps the size (stride 1).
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from ...images.preprocess import IMAGENET, KERAS_TF
from ...layers.blocks import InvertedResidual, SqueezeExcite, conv_norm, start, whole
from ...layers.dialect import Dialect
from ..base import Model

RE, HS = nn.ReLU, nn.Hardswish
PLAIN = Dialect(eps=1e-3, momentum=0.01)


class Row(NamedTuple):
    """A line of the tables: kernel, expanded and final width, whether it squeezes and excites, nonlinearity, stride."""

    kernel: int
    expanded: int
    width: int
    squeeze: bool
    activation: type[nn.ReLU | nn.Hardswish]
    stride: int


@dataclass(frozen=True)
class Variant:
    """The inverted residuals, and the width of the hidden layer before the head."""

    rows: tuple[Row, ...]
    hidden: int
    dialect: Dialect = PLAIN


PAPER = (2019, "Howard et al.: Searching for MobileNetV3")
TABLE = {
    "mobilenet_v3_large": Variant(
        (
            *(Row(3, 16, 16, False, RE, 1), Row(3, 64, 24, False, RE, 2), Row(3, 72, 24, False, RE, 1)),
            *(Row(5, 72, 40, True, RE, 2), Row(5, 120, 40, True, RE, 1), Row(5, 120, 40, True, RE, 1)),
            *(Row(3, 240, 80, False, HS, 2), Row(3, 200, 80, False, HS, 1), Row(3, 184, 80, False, HS, 1)),
            *(Row(3, 184, 80, False, HS, 1), Row(3, 480, 112, True, HS, 1), Row(3, 672, 112, True, HS, 1)),
            *(Row(5, 672, 160, True, HS, 2), Row(5, 960, 160, True, HS, 1), Row(5, 960, 160, True, HS, 1)),
        ),
        1280,
    ),
    "mobilenet_v3_small": Variant(
        (
            *(Row(3, 16, 16, True, RE, 2), Row(3, 72, 24, False, RE, 2), Row(3, 88, 24, False, RE, 1)),
            *(Row(5, 96, 40, True, HS, 2), Row(5, 240, 40, True, HS, 1), Row(5, 240, 40, True, HS, 1)),
            *(Row(5, 120, 48, True, HS, 1), Row(5, 144, 48, True, HS, 1), Row(5, 288, 96, True, HS, 2)),
            *(Row(5, 576, 96, True, HS, 1), Row(5, 576, 96, True, HS, 1)),
        ),
        1024,
    ),
}
KERAS = replace(PLAIN, momentum=0.001, same=True)
TABLE |= {f"mobilenetv3{size}.keras": replace(TABLE[f"mobilenet_v3_{size}"], dialect=KERAS) for size in ("large", "small")}

INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 8, "quick"
SMALL, DROPOUT = 64, 0.2
PREPROCESSING = {"": IMAGENET, "keras": KERAS_TF}
_FIRST, _OTHER = "expanded_conv", "expanded_conv_{0-1}"
NAMES = {
    "torchvision": {"trunk.*": "features.{0}"},
    "keras": {
        "trunk.0.0": "conv",
        "trunk.0.1": "conv_bn",
        "trunk.1.block.#.fc1": f"{_FIRST}_squeeze_excite_conv",
        "trunk.1.block.#.fc2": f"{_FIRST}_squeeze_excite_conv_1",
        "trunk.#.block.#.fc1": f"{_OTHER}_squeeze_excite_conv",
        "trunk.#.block.#.fc2": f"{_OTHER}_squeeze_excite_conv_1",
        **{
            f"trunk.{place}.{j}": f"{prefix}_{layer}{norm}"
            for place, prefix, layer in (
                ("1.block.0", _FIRST, "depthwise"),
                ("1.block.#", _FIRST, "project"),
                ("#.block.0", _OTHER, "expand"),
                ("#.block.1", _OTHER, "depthwise"),
                ("#.block.#", _OTHER, "project"),
            )
            for j, norm in enumerate(("", "_bn"))
        },
        "trunk.#.0": "conv_1",
        "trunk.#.1": "conv_1_bn",
        "classifier.0": "conv_2",
        "classifier.3": "logits",
    },
}


class MobileNetV3(Model):
    """A first convolution, inverted residuals, a wide 1×1, global average, a hidden layer, head."""

    HEAD = "classifier.3"

    def __init__(self, v: Variant, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        d, inputs, last = v.dialect, 16, 6 * v.rows[-1].width
        self.trunk = nn.Sequential(conv_norm(d, channels, inputs, 3, 1 if small else 2, activation=HS))
        for kernel, expanded, width, squeeze, activation, stride in v.rows:
            excite = SqueezeExcite(expanded, whole(expanded / 4), gate=F.hardsigmoid) if squeeze else None
            self.trunk.append(InvertedResidual(d, inputs, expanded, width, kernel, stride, activation, excite))
            inputs = width
        self.trunk.append(conv_norm(d, inputs, last, 1, activation=HS))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(last, v.hidden), HS(inplace=True), nn.Dropout(dropout), nn.Linear(v.hidden, classes))
        self.STAGES = (*(f"trunk.{i}" for i in range(len(self.trunk))), "avgpool", "classifier.1", self.HEAD)
        start(self)
        for layer in self.classifier:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.01)
                nn.init.zeros_(layer.bias)

    def features(self, x: Tensor) -> Tensor:
        """The hidden layer, `(N, 1280)` or `(N, 1024)`."""
        linear, activation, dropout, _ = self.classifier
        vector: Tensor = dropout(activation(linear(self.avgpool(self.trunk(x)).flatten(1))))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> MobileNetV3:
    """A row of the table; `dropout` replaces 0.2 before the head."""
    return MobileNetV3(TABLE[name], classes, channels, max(height, width) <= SMALL, DROPOUT if dropout is None else dropout)
