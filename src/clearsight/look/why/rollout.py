"""Attention rollout: the influence of each patch on the prediction through all layers (S. Abnar, W. Zuidema, 2020)."""

from typing import Any

import torch
from torch import Tensor, nn

from ...base.compute.dispatch import DispatchMode
from ...base.compute.undisturbed import undisturbed
from ...base.errors import ClearsightError
from ...classifier.ensemble import Ensemble
from .cam import enlarged, laid_out
from .gradients import CHUNK


class _Attentions(DispatchMode):
    """The attention `(N, T, T)`, mean over the heads, of every layer, below the modules: fused or as a softmax."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if name.startswith("_scaled_dot_product") and "backward" not in name:
            q, k = args[:2]
            self.found.append(torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1).mean(1))
        elif name == "_softmax" and out.ndim == 4 and out.shape[-1] == out.shape[-2]:
            self.found.append(out.mean(1))
        return out


def attentions(model: nn.Module, x: Tensor) -> list[Tensor]:
    """The attention of every layer, mean over its heads, `(N, T, T)`: row t is what token t takes from each token.

    Raises ClearsightError for a network without attention.
    """
    seen = _Attentions()
    with undisturbed(model), torch.no_grad(), seen:
        model(x)
    if not seen.found:
        raise ClearsightError("this network has no attention to roll out: choose a method such as grad-cam.")
    return seen.found


def rollout(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """The product of all layers' attention with a half of shortcut, in the row of the class token: the same for every class.

    Without a class token (an answer from the mean of all patches) it is the mean over the rows; of an ensemble, over the members.
    """
    if isinstance(model, Ensemble):
        return torch.stack([rollout(member, x, target) for member in model.members]).mean(0)
    found = []
    for part in x.split(CHUNK):
        flow = None
        for attention in attentions(model, part):
            step = (attention + torch.eye(attention.shape[-1]).to(attention)) / 2
            flow = step if flow is None else step @ flow
        assert flow is not None
        tokens = flow.shape[-1]
        maps = laid_out(flow[:, 0, :, None], part)
        if maps.shape[2] * maps.shape[3] == tokens:
            maps = laid_out(flow.mean(1)[..., None], part)
        found.append(enlarged(maps[:, 0], part))
    return torch.cat(found)
