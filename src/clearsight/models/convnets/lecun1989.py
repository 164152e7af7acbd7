"""The network that read zip codes. Y. LeCun et al., Backpropagation applied to handwritten zip code recognition,
Neural Computation 1(4), 541–551, 1989, figure 3.

At 16×16×1 with 10 classes it has the paper's 9,760 free parameters: weights are shared over a map, biases are not, and
a map of H2 sees 8 of the 12 maps of H1. The paper does not print which; they are chosen as in A. Karpathy, Deep neural
nets: 33 years ago and 33 years from now, 2022. Against the paper: ten logits and cross-entropy for ten tanh and squared
error. Larger pictures have larger maps.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..base import Model

PAPER = (1989, "LeCun et al.: Backpropagation applied to handwritten zip code recognition")
TABLE = ("lecun1989",)
INPUT, CLASSES, SMALLEST, RECIPE = (1, 16, 16), 10, 1, "lecun1989"
# the maps of H1 that groups of four maps of H2 read
EIGHT = ((0, 1, 2, 3, 4, 5, 6, 7), (4, 5, 6, 7, 8, 9, 10, 11), (0, 1, 2, 3, 8, 9, 10, 11))


def squash(x: Tensor) -> Tensor:
    """The paper's sigmoid: ±1 at ±1, steepest between."""
    return 1.7159 * torch.tanh(x * (2 / 3))


class Maps(nn.Module):
    """A layer of 12 feature maps: 5×5 at stride 2, each unit with its own bias; the padding is the paper's white, −1."""

    def __init__(self, sources: tuple[tuple[int, ...], ...], height: int, width: int) -> None:
        super().__init__()
        self.sources, self.groups = [i for group in sources for i in group], len(sources)
        self.weight = nn.Parameter(uniform(12, len(sources[0]), 5, 5))
        self.bias = nn.Parameter(torch.zeros(12, height, width))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)` → `(N, 12, ⌈H/2⌉, ⌈W/2⌉)`."""
        x = F.pad(x[:, self.sources], (2, 2, 2, 2), value=-1.0)
        return squash(F.conv2d(x, self.weight, stride=2, groups=self.groups) + self.bias)


def uniform(*shape: int) -> Tensor:
    """Weights of units with F inputs each, uniform in ±2.4/F."""
    return torch.empty(shape).uniform_(-1, 1) * (2.4 / torch.Size(shape[1:]).numel())


class LeCun1989(Model):
    """H1, H2 (maps), H3 (30 units), output."""

    HEAD = "output"
    STAGES = ("h1", "h2", "h3", "output")

    def __init__(self, classes: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        halves = [((side + 1) // 2, (side + 3) // 4) for side in (height, width)]
        self.h1 = Maps((tuple(range(channels)),), halves[0][0], halves[1][0])
        self.h2 = Maps(EIGHT, halves[0][1], halves[1][1])
        self.h3 = nn.Linear(12 * halves[0][1] * halves[1][1], 30)
        self.output = nn.Linear(30, classes)
        for layer in (self.h3, self.output):
            layer.weight = nn.Parameter(uniform(*layer.weight.shape))
            nn.init.zeros_(layer.bias)

    def features(self, x: Tensor) -> Tensor:
        """H3, `(N, 30)`."""
        return squash(self.h3(self.h2(self.h1(x)).flatten(1)))


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> LeCun1989:
    """The 1989 network; it has no dropout."""
    return LeCun1989(classes, channels, height, width)
