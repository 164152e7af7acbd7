"""AlexNet. A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural networks, 2012.

`alexnet-2012` is section 3.5 of the paper, the groups being its two GPUs: 60,965,224 parameters. The paper says 224 px,
its 55×55 maps need 227. `alexnet-lecture` is the listing of CS231n (and of most lectures since): no groups, and the norm
after the pooling. `alexnet` is torchvision's, from A. Krizhevsky, One weird trick for parallelizing convolutional
neural networks, 2014. Pictures whose shorter side is up to 64 px (66 without padding) meet convolutions of at most 5×5 at stride
1, as in his networks for CIFAR-10 (cuda-convnet): 11×11 at stride 4 would leave nothing to pool. First weights are K. He's
(2015): from the paper's deviation of 0.01, or torchvision's, the loss does not move for the first epochs; the head's are the
paper's.
"""

from typing import NamedTuple

from torch import Tensor, nn

from ...images.preprocess import IMAGENET
from ...layers.response import ResponseNorm
from ..base import Model


class Conv(NamedTuple):
    """A convolution and its ReLU."""

    width: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1
    groups: int = 1


TABLE: dict[str, tuple[Conv | str, ...]] = {
    "alexnet-2012": (
        *(Conv(96, 11, 4, 0), "norm", "pool", Conv(256, 5, 1, 2, groups=2), "norm", "pool"),
        *(Conv(384), Conv(384, groups=2), Conv(256, groups=2), "pool"),
    ),
    "alexnet-lecture": (
        *(Conv(96, 11, 4, 0), "pool", "norm", Conv(256, 5, 1, 2), "pool", "norm"),
        *(Conv(384), Conv(384), Conv(256), "pool"),
    ),
    "alexnet": (Conv(64, 11, 4, 2), "pool", Conv(192, 5, 1, 2), "pool", Conv(384), Conv(256), Conv(256), "pool"),
}
PAPER = {
    "alexnet-2012": (2012, "Krizhevsky et al.: ImageNet classification with deep convolutional neural networks"),
    "alexnet-lecture": (2012, "Krizhevsky et al., as CS231n lists it"),
    "alexnet": (2014, "Krizhevsky: One weird trick for parallelizing convolutional neural networks"),
}
INPUT = {"alexnet-2012": (3, 227, 227), "alexnet-lecture": (3, 227, 227), "alexnet": (3, 224, 224)}
CLASSES, SMALLEST, RECIPE = 1000, 15, "alexnet"
SMALL = 64
PREPROCESSING = {"": IMAGENET}
NAMES = {"torchvision": {"trunk.*": "features.{0}"}}


class AlexNet(Model):
    """Convolutions with ReLU, overlapping pooling and response norms, then two hidden layers of 4,096 under dropout."""

    HEAD = "classifier.6"

    def __init__(self, layers: tuple[Conv | str, ...], classes: int, channels: int, height: int, width: int, dropout: float) -> None:
        super().__init__()
        small = min(height, width) <= SMALL or not all(_pooled(layers, height, width))
        if small:
            layers = tuple(_small(layer) if isinstance(layer, Conv) else layer for layer in layers)
        self.trunk = nn.Sequential(*_modules(layers, channels))
        grid = [min(6, size) if small else 6 for size in _pooled(layers, height, width)]
        self.avgpool = nn.AdaptiveAvgPool2d((grid[0], grid[1]))  # changes nothing at the paper's size
        last = next(layer.width for layer in reversed(layers) if isinstance(layer, Conv))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(last * grid[0] * grid[1], 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        nn.init.normal_(self.head.weight, std=0.01)
        seen = [f"trunk.{i}" for i, layer in enumerate(self.trunk) if not isinstance(layer, nn.ReLU)]
        self.STAGES = (*seen, "classifier.1", "classifier.4", "classifier.6")

    def features(self, x: Tensor) -> Tensor:
        """The second hidden layer, `(N, 4096)`."""
        x = self.avgpool(self.trunk(x)).flatten(1)
        vector: Tensor = self.classifier[:-1](x)
        return vector


def _small(layer: Conv) -> Conv:
    kernel = min(layer.kernel, 5)
    return layer._replace(kernel=kernel, stride=1, padding=kernel // 2)


def _modules(layers: tuple[Conv | str, ...], channels: int) -> list[nn.Module]:
    made: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, Conv):
            made += [nn.Conv2d(channels, layer.width, layer.kernel, layer.stride, layer.padding, groups=layer.groups), nn.ReLU()]
            channels = layer.width
        elif layer == "norm":
            made.append(ResponseNorm(5, alpha=5e-4, beta=0.75, k=2))  # torch divides alpha by 5: the paper's 1e-4
        else:
            made.append(nn.MaxPool2d(3, 2, ceil_mode=layer == "pool-all"))
    return made


def _pooled(layers: tuple[Conv | str, ...], *sizes: int) -> list[int]:
    """The sides that `layers` leave of `sizes`, in px."""
    for layer in layers:
        if isinstance(layer, Conv):
            sizes = tuple((size + 2 * layer.padding - layer.kernel) // layer.stride + 1 for size in sizes)
        elif layer != "norm":
            sizes = tuple((size - 3 + (layer == "pool-all")) // 2 + 1 for size in sizes)
    return list(sizes)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> AlexNet:
    """A row of the table; `dropout` replaces the paper's 0.5 before both hidden layers."""
    return AlexNet(TABLE[name], classes, channels, height, width, 0.5 if dropout is None else dropout)
