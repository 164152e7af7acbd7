"""ZFNet. M. Zeiler, R. Fergus, Visualizing and understanding convolutional networks, 2013, figure 3.

AlexNet without groups, its first filters 7×7 at stride 2 instead of 11×11 at stride 4, the second layer's at stride 2;
its norms ("contrast normalised across feature maps") are AlexNet's. Small pictures as in AlexNet.
"""

from .alexnet import AlexNet, Conv

PAPER = (2013, "Zeiler, Fergus: Visualizing and understanding convolutional networks")
TABLE: dict[str, tuple[Conv | str, ...]] = {
    "zfnet": (
        *(Conv(96, 7, 2, 1), "pool-all", "norm", Conv(256, 5, 2, 0), "pool-all", "norm"),
        *(Conv(384), Conv(384), Conv(256), "pool-all"),
    ),
}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 15, "alexnet"


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> AlexNet:
    """ZFNet; `dropout` replaces the paper's 0.5 before both hidden layers."""
    return AlexNet(TABLE[name], classes, channels, height, width, 0.5 if dropout is None else dropout)
