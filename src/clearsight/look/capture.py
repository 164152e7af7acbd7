"""The outputs of the modules of a network, captured by hooks; the network is left as it was."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from ..base.compute.undisturbed import undisturbed
from ..base.errors import ClearsightError, unknown


def stages(model: nn.Module) -> tuple[str, ...]:
    """The names worth looking at: the network's own STAGES, else every module without modules in it."""
    own: tuple[str, ...] = tuple(getattr(model, "STAGES", ()))
    return own or tuple(name for name, module in model.named_modules() if name and next(module.children(), None) is None)


def layer(model: nn.Module, name: str) -> nn.Module:
    """The module `name`; raises UsageError with near names."""
    modules = dict(model.named_modules())
    if not name or name not in modules:
        raise unknown("layer of this network", name, [*stages(model), *(one for one in modules if one)])
    found: nn.Module = modules[name]
    return found


def captured(model: nn.Module, x: Tensor, layers: Iterable[str] | None = None, *, grad: bool = False) -> dict[str, Tensor]:
    """The outputs of `layers` (all stages, if not given) for inputs `(N, C, H, W)`, in the order in which they were computed.

    Each is a copy made before anything later overwrites it, as an in-place ReLU does. A module that is called again has its
    further outputs under `name:2`, `name:3`. With `grad` they carry gradients. Raises UsageError for a layer that there is not.
    """
    found: dict[str, Tensor] = {}

    def keep(name: str, output: Any) -> None:
        first = next((t for t in tree_leaves(output) if isinstance(t, Tensor)), None)
        if first is not None:
            calls = 1 + sum(one.partition(":")[0] == name for one in found)
            found[name if calls == 1 else f"{name}:{calls}"] = first.clone()

    chosen = {name: layer(model, name) for name in (stages(model) if layers is None else layers)}
    with undisturbed(model), torch.set_grad_enabled(grad):
        for name, module in chosen.items():
            module.register_forward_hook(lambda _m, _i, output, name=name: keep(name, output))
        model(x)
    return found


def branched(model: nn.Module, x: Tensor, name: str) -> tuple[Tensor, Any]:
    """The output of the layer `name` as a leaf, and the network's own output computed from it: gradients reach so far and no further.

    What comes before the layer is computed without a graph. Of a layer that is called several times it is the last call.
    """
    kept: list[Tensor] = []

    def branch(_m: nn.Module, _i: Any, output: Any) -> Any:
        leaves, spec = tree_flatten(output)
        at = next(i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor))
        kept.append(leaves[at].detach().clone().requires_grad_())
        leaves[at] = kept[-1].clone()  # which an in-place ReLU may overwrite
        return tree_unflatten(leaves, spec)

    with undisturbed(model, freeze=True), torch.enable_grad():
        layer(model, name).register_forward_hook(branch)
        out = model(x.detach())
    if not kept:
        raise ClearsightError(f"the layer {name} is not used for an answer: choose another.")
    return kept[-1], out
