"""The small convolutional network of the Keras and PyTorch MNIST examples (F. Chollet, mnist_cnn, 2015).

conv32 3×3 – conv64 3×3 – max pool 2 – dropout ¼ – dense 128 – dropout ½ – softmax; 1,199,882 parameters at 28×28×1.
"""

import torch
from torch import Tensor, nn

from ...layers.dropout import Dropout
from ..base import Model

PAPER = (2015, "Chollet: Keras, examples/mnist_cnn")
TABLE = ("convnet",)
INPUT, CLASSES, SMALLEST, RECIPE = (1, 28, 28), 10, 6, "quick"


class ConvNet(Model):
    """Two convolutions, one pooling, one hidden layer."""

    HEAD = "fc2"
    STAGES = ("conv1", "conv2", "pool", "fc1", "fc2")

    def __init__(self, classes: int, channels: int, height: int, width: int, dropout: tuple[float, float]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.pool = nn.MaxPool2d(2)
        self.dropout1 = Dropout(dropout[0])
        self.fc1 = nn.Linear(64 * ((height - 4) // 2) * ((width - 4) // 2), 128)
        self.dropout2 = Dropout(dropout[1])
        self.fc2 = nn.Linear(128, classes)

    def features(self, x: Tensor) -> Tensor:
        """The hidden layer, `(N, 128)`."""
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.pool(self.conv2(x)))  # the larger of four, then ReLU: the same values, a quarter of the ReLUs
        x = torch.relu(self.fc1(self.dropout1(x).flatten(1)))
        x = self.dropout2(x)
        return x


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> ConvNet:
    """The example's network; `dropout` replaces both of its dropouts."""
    return ConvNet(classes, channels, height, width, (0.25, 0.5) if dropout is None else (dropout, dropout))
