"""bfloat16: where the chip multiplies it, and networks whose weights are in it."""

import copy

import torch
from torch import Tensor, nn

# their sums and statistics need the digits of float32, and their few weights cost nothing
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)


def has_bf16(device: torch.device) -> bool:
    """Whether products in bfloat16 are done by the chip; emulated ones are ten times slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def halves(model: nn.Module) -> bool:
    """Whether bfloat16 is precise enough for `model` and everything in it: features that were designed count on more digits."""
    return all(getattr(module, "HALVES", True) for module in model.modules())


def halved(model: nn.Module) -> nn.Module:
    """A copy of `model` with bfloat16 weights for bfloat16 inputs; norms stay float32, and they and all buffers are the model's own."""
    kept: list[Tensor] = [p for module in model.modules() if isinstance(module, NORMS) for p in module.parameters(recurse=False)]
    kept += model.buffers()
    known: dict[int, Tensor] = {
        id(p): nn.Parameter(p.detach().to(torch.bfloat16), requires_grad=p.requires_grad) for p in model.parameters()
    }
    return copy.deepcopy(model, known | {id(value): value for value in kept})
