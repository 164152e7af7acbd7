"""bfloat16: hardware support, and copies of networks with bfloat16 weights."""

import copy
import os
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import wrong

FORCED = "CLEARSIGHT_BF16"  # on, off or auto (hardware support): both paths can be tested on any processor
# their sums and statistics need the precision of float32, and they have few weights
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)


def has_bf16(device: torch.device) -> bool:
    """Whether the hardware multiplies in bfloat16; emulation is ten times slower than float32.

    `CLEARSIGHT_BF16` set to `on` or `off` overrides it; raises UsageError for another word.
    """
    forced = os.environ.get(FORCED, "auto")
    if forced not in ("auto", "on", "off"):
        raise wrong(FORCED, "on, off or auto", forced)
    if forced != "auto":
        return forced == "on"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def halves(model: nn.Module) -> bool:
    """Whether bfloat16 is precise enough for `model` and its modules; hand-designed features need more precision."""
    return all(getattr(module, "HALVES", True) for module in model.modules())


def heads(model: nn.Module) -> list[str]:
    """The names of the heads of `model` and of networks in it; without a `HEAD`, of its last linear layer."""
    named = [f"{name}.{module.HEAD}".removeprefix(".") for name, module in model.named_modules() if hasattr(module, "HEAD")]
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    there = dict(model.named_modules())
    return [name for name in named if name in there] or linear[-1:]


def halved(model: nn.Module, last: Iterable[str] | None = None) -> nn.Module:
    """A copy of `model` with bfloat16 weights, for inputs of the dtype `accepts`.

    The `last` layers (default: its `heads`) and their outputs stay float32: bfloat16 cannot resolve logits of about 20 that differ by
    less than 0.1. Norms stay float32 too. They, the last layers and all buffers are shared with the model.
    """
    names = heads(model) if last is None else list(last)
    ends = [model.get_submodule(name) for name in names]
    whole = [module for module in model.modules() if isinstance(module, NORMS)] + ends
    kept: list[Tensor] = [p for module in whole for p in module.parameters(recurse=False)]
    kept += model.buffers()
    known: dict[int, Tensor] = {
        id(p): nn.Parameter(p.detach().to(torch.bfloat16), requires_grad=p.requires_grad) for p in model.parameters()
    }
    twin: nn.Module = copy.deepcopy(model, known | {id(value): value for value in kept})
    for name in names:
        twin.get_submodule(name).register_forward_pre_hook(_widened)
    return twin


def _widened(_: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    return (given[0].float(), *given[1:])


def centred_error(found: Tensor, expected: Tensor) -> float:
    """The error of logits `(N, K)`, centred over the classes, relative to the norm of the expected ones."""
    ours, theirs = (of.double() - of.double().mean(1, keepdim=True) for of in (found, expected))
    return float((ours - theirs).norm() / theirs.norm().clamp_min(1e-6))


def accepts(model: nn.Module) -> torch.dtype:
    """The dtype of the inputs of `model`: bfloat16 if it has weights in bfloat16, or else float32."""
    return torch.bfloat16 if any(p.dtype == torch.bfloat16 for p in model.parameters()) else torch.float32
