"""GoogLeNet. C. Szegedy et al., Going deeper with convolutions, 2014, table 1.

As torchvision has it (and everybody since 2015): batch norm, and 3×3 where the paper's third branch says 5×5. Where
the shorter side is up to 64 px the stem is one 3×3 convolution at stride 1 and no first pooling, as in the residual networks here.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ...images.preprocess import IMAGENET
from ...layers.branches import Convolution, Parallel
from ...layers.dialect import Dialect
from ..base import Model

PAPER = (2014, "Szegedy et al.: Going deeper with convolutions")
# an inception module's channels: 1×1 · 1×1 before 3×3, 3×3 · 1×1 before 5×5, 5×5 · 1×1 after the pooling
TABLE = {
    "googlenet": {
        "inception3a": (64, 96, 128, 16, 32, 32),
        "inception3b": (128, 128, 192, 32, 96, 64),
        "inception4a": (192, 96, 208, 16, 48, 64),
        "inception4b": (160, 112, 224, 24, 64, 64),
        "inception4c": (128, 128, 256, 24, 64, 64),
        "inception4d": (112, 144, 288, 32, 64, 64),
        "inception4e": (256, 160, 320, 32, 128, 128),
        "inception5a": (256, 160, 320, 32, 128, 128),
        "inception5b": (384, 192, 384, 48, 128, 128),
    }
}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 8, "quick"
SMALL = 64
DIALECT = Dialect(eps=1e-3)
# torchvision's weights come from TensorFlow: the network there turns its usual mean and deviation into these
PREPROCESSING = {"": replace(IMAGENET, mean=(0.5,) * 3, std=(0.5,) * 3)}


def inception(inputs: int, one: int, thin3: int, three: int, thin5: int, five: int, pool: int) -> Parallel:
    """1×1, 3×3, "5×5" and pooling in parallel, the larger ones after a 1×1 that reduces the channels (figure 2b)."""
    branches = (f"{one}:1", f"{thin3}:1 {three}:3", f"{thin5}:1 {five}:3", f"max {pool}:1")
    return Parallel(DIALECT, inputs, {f"branch{i}": words for i, words in enumerate(branches, 1)})


class Auxiliary(nn.Module):
    """Auxiliary classifier on intermediate maps, for the gradient of the first layers; in training only (section 5)."""

    def __init__(self, inputs: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.conv = Convolution(DIALECT, inputs, 128, (1, 1))
        self.fc1 = nn.Linear(2048, 1024)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(1024, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)` of maps `(N, inputs, H, W)`."""
        x = torch.relu_(self.fc1(self.conv(self.pool(x)).flatten(1)))
        logits: Tensor = self.fc2(self.dropout(x))
        return logits


class GoogLeNet(Model):
    """Three convolutions, nine inception modules, global average, head; two auxiliary heads after 4a and 4d."""

    STAGES = (
        *("conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b", "maxpool3"),
        *("inception4a", "inception4b", "inception4c", "inception4d", "inception4e", "maxpool4", "inception5a", "inception5b"),
        *("avgpool", "fc"),
    )

    def __init__(
        self, modules: Mapping[str, tuple[int, ...]], classes: int, channels: int, small: bool, dropout: float, aux_dropout: float
    ) -> None:
        super().__init__()
        self.conv1 = Convolution(DIALECT, channels, 64, (3, 3)) if small else Convolution(DIALECT, channels, 64, (7, 7), 2)
        self.maxpool1 = nn.Identity() if small else nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = Convolution(DIALECT, 64, 64, (1, 1))
        self.conv3 = Convolution(DIALECT, 64, 192, (3, 3))
        self.maxpool2, self.maxpool3 = (nn.MaxPool2d(3, 2, ceil_mode=True) for _ in range(2))
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        inputs = {"inception3a": 192}
        for name, widths in modules.items():
            mixed = inception(next(reversed(inputs.values())), *widths)
            self.add_module(name, mixed)
            inputs[name] = mixed.outputs
        self.aux1 = Auxiliary(inputs["inception4a"], classes, aux_dropout)
        self.aux2 = Auxiliary(inputs["inception4d"], classes, aux_dropout)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(inputs["inception5b"], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.01)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last module, `(N, 1024)`."""
        return self._vector(x, [])

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)`; in training `(3, N, K)`, the others from the auxiliary heads."""
        middle: list[Tensor] = []
        logits: Tensor = self.fc(self._vector(x, middle))
        return torch.stack([logits, self.aux1(middle[0]), self.aux2(middle[1])]) if self.training else logits

    def _vector(self, x: Tensor, middle: list[Tensor]) -> Tensor:
        for stage in self.STAGES[:-1]:
            x = self.get_submodule(stage)(x)
            if stage in ("inception4a", "inception4d"):
                middle.append(x)
        vector: Tensor = self.dropout(x.flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> GoogLeNet:
    """GoogLeNet; `dropout` replaces 0.2 before the head and 0.7 in the auxiliary heads."""
    small = min(height, width) <= SMALL
    return GoogLeNet(TABLE[name], classes, channels, small, *((0.2, 0.7) if dropout is None else (dropout, dropout)))
