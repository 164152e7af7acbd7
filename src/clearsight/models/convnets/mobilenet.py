"""MobileNet. A. Howard et al., MobileNets: efficient convolutional neural networks for mobile vision applications, 2017, table 1.

The arithmetic is that of timm's mobilenetv1_100, with the ReLU6 that the authors' own program has. Up to 64 px the first
convolution keeps the size (stride 1).
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from ...images.preprocess import KERAS_TF, Preprocessing
from ...layers.blocks import conv_norm, start
from ...layers.dialect import TORCHVISION, Dialect
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """Width and blocks of each stage; `late`: layers at stride 2 pad a row below and a column to the right, at any size."""

    stages: tuple[tuple[int, int], ...]
    dropout: float = 0.0
    dialect: Dialect = TORCHVISION
    late: bool = False


PAPER = (2017, "Howard et al.: MobileNets: efficient convolutional neural networks for mobile vision applications")
STAGES = ((64, 1), (128, 2), (256, 2), (512, 6), (1024, 2))
KERAS = Dialect(eps=1e-3, momentum=0.01, same=True)
TABLE = {"mobilenet_v1": Variant(STAGES), "mobilenet.keras": Variant(STAGES, dropout=0.001, dialect=KERAS, late=True)}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 8, "quick"
SMALL = 64
PREPROCESSING = {"": Preprocessing(interpolation="bicubic", crop_fraction=0.875), "keras": KERAS_TF}
_BLOCKS = [(stage, block) for stage, (_, count) in enumerate(STAGES, 1) for block in range(count)]
NAMES = {
    "timm": {
        "trunk.0.0.*": "conv_stem.{0}",
        "trunk.0.1.*": "bn1.{0}",
        "trunk.#.#.0.0.*": "blocks.{0-1}.{1}.conv_dw.{2}",
        "trunk.#.#.0.1.*": "blocks.{0-1}.{1}.bn1.{2}",
        "trunk.#.#.1.0.*": "blocks.{0-1}.{1}.conv_pw.{2}",
        "trunk.#.#.1.1.*": "blocks.{0-1}.{1}.bn2.{2}",
    },
    "keras": {
        "trunk.0.0": "conv1",
        "trunk.0.1": "conv1_bn",
        **{
            f"trunk.{stage}.{block}.{i}.{j}": f"conv_{layer}_{number}{norm}"
            for number, (stage, block) in enumerate(_BLOCKS, 1)
            for i, layer in enumerate(("dw", "pw"))
            for j, norm in enumerate(("", "_bn"))
        },
        "classifier": "conv_preds",
    },
}


class LateConv2d(nn.Conv2d):
    """A 3×3 at stride 2 padded with zeros below and to the right only."""

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, ⌊H/2⌋, ⌊W/2⌋)`."""
        return F.conv2d(F.pad(x, (0, 1, 0, 1)), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def separable(dialect: Dialect, inputs: int, outputs: int, stride: int, late: bool) -> nn.Sequential:
    """Depthwise separable convolution: a 3×3 per channel, then 1×1 (figure 3, right)."""
    depthwise = conv_norm(dialect, inputs, inputs, 3, stride, groups=inputs, activation=nn.ReLU6)
    if late and stride == 2:
        depthwise[0] = LateConv2d(inputs, inputs, 3, stride, groups=inputs, bias=False)
    return nn.Sequential(depthwise, conv_norm(dialect, inputs, outputs, 1, activation=nn.ReLU6))


class MobileNet(Model):
    """A first convolution, five stages of depthwise separable ones, global average, head."""

    HEAD = "classifier"

    def __init__(self, v: Variant, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        inputs = 32
        self.trunk = nn.Sequential(conv_norm(v.dialect, channels, inputs, 3, 1 if small else 2, activation=nn.ReLU6))
        for i, (width, count) in enumerate(v.stages):
            blocks = nn.Sequential()
            for j in range(count):
                blocks.append(separable(v.dialect, inputs, width, 2 if i and not j else 1, v.late and not small))
                inputs = width
            self.trunk.append(blocks)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(inputs, classes)
        self.STAGES = (*(f"trunk.{i}" for i in range(len(self.trunk))), "avgpool", self.HEAD)
        start(self)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last maps, `(N, 1024)`."""
        vector: Tensor = self.dropout(self.avgpool(self.trunk(x)).flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> MobileNet:
    """A row of the table; `dropout` comes before the head."""
    v = TABLE[name]
    return MobileNet(v, classes, channels, min(height, width) <= SMALL, v.dropout if dropout is None else dropout)
