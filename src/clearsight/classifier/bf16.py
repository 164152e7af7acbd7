"""bfloat16 on a processor: what torch is slow at there is computed as whole numbers, in another order, or beside a black channel.

Read as int16, values of bfloat16 that are not negative have the same order. So a ReLU is the larger of a whole number and 0, and
what comes out of it is pooled by comparing whole numbers, without the int64 place of each maximum. Answers and gradients are those of
the plain layers, but that a ReLU gives 0 for a negative NaN.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.autograd.function import once_differentiable


def lean(graph: fx.GraphModule) -> None:
    """Rewrites the steps of a network at rest for channels-last inputs in bfloat16 on a processor; the layers of the original stay."""
    for node in list(graph.graph.nodes):
        layer = _layer(graph, node)
        if sum(other.target == node.target for other in graph.graph.nodes) > 1:
            continue  # a layer used twice, once in another place
        if isinstance(layer, nn.Conv2d):
            _two_channels(graph, node, layer)
            _rectified(graph, node)
        elif isinstance(layer, nn.Linear):
            _unturned(graph, node, layer)


def _layer(graph: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return graph.get_submodule(str(node.target)) if node.op == "call_module" else None


def _two_channels(graph: fx.GraphModule, node: fx.Node, layer: nn.Conv2d) -> None:
    """A convolution of one channel takes four times as long as one of two."""
    if layer.in_channels != 1 or layer.padding_mode != "zeros":
        return
    twin = nn.Conv2d(2, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.dilation)  # type: ignore[arg-type]
    twin.weight = nn.Parameter(F.pad(layer.weight.detach(), (0, 0, 0, 0, 0, 1)), requires_grad=layer.weight.requires_grad)
    twin.bias = layer.bias
    graph.set_submodule(str(node.target), twin)
    with graph.graph.inserting_before(node):
        node.replace_input_with(node.args[0], graph.graph.call_function(beside_black, (node.args[0],)))  # type: ignore[arg-type]


def beside_black(x: Tensor) -> Tensor:
    """`(N, 1, H, W)` with a second channel of zeros."""
    return F.pad(x, (0, 0, 0, 0, 0, 1)).contiguous(memory_format=torch.channels_last)


def _rectified(graph: fx.GraphModule, node: fx.Node) -> None:
    """One step for the ReLU after a convolution, and for the 2×2 pooling before or behind it: both orders give the same."""
    chain, found = [node], set[str]()
    while len(chain[-1].users) == 1 and (kind := _kind(graph, after := next(iter(chain[-1].users)))) and kind not in found:
        chain.append(after)
        found.add(kind)
    if "relu" not in found:
        return
    with graph.graph.inserting_after(chain[-1]):
        made = graph.graph.call_function(rectified_pool if "pool" in found else rectified, (node,))
    chain[-1].replace_all_uses_with(made)
    for gone in reversed(chain[1:]):
        graph.graph.erase_node(gone)


def _kind(graph: fx.GraphModule, node: fx.Node) -> str | None:
    layer = _layer(graph, node)
    if isinstance(layer, nn.ReLU) or node.target in (torch.relu, F.relu) or (node.op, node.target) == ("call_method", "relu"):
        return "relu"
    if type(layer) is nn.MaxPool2d and not layer.ceil_mode and not layer.return_indices:
        settings = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
        plain = all(value in (wanted, (wanted, wanted)) for value, wanted in zip(settings, (2, 2, 0, 1), strict=True))
        return "pool" if plain else None
    return None


def _unturned(graph: fx.GraphModule, node: fx.Node, layer: nn.Linear) -> None:
    """A linear layer that takes a convolution's values as they lie in memory, channels last, so that nobody turns them."""
    flat = node.args[0]
    if not isinstance(flat, fx.Node) or len(flat.users) != 1 or not _flattens(graph, flat):
        return
    values = before = flat.args[0]
    while isinstance(before, fx.Node) and before.target in (rectified, rectified_pool):
        before = before.args[0]
    source = _layer(graph, before) if isinstance(before, fx.Node) else None
    if not isinstance(source, nn.Conv2d) or layer.in_features == source.out_channels:
        return
    twin = nn.Linear(1, 1)
    weight = layer.weight.detach().unflatten(1, (source.out_channels, -1)).transpose(1, 2).flatten(1)
    twin.weight, twin.bias = nn.Parameter(weight, requires_grad=layer.weight.requires_grad), layer.bias
    graph.set_submodule(str(node.target), twin)
    with graph.graph.inserting_before(node):
        node.replace_input_with(flat, graph.graph.call_function(flat_as_it_lies, (values,)))
    graph.graph.erase_node(flat)


def _flattens(graph: fx.GraphModule, node: fx.Node) -> bool:
    layer = _layer(graph, node)
    if isinstance(layer, nn.Flatten):
        return (layer.start_dim, layer.end_dim) == (1, -1)
    called = node.target is torch.flatten or (node.op, node.target) == ("call_method", "flatten")
    return called and node.args[1:] == (1,) and not node.kwargs


def flat_as_it_lies(x: Tensor) -> Tensor:
    """`(N, C, H, W)` as `(N, H·W·C)`."""
    return x.permute(0, 2, 3, 1).flatten(1)


def rectified(x: Tensor) -> Tensor:
    """ReLU of `x`, in its place where it is in bfloat16 on a processor."""
    found: Tensor = _Rectified.apply(x) if _whole(x) else torch.relu(x)  # type: ignore[no-untyped-call]
    return found


def rectified_pool(x: Tensor) -> Tensor:
    """The largest of each 2×2 values of `(N, C, H, W)`, or 0; `x` is lost where it is in bfloat16 on a processor."""
    found: Tensor = _RectifiedPool.apply(x) if _whole(x) else F.max_pool2d(torch.relu(x), 2)  # type: ignore[no-untyped-call]
    return found


def _whole(x: Tensor) -> bool:
    return x.dtype == torch.bfloat16 and x.device.type == "cpu"


class _Rectified(torch.autograd.Function):
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


class _RectifiedPool(torch.autograd.Function):
    """As in torch, the first of equal values has the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        values = x.view(torch.int16).clamp_min_(0)
        even = values[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]
        across = torch.maximum(even[..., ::2], even[..., 1::2])
        most = torch.maximum(across[:, :, ::2], across[:, :, 1::2])
        ctx.save_for_backward(values, across, most)
        return most.view(torch.bfloat16)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        values, across, most = ctx.saved_tensors  # which become the gradient: fresh memory costs as much as all else here
        passed = torch.ops.aten.threshold_backward(gradient, most.view(torch.bfloat16), 0).view(torch.int16)
        height, width = 2 * most.shape[2], 2 * most.shape[3]
        even = values[:, :, :height, :width]
        _to_larger(passed, across[:, :, ::2], across[:, :, 1::2])
        _to_larger(across, even[..., ::2], even[..., 1::2])
        values[:, :, height:].zero_()
        values[..., width:].zero_()
        found: Tensor = values.view(torch.bfloat16)
        return found


def _to_larger(passed: Tensor, first: Tensor, second: Tensor) -> None:
    """Of two values ≥ 0 the larger becomes `passed`, the other 0."""
    second_is = first - second
    second_is >>= 15  # all bits where the second is larger, else none
    torch.bitwise_and(passed, second_is, out=second)
    torch.bitwise_xor(passed, second, out=first)
