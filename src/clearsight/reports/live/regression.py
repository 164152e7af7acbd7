"""Softmax regression on pixels as a figure that lives: its templates, and pictures to draw on."""

from collections.abc import Sequence

from torch import Tensor

from ...heads.lbfgs import Problem, solve
from .page import Live

LEAD = "A template of weights for each class: pixel times weight, summed, is the class's score."
STRENGTH = 1e-3  # of the penalty on the weights: without one they grow for ever, and the templates are noise


def live_regression(pictures: Tensor, labels: Tensor, shown: Tensor, classes: Sequence[str]) -> Live:
    """Fitted to pictures `(N, H, W)` of values from 0 to 1 and their labels; `shown` `(M, H, W)` are there to begin with."""
    weight, bias = fitted(pictures, labels, len(classes))
    side = tuple(pictures.shape[1:])
    data = {
        "classes": list(classes), "weights": weight.view(len(classes), *side), "bias": bias, "pictures": shown.double(),
        "parameters": weight.numel() + bias.numel(),
    }  # fmt: skip
    return Live("regression", "Draw: pixels, templates, scores", LEAD, data)


def fitted(pictures: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Weights float64 `(K, D)` and biases `(K,)` of softmax regression on the pixels, at the optimum."""
    found = solve(Problem(pictures.flatten(1).float().clone(), labels, classes), STRENGTH)
    return found.weight.double(), found.bias.double()
