"""MobileNetV2. M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, 2018, table 2.

Names follow torchvision. Up to 64 px the first convolution keeps the size (stride 1): 32 px would end in a single pixel.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn

from ...images.preprocess import IMAGENET, KERAS_TF
from ...layers.blocks import InvertedResidual, conv_norm, start
from ...layers.dialect import TORCHVISION, Dialect
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """The blocks of table 2, as (expansion, width, blocks, stride of the first); dropout before the head."""

    rows: tuple[tuple[int, int, int, int], ...]
    dropout: float
    dialect: Dialect = TORCHVISION


PAPER = (2018, "Sandler et al.: MobileNetV2: inverted residuals and linear bottlenecks")
_ROWS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
TABLE = {"mobilenet_v2": Variant(_ROWS, dropout=0.2)}
KERAS = Dialect(eps=1e-3, momentum=0.001, same=True)
TABLE["mobilenetv2.keras"] = replace(TABLE["mobilenet_v2"], dropout=0.0, dialect=KERAS)

INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 8, "quick"
SMALL = 64
PREPROCESSING = {"": IMAGENET, "keras": KERAS_TF}
_LAYERS = (  # of Keras: a block's name and, from before, in which its weights were published, its number
    *(("1.block.0", "expanded_conv", "0", "depthwise"), ("1.block.1", "expanded_conv", "0", "project")),
    *(("#.block.0", "block_{0-1}", "{0-1}", "expand"), ("#.block.1", "block_{0-1}", "{0-1}", "depthwise")),
    ("#.block.2", "block_{0-1}", "{0-1}", "project"),
)
NAMES = {
    "torchvision": {  # where the last 1×1 and its norm are on the level of the other convolutions, not in a module of their own
        "trunk.1.block.1.0.*": "features.1.conv.1.{0}",
        "trunk.1.block.1.1.*": "features.1.conv.2.{0}",
        "trunk.#.block.2.0.*": "features.{0}.conv.2.{1}",
        "trunk.#.block.2.1.*": "features.{0}.conv.3.{1}",
        "trunk.#.block.*": "features.{0}.conv.{1}",
        "trunk.*": "features.{0}",
    },
    "keras": {
        "trunk.0.0": "Conv1",
        "trunk.0.1": "bn_Conv1",
        **{
            f"trunk.{place}.{j}": f"{block}_{layer}{norm}|{first}{number}_conv*_{layer}"
            for place, block, number, layer in _LAYERS
            for j, norm, first in ((0, "", "mobl"), (1, "_BN", "bn"))
        },
        "trunk.#.0": "Conv_1",
        "trunk.#.1": "Conv_1_bn",
        "classifier.1": "predictions",
    },
}


class MobileNetV2(Model):
    """A first convolution, inverted residuals, a wide 1×1, global average, head."""

    HEAD = "classifier.1"

    def __init__(self, v: Variant, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        inputs, last, d = 32, 1280, v.dialect
        self.trunk = nn.Sequential(conv_norm(d, channels, inputs, 3, 1 if small else 2, activation=nn.ReLU6))
        for expansion, width, count, stride in v.rows:
            for j in range(count):
                self.trunk.append(InvertedResidual(d, inputs, expansion * inputs, width, 3, 1 if j else stride, nn.ReLU6))
                inputs = width
        self.trunk.append(conv_norm(d, inputs, last, 1, activation=nn.ReLU6))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, classes))
        self.STAGES = (*(f"trunk.{i}" for i in range(len(self.trunk))), "avgpool", self.HEAD)
        start(self)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last maps, `(N, 1280)`."""
        vector: Tensor = self.classifier[0](self.avgpool(self.trunk(x)).flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> MobileNetV2:
    """A row of the table; `dropout` replaces torchvision's 0.2 before the head."""
    v = TABLE[name]
    return MobileNetV2(v, classes, channels, max(height, width) <= SMALL, v.dropout if dropout is None else dropout)
