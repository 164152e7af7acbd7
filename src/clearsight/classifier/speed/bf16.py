"""Faster bfloat16 on a CPU, by rewriting the operations that torch is slow at: ReLU, 2×2 max pooling, one-channel convolution, flatten.

Non-negative bfloat16 values have the same order as their bits read as int16. So a ReLU is max(int16, 0), and pooling after it compares
integers, without the int64 index of each maximum that torch stores. `PLAIN` restates each function in plain PyTorch; the tests compare
outputs and gradients with it bit for bit. The one difference: the ReLU of a negative NaN is 0.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.autograd.function import once_differentiable


def rewrite_for_bf16(graph: fx.GraphModule) -> None:
    """Rewrite the graph of a network in evaluation mode for channels-last bfloat16 inputs on a CPU; the original network is not changed."""
    for node in list(graph.graph.nodes):
        layer = layer_of(graph, node)
        if sum(other.target == node.target for other in graph.graph.nodes) > 1:
            continue  # a layer that is called twice may be followed by something else the second time
        if isinstance(layer, nn.Conv2d):
            _pad_single_channel(graph, node, layer)
            fuse_relu(graph, node)
        elif isinstance(layer, nn.Linear):
            _skip_transpose(graph, node, layer)


RELUS = (torch.relu, torch.relu_, F.relu, "relu", "relu_")


def layer_of(graph: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The layer that `node` calls; None where it calls a function."""
    return graph.get_submodule(str(node.target)) if node.op == "call_module" else None


def _pad_single_channel(graph: fx.GraphModule, node: fx.Node, layer: nn.Conv2d) -> None:
    """Give a convolution of one input channel a second, zero one: torch takes four times as long for one channel as for two."""
    if layer.in_channels != 1 or layer.padding_mode != "zeros":
        return
    twin = type(layer)(2, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.dilation)  # type: ignore[arg-type]
    twin.weight = nn.Parameter(F.pad(layer.weight.detach(), (0, 0, 0, 0, 0, 1)), requires_grad=layer.weight.requires_grad)
    twin.bias = layer.bias
    graph.set_submodule(str(node.target), twin)
    with graph.graph.inserting_before(node):
        node.replace_input_with(node.args[0], graph.graph.call_function(pad_zero_channel, (node.args[0],)))  # type: ignore[arg-type]


def pad_zero_channel(x: Tensor) -> Tensor:
    """`(N, 1, H, W)` padded with a zero channel to `(N, 2, H, W)`."""
    return F.pad(x, (0, 0, 0, 0, 0, 1)).contiguous(memory_format=torch.channels_last)


def fuse_relu(graph: fx.GraphModule, node: fx.Node) -> None:
    """Fuse the ReLU after a convolution, and the 2×2 max pooling before or after it, into one step; the order does not matter."""
    chain, found = [node], set[str]()
    while len(chain[-1].users) == 1 and (kind := _kind(graph, after := next(iter(chain[-1].users)))) and kind not in found:
        chain.append(after)
        found.add(kind)
    if "relu" not in found:
        return
    with graph.graph.inserting_after(chain[-1]):
        made = graph.graph.call_function(relu_max_pool if "pool" in found else relu_in_place, (node,))
    chain[-1].replace_all_uses_with(made)
    for gone in reversed(chain[1:]):
        graph.graph.erase_node(gone)


def _kind(graph: fx.GraphModule, node: fx.Node) -> str | None:
    layer = layer_of(graph, node)
    if isinstance(layer, nn.ReLU) or node.target in RELUS:
        return "relu"
    if type(layer) is nn.MaxPool2d and not layer.ceil_mode and not layer.return_indices:
        settings = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
        plain = all(value in (wanted, (wanted, wanted)) for value, wanted in zip(settings, (2, 2, 0, 1), strict=True))
        return "pool" if plain else None
    return None


def _skip_transpose(graph: fx.GraphModule, node: fx.Node, layer: nn.Linear) -> None:
    """Let a linear layer take the values of a convolution in channels-last order, without a transpose, by permuting its weights instead."""
    flat = node.args[0]
    if not isinstance(flat, fx.Node) or len(flat.users) != 1 or not _is_flatten(graph, flat):
        return
    values = before = flat.args[0]
    while isinstance(before, fx.Node) and before.target in (relu_in_place, relu_max_pool):
        before = before.args[0]
    source = layer_of(graph, before) if isinstance(before, fx.Node) else None
    if not isinstance(source, nn.Conv2d) or layer.in_features == source.out_channels:
        return
    twin = nn.Linear(1, 1)
    weight = layer.weight.detach().unflatten(1, (source.out_channels, -1)).transpose(1, 2).flatten(1)
    twin.weight, twin.bias = nn.Parameter(weight, requires_grad=layer.weight.requires_grad), layer.bias
    graph.set_submodule(str(node.target), twin)
    with graph.graph.inserting_before(node):
        node.replace_input_with(flat, graph.graph.call_function(flatten_channels_last, (values,)))
    graph.graph.erase_node(flat)


