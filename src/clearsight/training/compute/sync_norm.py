"""Batch norm over the batch of all processes: on CPUs too, where torch's own `SyncBatchNorm` does not run."""

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes, and of its gradient."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def normalised(
    inputs: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    total: Callable[[Tensor], Tensor] = _Sum.apply,
) -> Tensor:
    """`F.batch_norm` of `inputs` `(N, C, …)`, in training with mean and variance over the parts of all processes, which `total` adds."""
    if not training:
        return F.batch_norm(inputs, running_mean, running_var, weight, bias, training, momentum, eps)
    x, over = inputs.float(), [0, *range(2, inputs.dim())]
    shape = [1, -1, *[1] * (inputs.dim() - 2)]
    n = x.new_full((1,), x.numel() / x.shape[1])
    sums = total(torch.cat([x.sum(over), n]))  # parts need not be equally large
    mean, n = sums[:-1] / sums[-1].detach(), sums[-1].detach()
    centred = x - mean.view(shape)
    var = total(centred.square().sum(over)) / n  # in a second exchange: E[x²] − E[x]² would lose digits
    with torch.no_grad():
        if running_mean is not None and running_var is not None:
            running_mean.lerp_(mean, momentum)
            running_var.lerp_(var * (n / (n - 1).clamp_min(1)), momentum)
    found = centred * (var + eps).rsqrt().view(shape)
    if weight is not None:
        found = found * weight.view(shape)
    if bias is not None:
        found = found + bias.view(shape)
    return found.to(inputs.dtype)


class Synchronised(TorchFunctionMode):
    """Inside, every batch norm in training mode is that of the batch of all processes."""

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return normalised(*args, **kwargs) if function is F.batch_norm else function(*args, **kwargs)
