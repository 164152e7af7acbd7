"""Xception. F. Chollet, Xception: deep learning with depthwise separable convolutions, 2016, figure 5.

Names follow timm's legacy_xception, which pads its maxima evenly where Keras' "same" does not. Up to 64 px the first convolution
keeps the size (stride 1): 32 px would end in a single pixel.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from ...images.preprocess import KERAS_TF, Preprocessing
from ...layers.blocks import separable, start
from ...layers.dialect import TORCHVISION, Dialect
from ..base import Model

PAPER = (2016, "Chollet: Xception: deep learning with depthwise separable convolutions")
TABLE = {"legacy_xception": TORCHVISION, "xception.keras": Dialect(eps=1e-3, momentum=0.01, same=True)}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 299, 299), 1000, 16, "quick"
SMALL = 64
HALF = (0.5, 0.5, 0.5)
PREPROCESSING = {
    "": Preprocessing(height=299, width=299, mean=HALF, std=HALF, crop_fraction=0.8975, interpolation="bicubic"),
    "keras": KERAS_TF,
}
NAMES = {
    "timm": {"*.depthwise.*": "{0}.conv1.{1}"},
    "keras": {
        "conv1": "block1_conv1",
        "bn1": "block1_conv1_bn",
        "conv2": "block1_conv2",
        "bn2": "block1_conv2_bn",
        "block#.skip": "conv2d*",
        "block#.skipbn": "batch_normalization*",
        # the first block begins without a ReLU, so that its layers have indices lower by one
        **{f"block1.rep.{3 * i}.*": f"block2_sepconv{i + 1}/{{0}}" for i in range(2)},
        **{f"block1.rep.{3 * i + 1}": f"block2_sepconv{i + 1}_bn" for i in range(2)},
        **{f"block#.rep.{3 * i + 1}.*": f"block{{0+1}}_sepconv{i + 1}/{{1}}" for i in range(3)},
        **{f"block#.rep.{3 * i + 2}": f"block{{0+1}}_sepconv{i + 1}_bn" for i in range(3)},
        **{f"conv{i + 2}.*": f"block14_sepconv{i}/{{0}}" for i in (1, 2)},
        **{f"bn{i + 2}": f"block14_sepconv{i}_bn" for i in (1, 2)},
        "fc": "predictions",
    },
}


class Block(nn.Module):
    """Separable convolutions of the given `widths`, each after a ReLU (the network's first excepted), and the shortcut."""

    def __init__(self, dialect: Dialect, inputs: int, widths: tuple[int, ...], *, stride: int = 2, first: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, (before, width) in enumerate(pairwise((inputs, *widths))):
            relu = [] if first and not i else [nn.ReLU(inplace=i > 0)]  # the first one's input goes along the shortcut, too
            layers += [*relu, separable(dialect, before, width, 3), dialect.norm(width)]
        self.rep = nn.Sequential(*layers, *([dialect.max_pool(3, 2)] if stride > 1 else []))
        self.skip = nn.Conv2d(inputs, widths[-1], 1, stride, bias=False) if stride > 1 else nn.Identity()
        self.skipbn = dialect.norm(widths[-1]) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, widths[-1], ⌈H/stride⌉, ⌈W/stride⌉)`."""
        y: Tensor = self.rep(x)
        return y.add_(self.skipbn(self.skip(x)))


class Xception(Model):
    """Two convolutions, the blocks of entry, middle and exit flow, two separable convolutions, global average, head."""

    def __init__(self, dialect: Dialect, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3, 1 if small else 2, bias=False)
        self.bn1 = dialect.norm(32)
        self.conv2 = nn.Conv2d(32, 64, 3, bias=False)
        self.bn2 = dialect.norm(64)
        self.block1 = Block(dialect, 64, (128, 128), first=True)
        self.block2 = Block(dialect, 128, (256, 256))
        self.block3 = Block(dialect, 256, (728, 728))
        for i in range(4, 12):
            self.add_module(f"block{i}", Block(dialect, 728, (728, 728, 728), stride=1))
        self.block12 = Block(dialect, 728, (728, 1024))
        self.conv3 = separable(dialect, 1024, 1536, 3)
        self.bn3 = dialect.norm(1536)
        self.conv4 = separable(dialect, 1536, 2048, 3)
        self.bn4 = dialect.norm(2048)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(2048, classes)
        self.STAGES = ("bn1", "bn2", *(f"block{i}" for i in range(1, 13)), "bn3", "bn4", "avgpool", "fc")
        start(self)

    def features(self, x: Tensor) -> Tensor:
        """The global average after the last separable convolution, `(N, 2048)`."""
        x = torch.relu_(self.bn1(self.conv1(x)))
        x = torch.relu_(self.bn2(self.conv2(x)))
        for i in range(1, 13):
            x = self.get_submodule(f"block{i}")(x)
        x = torch.relu_(self.bn3(self.conv3(x)))
        x = torch.relu_(self.bn4(self.conv4(x)))
        vector: Tensor = self.dropout(self.avgpool(x).flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Xception:
    """A row of the table; `dropout` comes before the head, and is 0 unless given."""
    return Xception(TABLE[name], classes, channels, max(height, width) <= SMALL, dropout or 0.0)
