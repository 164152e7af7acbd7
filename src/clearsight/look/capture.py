"""What the modules of a network put out, with the network left as it was."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from ..base.errors import ClearsightError, unknown


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """The model in evaluation; afterwards, also after an exception, all of it is as before, bit for bit.

    That is: the mode of every module, hooks, weights' `.grad` and `requires_grad`, buffers, and the random numbers to come.
    """
    modes = {module: module.training for module in model.modules()}
    hooks = [(table, dict(table)) for module in modes for table in _hooks(module)]
    weights = [(p, p.requires_grad, p.grad, None if p.grad is None else p.grad.clone()) for p in model.parameters()]
    buffers = [(module, dict(module._buffers)) for module in modes]
    values_of = {id(b): (b, b.clone()) for b in model.buffers()}
    devices = sorted({p.device.index or 0 for p in model.parameters() if p.is_cuda})
    try:
        with torch.random.fork_rng(devices=devices):
            model.eval()
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
                if not torch.equal(buffer, values):  # a write, even of the same, would spoil gradients still to be taken
                    buffer.copy_(values)


def _hooks(module: nn.Module) -> list[dict[int, Any]]:
    return [table for name, table in vars(module).items() if name.endswith("_hooks") and isinstance(table, dict)]


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

    with undisturbed(model), torch.enable_grad():
        model.requires_grad_(False)
        layer(model, name).register_forward_hook(branch)
        out = model(x.detach())
    if not kept:
        raise ClearsightError(f"the layer {name} is not used for an answer: choose another.")
    return kept[-1], out
