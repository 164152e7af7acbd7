"""LeNet-5. Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, 1998.

The modern statement of figure 2, as most libraries teach it: full connections from S2 to C3 (the paper's table I leaves 4 in
10 out), maxima instead of trainable averages, ReLU instead of scaled tanh, a linear head instead of distances to drawn
characters. 61,706 parameters at 32×32×1; the paper's network has 60,000.
"""

import torch
from torch import Tensor, nn

from ..base import Model

PAPER = (1998, "LeCun et al.: Gradient-based learning applied to document recognition")
TABLE = ("lenet5",)
INPUT, CLASSES, SMALLEST, RECIPE = (1, 32, 32), 10, 1, "quick"


class LeNet5(Model):
    """Two convolutions with pooling, two hidden layers; inputs under 32 px are padded to it, as the paper's digits were."""

    HEAD = "fc3"
    STAGES = ("conv1", "pool1", "conv2", "pool2", "fc1", "fc2", "fc3")

    def __init__(self, classes: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.pad = tuple((max(32 - n, 0) + 1) // 2 for n in (width, height))
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool2 = nn.MaxPool2d(2)
        rows, columns = (((n + 2 * p - 4) // 2 - 4) // 2 for n, p in ((height, self.pad[1]), (width, self.pad[0])))
        self.fc1 = nn.Linear(16 * rows * columns, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def features(self, x: Tensor) -> Tensor:
        """The 84 values before the head, `(N, 84)`."""
        x = nn.functional.pad(x, (self.pad[0], self.pad[0], self.pad[1], self.pad[1]))
        x = self.pool1(torch.relu(self.conv1(x)))
        x = self.pool2(torch.relu(self.conv2(x)))
        x = torch.relu(self.fc1(x.flatten(1)))
        return torch.relu(self.fc2(x))


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> LeNet5:
    """LeNet-5; it has no dropout."""
    return LeNet5(classes, channels, height, width)
