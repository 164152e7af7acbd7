"""SqueezeNet. F. Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, 2016, table 1.

1.1 is the authors' own revision (2.4 times less arithmetic). Parameter names follow torchvision. Where the shorter
side is up to 64 px the first convolution is 3×3 at stride 1. For Keras there are only the authors' weights of 1.1 (Caffe's colours, at
227 px), in the layers that their users wrote; its poolings leave out a last row that does not fill a window.
"""

import torch
from torch import Tensor, nn

from ...images.preprocess import IMAGENET, KERAS_CAFFE
from ..base import Model

PAPER = (2016, "Iandola et al.: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters")
# the first convolution's width and kernel; then fire modules, as channels (squeezed, expanded by 1×1 and by 3×3), 0 is a pooling
TABLE: dict[str, tuple[int, int, tuple[int | tuple[int, int], ...]]] = {
    "squeezenet1_0": (96, 7, (0, (16, 64), (16, 64), (32, 128), 0, (32, 128), (48, 192), (48, 192), (64, 256), 0, (64, 256))),
    "squeezenet1_1": (64, 3, (0, (16, 64), (16, 64), 0, (32, 128), (32, 128), 0, (48, 192), (48, 192), (64, 256), (64, 256))),
}
TABLE["squeezenet1_1.keras"] = TABLE["squeezenet1_1"]
INPUT = {name: (3, 227, 227) if name.endswith(".keras") else (3, 224, 224) for name in TABLE}
CLASSES, SMALLEST, RECIPE = 1000, 15, "quick"
SMALL = 64
LINEAR = False  # the logits are not the head's on the features: a head that is solved is `+plain`
PREPROCESSING = {"": IMAGENET, "keras": KERAS_CAFFE}
_FIRES = (3, 4, 6, 7, 9, 10, 11, 12)  # places of 1.1's fire modules in the trunk, which Keras' names count from 2
_PARTS = {"squeeze": "squeeze1x1", "expand1x1": "expand1x1", "expand3x3": "expand3x3"}
NAMES = {
    "torchvision": {"trunk.*": "features.{0}"},
    "keras": {
        "trunk.0": "conv1",
        **{
            f"trunk.{at}.{ours}": f"fire{i}/{theirs}|fire{i}_{theirs}"
            for i, at in enumerate(_FIRES, start=2)
            for ours, theirs in _PARTS.items()
        },
        "classifier.1": "conv10",
    },
}


class Fire(nn.Module):
    """Fire module: 1×1 to few channels, then 1×1 and 3×3 in parallel (figure 1)."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, 2·expanded, H, W)`."""
        x = torch.relu_(self.squeeze(x))
        return torch.relu_(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNet(Model):
    """Fire modules between poolings; the logits are the global average of the head's ReLU at every place of the last maps."""

    HEAD = "classifier.1"

    def __init__(
        self,
        stem: int,
        kernel: int,
        fires: tuple[int | tuple[int, int], ...],
        classes: int,
        channels: int,
        small: bool,
        dropout: float,
        ceil: bool,
    ) -> None:
        super().__init__()
        first = nn.Conv2d(channels, stem, 3, padding=1) if small else nn.Conv2d(channels, stem, kernel, stride=2)
        layers: list[nn.Module] = [first, nn.ReLU()]
        inputs = stem
        for fire in fires:
            layers.append(Fire(inputs, *fire) if isinstance(fire, tuple) else nn.MaxPool2d(3, 2, ceil_mode=ceil))
            inputs = 2 * fire[1] if isinstance(fire, tuple) else inputs
        self.trunk = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, classes))
        self.STAGES = tuple(f"trunk.{i}" for i in range(len(layers)) if i != 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last maps, `(N, 512)`."""
        maps: Tensor = self.trunk(x)
        return maps.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)`; the ReLU is between the head and the average, as in the authors' network."""
        places = self.trunk(x).flatten(2).transpose(1, 2)  # (N, H·W, 512): a 1×1 convolution is a linear layer at every place
        scores: Tensor = self.classifier(places)
        return torch.relu(scores).mean(1)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> SqueezeNet:
    """A column of table 1; `dropout` replaces the paper's 0.5 before the head."""
    stem, kernel, fires = TABLE[name]
    small = min(height, width) <= SMALL
    ceil = not name.endswith(".keras")
    return SqueezeNet(stem, kernel, fires, classes, channels, small, 0.5 if dropout is None else dropout, ceil)
