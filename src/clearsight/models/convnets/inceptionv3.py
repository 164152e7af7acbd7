"""Inception v3. C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, Rethinking the Inception architecture for computer vision,
2015, table 1 and figures 5 to 8; the auxiliary head, in training only, with the batch norm of section 4.

Names follow torchvision. Where the shorter side is under 75 px the first convolution keeps stride 1, the stem does not pool, and there is
no auxiliary head, for which the maps would be too small; under 299 px that head pools to the 5×5 that it has there.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...images.preprocess import IMAGENET, KERAS_TF
from ...layers.branches import Convolution, Parallel
from ...layers.dialect import Dialect
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """The dialect, and whether the network has the auxiliary head."""

    dialect: Dialect
    auxiliary: bool


def _five(pool: int) -> dict[str, str]:
    return {"branch1x1": "64:1", "branch5x5": "48:1 64:5", "branch3x3dbl": "64:1 96:3 96:3", "branch_pool": f"avg {pool}:1"}


def _seven(thin: int) -> dict[str, str]:
    double = f"{thin}:1 {thin}:7x1 {thin}:1x7 {thin}:7x1 192:1x7"
    return {"branch1x1": "192:1", "branch7x7": f"{thin}:1 {thin}:1x7 192:7x1", "branch7x7dbl": double, "branch_pool": "avg 192:1"}


_WIDE = {
    "branch1x1": "320:1",
    "branch3x3": "384:1 384:1x3|384:3x1",
    "branch3x3dbl": "448:1 384:3 384:1x3|384:3x1",
    "branch_pool": "avg 192:1",
}
MODULES = {
    "Mixed_5b": _five(32),
    "Mixed_5c": _five(64),
    "Mixed_5d": _five(64),
    "Mixed_6a": {"branch3x3": "384:3/2", "branch3x3dbl": "64:1 96:3 96:3/2", "branch_pool": "max/2"},
    "Mixed_6b": _seven(128),
    "Mixed_6c": _seven(160),
    "Mixed_6d": _seven(160),
    "Mixed_6e": _seven(192),
    "Mixed_7a": {"branch3x3": "192:1 320:3/2", "branch7x7x3": "192:1 192:1x7 192:7x1 192:3/2", "branch_pool": "max/2"},
    "Mixed_7b": _WIDE,
    "Mixed_7c": _WIDE,
}
PAPER = (2015, "Szegedy et al.: Rethinking the Inception architecture for computer vision")
TABLE = {
    "inception_v3": Variant(Dialect(eps=1e-3), auxiliary=True),
    "inceptionv3.keras": Variant(Dialect(eps=1e-3, momentum=0.01, scale=False, same=True), auxiliary=False),
}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 299, 299), 1000, 16, "quick"
SMALL = 74
# torchvision's weights come from TensorFlow: the network there turns its usual mean and deviation into these
PREPROCESSING = {"": replace(IMAGENET, height=299, width=299, crop_fraction=299 / 342, mean=(0.5,) * 3, std=(0.5,) * 3), "keras": KERAS_TF}
NAMES = {
    "torchvision": {
        "*.branch_pool.1.*": "{0}.branch_pool.{1}",
        "*.branch*.#.#.*": "{0}.branch{1}_{2+1}{3a}.{4}",
        "*.branch*.#.*": "{0}.branch{1}_{2+1}.{3}",
    },
    "keras": {"*.conv": "conv2d*", "*.bn": "batch_normalization*", "fc": "predictions"},
}


class Auxiliary(nn.Module):
    """Auxiliary classifier on intermediate maps, for the gradient of the first layers (section 4)."""

    def __init__(self, dialect: Dialect, inputs: int, classes: int, large: bool) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, 3) if large else nn.AdaptiveAvgPool2d(5)
        self.conv0 = Convolution(dialect, inputs, 128, (1, 1))
        self.conv1 = Convolution(dialect, 128, 768, (5, 5), padded=False)
        self.fc = nn.Linear(768, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)` of maps `(N, inputs, H, W)`."""
        logits: Tensor = self.fc(self.conv1(self.conv0(self.pool(x))).mean((2, 3)))
        return logits


class InceptionV3(Model):
    """Five convolutions, eleven inception modules, global average, head; an auxiliary head after Mixed_6e."""

    STAGES = (
        *("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "maxpool1", "Conv2d_3b_1x1", "Conv2d_4a_3x3", "maxpool2"),
        *(*MODULES, "avgpool", "fc"),
    )

    def __init__(self, v: Variant, classes: int, channels: int, side: int, dropout: float) -> None:
        super().__init__()
        d, small = v.dialect, side <= SMALL
        self.Conv2d_1a_3x3 = Convolution(d, channels, 32, (3, 3), 1 if small else 2, padded=False)
        self.Conv2d_2a_3x3 = Convolution(d, 32, 32, (3, 3), padded=False)
        self.Conv2d_2b_3x3 = Convolution(d, 32, 64, (3, 3))
        self.maxpool1, self.maxpool2 = (nn.Identity() if small else nn.MaxPool2d(3, 2) for _ in range(2))
        self.Conv2d_3b_1x1 = Convolution(d, 64, 80, (1, 1))
        self.Conv2d_4a_3x3 = Convolution(d, 80, 192, (3, 3), padded=False)
        inputs = 192
        for name, branches in MODULES.items():
            mixed = Parallel(d, inputs, branches)
            self.add_module(name, mixed)
            inputs = mixed.outputs
        self.AuxLogits = Auxiliary(d, 768, classes, side >= 299) if v.auxiliary and not small else None
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.1)
        if self.AuxLogits:
            nn.init.trunc_normal_(self.AuxLogits.conv1.conv.weight, std=0.01)
            nn.init.trunc_normal_(self.AuxLogits.fc.weight, std=0.001)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last module, `(N, 2048)`."""
        return self._vector(x, [])

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)`; in training `(2, N, K)` where there is an auxiliary head, its own the second."""
        middle: list[Tensor] = []
        logits: Tensor = self.fc(self._vector(x, middle))
        return torch.stack([logits, self.AuxLogits(middle[0])]) if self.training and self.AuxLogits else logits

    def _vector(self, x: Tensor, middle: list[Tensor]) -> Tensor:
        for stage in self.STAGES[:-1]:
            x = self.get_submodule(stage)(x)
            if stage == "Mixed_6e":
                middle.append(x)
        vector: Tensor = self.dropout(x.flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> InceptionV3:
    """A row of the table; `dropout` replaces torchvision's 0.5 before the head, and Keras' 0."""
    v = TABLE[name]
    usual = 0.5 if v.auxiliary else 0.0
    return InceptionV3(v, classes, channels, min(height, width), usual if dropout is None else dropout)
