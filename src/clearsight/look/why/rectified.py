"""Saliency with another gradient at every ReLU: guided backpropagation and the deconvnet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ...base.errors import ClearsightError
from ..capture import captured
from .gradients import saliency

IN_PLACE = {F.relu_, torch.relu_, Tensor.relu_}
RELUS = {F.relu, torch.relu, Tensor.relu} | IN_PLACE
OTHERS = {F.silu, F.gelu, F.hardswish, F.sigmoid, F.elu, F.leaky_relu, F.mish, F.softplus, F.tanh, torch.sigmoid, torch.tanh}


class _Rectified(torch.autograd.Function):
    """max(0, x), or with a `ceiling` ReLU6, whose gradient passes what is positive; `guided` keeps the plain rule as well."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, guided: bool, ceiling: float | None) -> Tensor:
        ctx.save_for_backward(x if guided else None)
        ctx.ceiling = ceiling
        return x.clamp(0, ceiling)

    @staticmethod
    def backward(ctx: Any, upper: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        positive = upper.clamp_min(0)
        if x is None:
            return positive, None, None
        passed = x > 0 if ctx.ceiling is None else (x > 0) & (x < ctx.ceiling)
        return positive * passed, None, None


class _Rule(TorchFunctionMode):
    """Every ReLU, module or function, in place or not, gets the other gradient; `others` are activations without such a rule."""

    def __init__(self, guided: bool) -> None:
        super().__init__()
        self.guided, self.relus, self.others = guided, 0, set[str]()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        ceiling = _ceiling(func, args, kwargs)
        if func in RELUS or ceiling is not None:
            self.relus += 1
            made = _Rectified.apply(args[0], self.guided, ceiling)  # type: ignore[no-untyped-call]
            return args[0].copy_(made) if func in IN_PLACE else made
        if func in OTHERS:
            self.others.add(func.__name__)
        return func(*args, **kwargs)


def _ceiling(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> float | None:
    if func is F.relu6:
        return 6.0
    if func is not F.hardtanh:
        return None
    low, high = (
        args[i] if len(args) > i else kwargs.get(name, default) for i, name, default in ((1, "min_val", -1.0), (2, "max_val", 1.0))
    )
    return float(high) if low == 0 else None


@contextmanager
def rectified(guided: bool) -> Iterator[None]:
    """Within, gradients through ReLUs follow guided backpropagation, or else the deconvnet.

    Raises ClearsightError afterwards for a network without ReLU, for which neither is defined.
    """
    with _Rule(guided) as rule:
        yield
    if not rule.relus:
        others = f" (it has {', '.join(sorted(rule.others))})" if rule.others else ""
        raise ClearsightError(f"this network has no ReLU{others}, and this method is not defined without: choose grad-cam or integrated.")


def guided_backprop(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Saliency with gradients stopped that are negative or come to a silent ReLU (J. Springenberg et al., 2014)."""
    with rectified(guided=True):
        return saliency(model, x, target)


def deconvnet(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Saliency with negative gradients, and no others, stopped at ReLUs (M. Zeiler, R. Fergus, 2013); pools keep their switches."""
    with rectified(guided=False):
        return saliency(model, x, target)


def projected(model: nn.Module, x: Tensor, layer: str, channel: int, at: tuple[int, int]) -> Tensor:
    """What the deconvnet leads back to in an input `(1, C, H, W)` from the unit of `layer` at `channel` and `at` (y, x); signed, as x."""
    inputs = x.detach().clone().requires_grad_()
    with rectified(guided=False):
        out = captured(model, inputs, [layer], grad=True)[layer]
    found: Tensor = torch.autograd.grad(out[0, channel, at[0], at[1]], inputs)[0]
    return found
