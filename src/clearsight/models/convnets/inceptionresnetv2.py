"""Inception-ResNet v2. C. Szegedy, S. Ioffe, V. Vanhoucke, A. Alemi, Inception-v4, Inception-ResNet and the impact of residual
connections on learning, 2016, figures 15 to 19 with the widths of its authors' code.

Names follow timm. Where the shorter side is under 75 px the first convolution keeps stride 1 and the stem does not pool.
"""

import torch
from torch import Tensor, nn

from ...images.preprocess import KERAS_TF, Preprocessing
from ...layers.branches import Convolution, Parallel
from ...layers.dialect import Dialect
from ..base import Model

# a residual block: its branches, and the factor on their sum
BLOCKS = {
    "block35": ({"branch0": "32:1", "branch1": "32:1 32:3", "branch2": "32:1 48:3 64:3"}, 0.17),
    "block17": ({"branch0": "192:1", "branch1": "128:1 160:1x7 192:7x1"}, 0.1),
    "block8": ({"branch0": "192:1", "branch1": "192:1 224:1x3 256:3x1"}, 0.2),
}
# blocks that change the width or the size
MIXED = {
    "mixed_5b": {"branch0": "96:1", "branch1": "48:1 64:5", "branch2": "64:1 96:3 96:3", "branch3": "avg 64:1"},
    "mixed_6a": {"branch0": "384:3/2", "branch1": "256:1 256:3 384:3/2", "branch2": "max/2"},
    "mixed_7a": {"branch0": "256:1 384:3/2", "branch1": "256:1 288:3/2", "branch2": "256:1 288:3 320:3/2", "branch3": "max/2"},
}
PAPER = (2016, "Szegedy et al.: Inception-v4, Inception-ResNet and the impact of residual connections on learning")
TABLE = {
    "inception_resnet_v2": Dialect(eps=1e-3, same=True),
    "inceptionresnetv2.keras": Dialect(eps=1e-3, momentum=0.01, scale=False, same=True),
}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 299, 299), 1000, 16, "quick"
SMALL = 74
HALF = (0.5, 0.5, 0.5)
PREPROCESSING = {
    "": Preprocessing(height=299, width=299, mean=HALF, std=HALF, crop_fraction=0.8975, interpolation="bicubic"),
    "keras": KERAS_TF,
}
NAMES = {
    "keras": {
        "repeat.#.conv2d": "block35_{0+1}_conv",
        "repeat_1.#.conv2d": "block17_{0+1}_conv",
        "repeat_2.#.conv2d": "block8_{0+1}_conv",
        "block8.conv2d": "block8_10_conv",
        "conv2d_7b.conv": "conv_7b",
        "conv2d_7b.bn": "conv_7b_bn",
        "*.conv": "conv2d*",
        "*.bn": "batch_normalization*",
        "classif": "predictions",
    }
}


class Block(Parallel):
    """Branches, a 1×1 back to the number of input channels, and the shortcut; then ReLU, except in the network's last block."""

    def __init__(self, dialect: Dialect, inputs: int, kind: str, *, last: bool = False) -> None:
        branches, scale = BLOCKS[kind]
        super().__init__(dialect, inputs, branches)
        self.conv2d = nn.Conv2d(self.outputs, inputs, 1)
        self.scale, self.last = 1.0 if last else scale, last

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → the same shape."""
        y = x + self.scale * self.conv2d(super().forward(x))
        return y if self.last else torch.relu_(y)


class InceptionResNetV2(Model):
    """Five convolutions, three modules, each with its residual blocks after it, a last 1×1, global average, head."""

    HEAD = "classif"
    STAGES = (
        *("conv2d_1a", "conv2d_2a", "conv2d_2b", "maxpool_3a", "conv2d_3b", "conv2d_4a", "maxpool_5a"),
        *("mixed_5b", "repeat", "mixed_6a", "repeat_1", "mixed_7a", "repeat_2", "block8", "conv2d_7b", "avgpool", "classif"),
    )

    def __init__(self, dialect: Dialect, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        self.conv2d_1a = Convolution(dialect, channels, 32, (3, 3), 1 if small else 2, padded=False)
        self.conv2d_2a = Convolution(dialect, 32, 32, (3, 3), padded=False)
        self.conv2d_2b = Convolution(dialect, 32, 64, (3, 3))
        self.maxpool_3a, self.maxpool_5a = (nn.Identity() if small else nn.MaxPool2d(3, 2) for _ in range(2))
        self.conv2d_3b = Convolution(dialect, 64, 80, (1, 1))
        self.conv2d_4a = Convolution(dialect, 80, 192, (3, 3), padded=False)
        inputs = 192
        for (name, branches), repeat, kind, count in zip(
            MIXED.items(), ("repeat", "repeat_1", "repeat_2"), BLOCKS, (10, 20, 9), strict=True
        ):
            mixed = Parallel(dialect, inputs, branches)
            inputs = mixed.outputs
            self.add_module(name, mixed)
            self.add_module(repeat, nn.Sequential(*(Block(dialect, inputs, kind) for _ in range(count))))
        self.block8 = Block(dialect, inputs, "block8", last=True)
        self.conv2d_7b = Convolution(dialect, inputs, 1536, (1, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classif = nn.Linear(1536, classes)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last maps, `(N, 1536)`."""
        for stage in self.STAGES[:-1]:
            x = self.get_submodule(stage)(x)
        vector: Tensor = self.dropout(x.flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> InceptionResNetV2:
    """A row of the table; `dropout` comes before the head, and is 0 unless given."""
    return InceptionResNetV2(TABLE[name], classes, channels, min(height, width) <= SMALL, dropout or 0.0)
