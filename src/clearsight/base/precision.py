"""bfloat16: where the chip multiplies it, and networks whose weights are in it."""

import copy
import os
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from .errors import wrong

FORCED = "CLEARSIGHT_BF16"  # on, off or auto (as the chip says): so that both roads are tested on every chip
# their sums and statistics need the digits of float32, and their few weights cost nothing
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)


def has_bf16(device: torch.device) -> bool:
    """Whether products in bfloat16 are done by the chip; emulated ones are ten times slower than float32.

    `CLEARSIGHT_BF16` set to `on` or `off` answers in its place; raises UsageError for another word.
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
    """Whether bfloat16 is precise enough for `model` and everything in it: features that were designed count on more digits."""
    return all(getattr(module, "HALVES", True) for module in model.modules())


def heads(model: nn.Module) -> list[str]:
    """The names of the last layers of `model` and of the networks in it; of a network that names none, its last linear layer's."""
    named = [f"{name}.{module.HEAD}".removeprefix(".") for name, module in model.named_modules() if hasattr(module, "HEAD")]
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    there = dict(model.named_modules())
    return [name for name in named if name in there] or linear[-1:]


def halved(model: nn.Module, last: Iterable[str] | None = None) -> nn.Module:
    """A copy of `model` with bfloat16 weights for inputs of the type that `accepts` says.

    The `last` layers (left out: its `heads`) stay float32 and so does what comes of them: of two scores of about 20, bfloat16 cannot
    tell apart those that differ by less than 0.1. Norms stay float32 too; they, the last layers and all buffers are the model's own.
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
    """How far logits `(N, K)` are from the `expected` ones, as a share of their spread over the classes; what all share moves no answer."""
    ours, theirs = (of.double() - of.double().mean(1, keepdim=True) for of in (found, expected))
    return float((ours - theirs).norm() / theirs.norm().clamp_min(1e-6))


def accepts(model: nn.Module) -> torch.dtype:
    """The type of the inputs of a `model` that may be halved: float32 where it has no weights in bfloat16."""
    return torch.bfloat16 if any(p.dtype == torch.bfloat16 for p in model.parameters()) else torch.float32
