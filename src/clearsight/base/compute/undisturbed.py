"""Use a network without leaving a trace: evaluation mode within, everything as it was afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def undisturbed(*models: nn.Module, freeze: bool = False) -> Iterator[None]:
    """`models` in evaluation mode; with `freeze` no gradient is computed for their weights.

    Afterwards, also after an exception, all of this is as before, bit for bit: the mode of every module, hooks, the weights' `.grad`
    and `requires_grad`, buffers, and the state of the random number generators (CPU, and the GPUs that hold the weights).
    """
    modes = {module: module.training for model in models for module in model.modules()}
    hooks = [(table, dict(table)) for module in modes for table in _hooks(module)]
    weights = [(p, p.requires_grad, p.grad, None if p.grad is None else p.grad.clone()) for model in models for p in model.parameters()]
    buffers = [(module, dict(module._buffers)) for module in modes]
    values_of = {id(b): (b, b.clone()) for model in models for b in model.buffers()}
    devices = sorted({p.device.index or 0 for p, *_ in weights if p.is_cuda})
    try:
        with torch.random.fork_rng(devices=devices):
            for model in models:
                model.eval()
                if freeze:
                    model.requires_grad_(False)
            yield
    finally:
        for module, training in modes.items():
            module.training = training
        for table, before in hooks:
            table.clear()
            table.update(before)
        with torch.no_grad():
            for parameter, wanted, grad, values in weights:
                parameter.requires_grad_(wanted)
                parameter.grad = grad if grad is None or values is None else grad.copy_(values)
            for module, own in buffers:
                module._buffers.update(own)
            for buffer, values in values_of.values():
                if not torch.equal(buffer, values):  # even writing equal values would spoil gradients that are still to be computed
                    buffer.copy_(values)


def _hooks(module: nn.Module) -> list[dict[int, Any]]:
    return [table for name, table in vars(module).items() if name.endswith("_hooks") and isinstance(table, dict)]
