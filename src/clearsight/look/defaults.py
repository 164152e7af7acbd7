"""The layer and the channels that are shown where none are named: the last convolution, and its strongest channels."""

import torch
from torch import Tensor, nn

from ..base.errors import UsageError
from .capture import captured
from .capture import layer as module

CHANNELS = 4


def last_convolution(model: nn.Module) -> str:
    """The name of the last convolution of a network; raises UsageError without one."""
    names: list[str] = [name for name, one in model.named_modules() if isinstance(one, nn.Conv2d)]
    if not names:
        raise UsageError("this network has no convolution: name a layer with --layer (see `look summary`).")
    return names[-1]


def most_active(model: nn.Module, x: Tensor, layer: str, most: int = CHANNELS) -> list[int]:
    """Channels of a layer by their mean |value| for inputs `(N, C, H, W)`, the most active first."""
    values = captured(model, x, [layer])[layer]
    places = [d for d in range(values.ndim) if d != (values.ndim - 1 if values.ndim == 3 else 1)]  # of tokens the channels come last
    order: list[int] = values.abs().mean(places).argsort(descending=True, stable=True)[:most].tolist()
    return order


def largest(model: nn.Module, layer: str, most: int = CHANNELS) -> list[int]:
    """Channels of a layer by the norm of their weights, the largest first; the first ones of a layer without weights."""
    weight = getattr(module(model, layer), "weight", None)
    if not isinstance(weight, Tensor):
        return list(range(most))
    norms = torch.linalg.vector_norm(weight.detach().flatten(1), dim=1)
    order: list[int] = norms.argsort(descending=True, stable=True)[:most].tolist()
    return order
