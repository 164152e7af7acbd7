"""Batch norm folding: in evaluation mode a batch norm is a scale and a shift, which the preceding layer can absorb."""

import copy
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from ...layers.dialect import SameConv2d, SamePool
from .bf16 import rewrite_for_bf16


class _Tracer(fx.Tracer):
    """Layers whose padding depends on the size of their input are one node each."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, (SameConv2d, SamePool)) or super().is_leaf_module(m, module_qualified_name)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A part of a sequence, as in `self.classifier[:-1]`, has no name in the network: its layers are called instead."""
        return forward(*args, **kwargs) if isinstance(m, nn.Sequential) else super().call_module(m, forward, args, kwargs)


def folded(model: nn.Module, *, bf16: bool = False) -> nn.Module:
    """A copy of `model` in evaluation mode with batch norms folded into the layers before them; unchanged weights are shared.

    With `bf16` the copy is also rewritten for bfloat16 weights and inputs on a CPU. A network that `torch.fx` cannot trace, because
    its control flow depends on the input, is returned unchanged.
    """
    tracer = _Tracer()
    try:
        graph = fx.GraphModule(model, tracer.trace(model))
    except Exception:  # the network's own code may raise anything when it is given a proxy
        return model
    vars(tracer).clear()  # part of a reference cycle that would keep the model alive until the next garbage collection
    modules = dict(graph.named_modules())
    for node in list(graph.graph.nodes):
        before = _only_source(node)
        if before is None:
            continue
        norm, pool = modules[str(node.target)], node.args[0]
        if isinstance(modules[str(before.target)], nn.MaxPool2d) and _rises(norm) and not (before := _only_source(before)):
            continue
        layer = modules[str(before.target)]
        if bf16 and isinstance(layer, SameConv2d):
            continue  # folded too, Lite0 changes 4 of 127 labels in bfloat16 and not 1
        if isinstance(norm, nn.BatchNorm2d) and isinstance(layer, nn.Conv2d):
            fused: nn.Module = fuse_conv_bn_eval(layer, norm)
        elif isinstance(norm, nn.BatchNorm1d) and isinstance(layer, nn.Linear):
            fused = fuse_linear_bn_eval(layer, norm)
        else:
            continue
        if _calls(graph, str(before.target)) != 1:
            continue  # a layer that is called twice may be followed by another norm
        parent, _, name = str(before.target).rpartition(".")
        setattr(modules[parent], name, fused)
        modules[str(before.target)] = fused
        node.replace_all_uses_with(cast(fx.Node, pool))
        graph.graph.erase_node(node)
    if bf16:
        rewrite_for_bf16(graph)
    _keep_layout(graph)
    graph.delete_all_unused_submodules()
    graph.recompile()
    return cast(nn.Module, graph).eval()


def in_channels_last(net: nn.Module) -> nn.Module:
    """A copy of `net` whose kernels are in channels-last memory, all other tensors shared; `net` itself where they are already.

    What `Module.to` changes in place would be changed in the network that shares them: its last bits follow from the layout.
    """
    memo: dict[int, Any] = {}
    moved = False
    for value in (*net.parameters(), *net.buffers()):
        made = value.detach().to(memory_format=torch.channels_last) if value.ndim == 4 else value
        differs = made.stride() != value.stride()
        moved |= differs
        kept = nn.Parameter(made, value.requires_grad) if isinstance(value, nn.Parameter) else made
        memo[id(value)] = kept if differs else value
    return copy.deepcopy(net, memo) if moved else net


def _only_source(node: fx.Node) -> fx.Node | None:
    """The layer whose result is read by the layer at `node` and no other."""
    before = node.args[0] if node.op == "call_module" and node.args else None
    return before if isinstance(before, fx.Node) and before.op == "call_module" and len(before.users) == 1 else None


def _rises(norm: nn.Module) -> bool:
    """Whether a batch norm keeps the order of a channel's values, so that it may come before a maximum as well as after it."""
    return isinstance(norm, nn.BatchNorm2d) and (norm.weight is None or bool((norm.weight > 0).all()))


def _calls(graph: fx.GraphModule, target: str) -> int:
    return sum(node.op == "call_module" and node.target == target for node in graph.graph.nodes)


def _keep_layout(graph: fx.GraphModule) -> None:
    """Make the gradient at the input of a flatten channels-last, like the input itself: the backward of a pooling is twice as fast."""
    for node in list(graph.graph.nodes):
        module = graph.get_submodule(node.target) if node.op == "call_module" else None
        if isinstance(module, nn.Flatten) or (node.op == "call_method" and node.target == "flatten") or node.target is torch.flatten:
            with graph.graph.inserting_before(node):
                node.replace_input_with(node.args[0], graph.graph.call_function(_same_layout, (node.args[0],)))


def _same_layout(values: Tensor) -> Tensor:
    if values.requires_grad and values.ndim == 4 and not values.is_contiguous():
        values.register_hook(lambda gradient: gradient.contiguous(memory_format=torch.channels_last))
    return values
