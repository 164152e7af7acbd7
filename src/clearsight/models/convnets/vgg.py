"""VGG. K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image recognition, 2014, table 1.

The layers are torchvision's, whose `features` are called `trunk` here. Pictures are averaged to 7×7 before the first hidden
layer, which changes nothing at 224 px. Up to 64 px one value a channel and hidden layers of 512 take its place (S. Liu,
W. Deng, Very deep convolutional neural network based image classification using small training sample size, 2015): 4,096
for what is left of 32 px would be 17 million parameters that look at one pixel.
"""

from torch import Tensor, nn

from ...images.preprocess import IMAGENET, KERAS_CAFFE
from ..base import Model

# convolutions of 3×3 in the five stages, each followed by a maximum over 2×2 (columns A, B, D, E)
TABLE = {"vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)
TABLE |= {f"{name}_bn": counts for name, counts in TABLE.items()}
TABLE |= {f"{name}.keras": TABLE[name] for name in ("vgg16", "vgg19")}

PAPER = (2014, "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition")
INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 32, "quick"
SMALL = 64
PREPROCESSING = {"": IMAGENET, "keras": KERAS_CAFFE}
NAMES = {
    "torchvision": {"trunk.*": "features.{0}"},
    "timm": {
        "trunk.*": "features.{0}",
        "classifier.0.*": "pre_logits.fc1.{0}",
        "classifier.3.*": "pre_logits.fc2.{0}",
        "classifier.6.*": "head.fc.{0}",
    },
    "keras": {"trunk.*": "block*_conv*", "classifier.0": "fc1", "classifier.3": "fc2", "classifier.6": "predictions"},
}
FLATTENED = {"classifier.0": (512, 7, 7)}  # what the layer reads, which Keras has with the channels last


class VGG(Model):
    """Five stages of 3×3 convolutions, each halved by a maximum, then two hidden layers under dropout."""

    HEAD = "classifier.6"

    def __init__(self, counts: tuple[int, ...], norm: bool, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        seen = []
        for count, width in zip(counts, WIDTHS, strict=True):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), *([nn.BatchNorm2d(width)] if norm else []), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
            seen.append(f"trunk.{len(layers) - 1}")
        self.trunk = nn.Sequential(*layers)
        side, hidden = (1, 512) if small else (7, 4096)
        self.avgpool = nn.AdaptiveAvgPool2d(side)
        self.classifier = nn.Sequential(
            nn.Linear(channels * side**2, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Linear(hidden, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )  # fmt: skip
        self.STAGES = (*seen, "avgpool", "classifier.0", "classifier.3", "classifier.6")
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def features(self, x: Tensor) -> Tensor:
        """The second hidden layer, `(N, 4096)`, or `(N, 512)` with the small head."""
        x = self.avgpool(self.trunk(x)).flatten(1)
        vector: Tensor = self.classifier[:-1](x)
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> VGG:
    """A column of table 1; `dropout` replaces the paper's 0.5 after both hidden layers."""
    small = max(height, width) <= SMALL
    return VGG(TABLE[name], name.endswith("_bn"), classes, channels, small, 0.5 if dropout is None else dropout)
