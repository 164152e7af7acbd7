"""Softmax regression on the pixels: multinomial logistic regression, the lecture's first classifier.

z_j = Σ x_i·w_ij + b_j, p = softmax(z). D. R. Cox, The regression analysis of binary sequences, JRSS B, 1958;
for many classes H. Theil, A multinomial extension of the linear logit model, Int. Econ. Rev., 1969.
"""

from torch import Tensor, nn

from ..base import Model

PAPER = (1958, "Cox: The regression analysis of binary sequences")
TABLE = ("pixels",)
INPUT, CLASSES, SMALLEST, RECIPE = (1, 28, 28), 10, 1, "quick"


def zero_head(inputs: int, classes: int) -> nn.Linear:
    """A head that finds all classes equally likely: the problem is convex, so that any start leads to the same end."""
    head = nn.Linear(inputs, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head


class Pixels(Model):
    """The features are the pixels: `(N, C, H, W)` laid out as `(N, C·H·W)`."""

    HEAD = "linear"

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.linear = zero_head(inputs, classes)

    def features(self, x: Tensor) -> Tensor:
        """The pixels, `(N, C·H·W)`."""
        return x.flatten(1)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Pixels:
    """Softmax regression on `channels × height × width` pixels."""
    return Pixels(channels * height * width, classes)
