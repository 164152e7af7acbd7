"""The weights of softmax regression as pictures: one template for each class, evidence for it and against it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..target import Subject

WITHOUT_WEIGHTS = (nn.Flatten, nn.Identity, nn.Dropout)


@dataclass(frozen=True, eq=False)
class Templates:
    """z_j = Σ x_i·w_ij + b_j for brightness x from 0 to 1: `weights` float64 `(K, C, H, W)`, `bias` float64 `(K,)`.

    The normalisation of the network's input is in them.
    """

    classes: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def of_grey(self) -> NDArray[np.float64]:
        """The weights of a grey pixel `(K, H, W)`: their sum over the channels."""
        total: NDArray[np.float64] = self.weights.sum(1)
        return total

    @property
    def parameters(self) -> int:
        """Pixels times classes, and a bias for each class."""
        return self.weights.size + self.bias.size

    def to_json(self) -> dict[str, Any]:
        """As `look filters --json` prints it: by class the bias, and the sums of positive and negative weights."""
        rows = [
            {"class": name, "bias": float(b), "for": float(w[w > 0].sum()), "against": float(w[w < 0].sum())}
            for name, w, b in zip(self.classes, self.weights, self.bias, strict=True)
        ]
        return {"shape": list(self.weights.shape), "parameters": self.parameters, "templates": rows}


def templates(subject: Subject) -> Templates | None:
    """The templates of a network that is one linear layer over the pixels, None for any other."""
    layer = linear_layer(subject.model, subject.input_size)
    if layer is None:
        return None
    settings = subject.preprocessing
    weights = layer.weight.detach().double().cpu().view(-1, *subject.input_size)
    bias = layer.bias.detach().double().cpu() if layer.bias is not None else weights.new_zeros(len(weights))
    mean, std = (torch.tensor(values, dtype=torch.float64)[:, None, None] for values in (settings.mean, settings.std))
    weights = weights / std  # of (x − mean) / std
    bias = bias - (weights * mean).sum((1, 2, 3))
    if settings.order == "bgr":
        weights = weights.flip(1)
    return Templates(tuple(subject.label(i) for i in range(len(weights))), weights.numpy(), bias.numpy())


def linear_layer(model: nn.Module, input_size: tuple[int, int, int]) -> nn.Linear | None:
    """The layer of a network that computes only W·x + b of its pixels `(C, H, W)`."""
    leaves = [module for module in model.modules() if next(module.children(), None) is None]
    found = [module for module in leaves if isinstance(module, nn.Linear)]
    others = [module for module in leaves if not isinstance(module, (nn.Linear, *WITHOUT_WEIGHTS))]
    if len(found) != 1 or others or found[0].in_features != math.prod(input_size):
        return None
    x = torch.rand(2, *input_size, generator=torch.Generator().manual_seed(0)).to(found[0].weight)
    with torch.no_grad():
        same = torch.allclose(model(x), found[0](x.flatten(1)), atol=1e-5)  # what lies between may be a function
    return found[0] if same else None