def _is_flatten(graph: fx.GraphModule, node: fx.Node) -> bool:
    layer = layer_of(graph, node)
    if isinstance(layer, nn.Flatten):
        return (layer.start_dim, layer.end_dim) == (1, -1)
    called = node.target is torch.flatten or (node.op, node.target) == ("call_method", "flatten")
    return called and node.args[1:] == (1,) and not node.kwargs


def flatten_channels_last(x: Tensor) -> Tensor:
    """`(N, C, H, W)` flattened in channels-last order to `(N, H·W·C)`."""
    return x.permute(0, 2, 3, 1).flatten(1)


def relu_in_place(x: Tensor) -> Tensor:
    """The ReLU of `x`; in place if `x` is bfloat16 on a CPU."""
    found: Tensor = _Int16Relu.apply(x) if _is_bf16_on_cpu(x) else torch.relu(x)  # type: ignore[no-untyped-call]
    return found


def relu_max_pool(x: Tensor) -> Tensor:
    """The 2×2 max pooling of the ReLU of `x`, `(N, C, H, W)` → `(N, C, H // 2, W // 2)`; overwrites `x` if it is bfloat16 on a CPU."""
    found: Tensor = _Int16ReluMaxPool.apply(x) if _is_bf16_on_cpu(x) else F.max_pool2d(torch.relu(x), 2)  # type: ignore[no-untyped-call]
    return found


def max_pool(x: Tensor) -> Tensor:
    """The 2×2 max pooling of values ≥ 0, `(N, C, H, W)` → `(N, C, H // 2, W // 2)`, without a gradient."""
    return _maxima(x.view(torch.int16))[1].view(torch.bfloat16) if _is_bf16_on_cpu(x) else _maxima(x)[1]


def _maxima(x: Tensor) -> tuple[Tensor, Tensor]:
    """The larger of each two neighbours in a row, and the largest of each 2×2."""
    even = x[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]
    across = torch.maximum(even[..., ::2], even[..., 1::2])
    return across, torch.maximum(across[:, :, ::2], across[:, :, 1::2])


# the same in plain PyTorch: what the tests compare with
PLAIN: dict[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]] = {
    pad_zero_channel: lambda x: torch.cat([x, torch.zeros_like(x)], 1),
    flatten_channels_last: lambda x: torch.stack([picture.movedim(0, 2).reshape(-1) for picture in x]),
    relu_in_place: torch.relu,
    relu_max_pool: lambda x: torch.relu(F.max_pool2d(x, 2)),
    max_pool: lambda x: F.max_pool2d(x, 2),
}


def _is_bf16_on_cpu(x: Tensor) -> bool:
    return x.dtype == torch.bfloat16 and x.device.type == "cpu"


class _Int16Relu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x.view(torch.int16).clamp_min_(0)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        found: Tensor = torch.ops.aten.threshold_backward(gradient, ctx.saved_tensors[0], 0)
        return found


class _Int16ReluMaxPool(torch.autograd.Function):
    """As in torch, the gradient goes to the first of equal values."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        values = x.view(torch.int16).clamp_min_(0)
        across, most = _maxima(values)
        ctx.save_for_backward(values, across, most)
        return most.view(torch.bfloat16)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        values, across, most = ctx.saved_tensors  # reused for the gradient: allocating memory costs as much as everything else here
        passed = torch.ops.aten.threshold_backward(gradient, most.view(torch.bfloat16), 0).view(torch.int16)
        height, width = 2 * most.shape[2], 2 * most.shape[3]
        even = values[:, :, :height, :width]
        _route_to_larger(passed, across[:, :, ::2], across[:, :, 1::2])
        _route_to_larger(across, even[..., ::2], even[..., 1::2])
        values[:, :, height:].zero_()
        values[..., width:].zero_()
        found: Tensor = values.view(torch.bfloat16)
        return found


def _route_to_larger(passed: Tensor, first: Tensor, second: Tensor) -> None:
    """Write the gradient `passed` to the larger of two values ≥ 0, and 0 to the other, in place."""
    second_is = first - second
    second_is >>= 15  # all bits set where the second is larger, else 0
    torch.bitwise_and(passed, second_is, out=second)
    torch.bitwise_xor(passed, second, out=first)
