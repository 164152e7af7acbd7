"""Networks for answers on a processor: weights packed once, and activations and additions computed while a convolution writes its result.

oneDNN has these operators, and torch names them for its own compiler. Where a gradient is asked for, or plain PyTorch is faster, the
layers here are that.

Shapes: N pictures, C channels in, D channels out.
"""

import copy
import math
import operator
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from ...layers.dialect import SameConv2d, same_padding
from .bf16 import fuse_relu, layer_of, max_pool, relu_in_place, relu_max_pool

# by the word for it in oneDNN: its numbers, its algorithm, the same in plain PyTorch
ACTIVATIONS: dict[str, tuple[list[float], str, Callable[[Tensor], Tensor]]] = {
    "none": ([], "", lambda x: x),
    "relu": ([], "", relu_in_place),
    "hardtanh": ([0.0, 6.0], "", F.relu6),
    "swish": ([], "", F.silu),
    "hardswish": ([], "", F.hardswish),
    "gelu": ([], "none", F.gelu),
    "sigmoid": ([], "", torch.sigmoid),
    "tanh": ([], "", torch.tanh),
}
WORDS: dict[Any, str] = {
    nn.ReLU: "relu", nn.ReLU6: "hardtanh", nn.SiLU: "swish", nn.Hardswish: "hardswish", nn.Sigmoid: "sigmoid", nn.Tanh: "tanh",
    torch.relu: "relu", torch.relu_: "relu", F.relu: "relu", relu_in_place: "relu", "relu": "relu", "relu_": "relu",
    F.relu6: "hardtanh", F.silu: "swish", F.hardswish: "hardswish", F.gelu: "gelu", torch.sigmoid: "sigmoid", torch.tanh: "tanh",
}  # fmt: skip
# products of one picture in float32 below which a convolution without an addition takes up to 1.6 times as long packed as plain; from 12
# million on it takes 0.4 to 0.95 of the time
FEW_PRODUCTS = 4_000_000
ADDITIONS = (operator.add, operator.iadd, torch.add, "add", "add_")


class Packed(nn.Module):
    """A convolution, what is added to it, and the activation of the sum, `(N, C, H, W)` → `(N, D, H', W')`.

    With `pools` a 2×2 max pooling follows the activation, a ReLU. With `reuses` the sum takes the memory of what is added.
    """

    def __init__(self, layer: nn.Conv2d, activation: str = "none", *, pools: bool = False, reuses: bool = False) -> None:
        super().__init__()
        self.weight, self.bias, self.activation, self.pools, self.reuses = layer.weight, layer.bias, activation, pools, reuses
        self.padding, self.settings = layer.padding, (layer.stride, layer.dilation, layer.groups)
        self.same = isinstance(layer, SameConv2d)
        self.products = layer.weight.numel() / math.prod(layer.stride)  # for each place of the input
        # weights, with their padding, for one picture (True), and for several: ResNet-50 takes two to three times as long for one by the
        # weights of several; and for the padding of a size
        self._packed: dict[tuple[int, ...], tuple[Tensor, Any]] = {}

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """The activation of the convolution of `x` plus `other`."""
        if not x.is_cpu or (torch.is_grad_enabled() and (x.requires_grad or self.weight.requires_grad)):
            return self._plain(x, other)
        alone, few = len(x) == 1, not self.same and self.products * x.shape[2] * x.shape[3] < FEW_PRODUCTS
        if alone and other is None and x.dtype == torch.float32 and few:
            return self._plain(x, None)
        of = (alone, *self._around(x))
        if of not in self._packed:
            reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight  # torch's types leave out its last argument
            weight, padding = self._padded(x)
            self._packed[of] = reorder(weight.detach().to_mkldnn(), padding, *self.settings, x.shape), padding
        numbers, algorithm, _ = ACTIVATIONS[self.activation]
        packed, padding = self._packed[of]
        weights, here = (packed, self.bias, padding, *self.settings), torch.ops.mkldnn
        if other is None:
            y = here._convolution_pointwise(x, *weights, self.activation, numbers, algorithm)
            return max_pool(y) if self.pools else cast(Tensor, y)
        after: tuple[Any, ...] = ("add", 1.0, None if self.activation == "none" else self.activation, [], "")
        return cast(Tensor, here._convolution_pointwise_.binary(other if self.reuses else other.clone(), x, *weights, *after))

    def _plain(self, x: Tensor, other: Tensor | None) -> Tensor:
        weight, padding = self._padded(x)
        stride, dilation, groups = self.settings
        y = F.conv2d(x, weight, self.bias, stride, padding, dilation, groups)
        y = y if other is None else y + other
        return relu_max_pool(y) if self.pools else ACTIVATIONS[self.activation][2](y)

    def _around(self, x: Tensor) -> list[int]:
        """The padding around inputs like `x` where it depends on their size; else empty."""
        return same_padding(x, self.weight.shape[-1], self.settings[0][0]) if self.same else []

    def _padded(self, x: Tensor) -> tuple[Tensor, Any]:
        """Kernel and padding for inputs like `x`.

        Where an odd pixel is padded below or right, the kernel has a row of zeros above or a column at its left instead: to pad a copy of
        the inputs took half of the time of such a convolution, a fifth of that of EfficientNet-Lite0.
        """
        if not self.same:
            return self.weight, self.padding
        left, right, top, bottom = self._around(x)
        return F.pad(self.weight, (right - left, 0, bottom - top, 0)), (bottom, right)


class PackedLinear(nn.Module):
    """A linear layer in bfloat16, and the activation of its result, `(N, …, C)` → `(N, …, D)`. In float32 packing gains nothing."""

    def __init__(self, layer: nn.Linear, activation: str = "none") -> None:
        super().__init__()
        self.weight, self.bias, self.activation = layer.weight, layer.bias, activation
        self._packed: dict[bool, Tensor] = {}  # as in `Packed`

    def forward(self, x: Tensor) -> Tensor:
        """The activation of the product with `x`."""
        numbers, algorithm, plain = ACTIVATIONS[self.activation]
        if not x.is_cpu or (torch.is_grad_enabled() and (x.requires_grad or self.weight.requires_grad)):
            return plain(F.linear(x, self.weight, self.bias))
        here, alone = torch.ops.mkldnn, len(x) == 1
        if alone not in self._packed:
            self._packed[alone] = here._reorder_linear_weight(self.weight.detach(), x.shape[:-1].numel())
        return cast(Tensor, here._linear_pointwise(x, self._packed[alone], self.bias, self.activation, numbers, algorithm))


OWN = (Packed, nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d)  # layers whose results share no memory with their inputs


def fused(graph: fx.GraphModule) -> fx.GraphModule | None:
    """A copy of a network in evaluation mode, sharing its other layers, with `Packed` and `PackedLinear` in the place of its layers.

    None without a convolution, or without the operators in torch. Whether this chip has them is known when the copy runs.
    """
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise") and _convolutions(graph)):
        return None
    twin = fx.GraphModule(graph, copy.deepcopy(graph.graph))
    for node in _convolutions(twin):
        fuse_relu(twin, node)
    place = {node: i for i, node in enumerate(twin.graph.nodes)}
    for node in _convolutions(twin):
        _pack(twin, node, place)
    for node in _calls(twin, _is_linear_in_bf16):
        _pack_linear(twin, node)
    twin.recompile()
    return twin.eval()


def _convolutions(graph: fx.GraphModule) -> list[fx.Node]:
    return _calls(graph, _is_convolution)


def _calls(graph: fx.GraphModule, fits: Callable[[nn.Module], bool]) -> list[fx.Node]:
    """The calls of layers that a packed one can take the place of: those without hooks, called once."""
    calls = Counter(node.target for node in graph.graph.nodes)
    layers = [(node, layer_of(graph, node)) for node in graph.graph.nodes if calls[node.target] == 1]
    return [node for node, layer in layers if layer and not layer._forward_hooks and not layer._forward_pre_hooks and fits(layer)]


def _is_convolution(layer: nn.Module) -> bool:
    if type(layer) is SameConv2d:  # in bfloat16 the products of other kernels are summed in another order, which is not tried
        return layer.weight.dtype == torch.float32
    return type(layer) is nn.Conv2d and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _is_linear_in_bf16(layer: nn.Module) -> bool:
    return type(layer) is nn.Linear and layer.weight.dtype == torch.bfloat16 and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _pack_linear(graph: fx.GraphModule, node: fx.Node) -> None:
    """Replace the linear layer at `node`, and the activation that follows it, by one step."""
    after = _only_user(node)
    word = _word(graph, after) if after else ""
    graph.set_submodule(str(node.target), PackedLinear(cast(nn.Linear, layer_of(graph, node)), word or "none"))
    if after and word:
        after.replace_all_uses_with(node)
        graph.graph.erase_node(after)


def _pack(graph: fx.GraphModule, node: fx.Node, place: dict[fx.Node, int]) -> None:
    """Replace the convolution at `node`, and what follows it, by one step."""
    layer, after = cast(nn.Conv2d, layer_of(graph, node)), _only_user(node)
    gone, options = [], dict[str, Any]()
    if after is not None and after.target is relu_max_pool:
        gone, options = [after], {"activation": "relu", "pools": True}
    elif after is not None and (word := _word(graph, after)):
        gone, options = [after], {"activation": word}
    elif after is not None and (other := _added(node, after, place)):
        then = _only_user(after)
        relu = then is not None and _word(graph, then) == "relu"
        gone = [after, then] if relu and then is not None else [after]
        options = {"activation": "relu" if relu else "none", "reuses": _is_free(graph, other, node, after, place)}
        node.args = (*node.args, other)
    graph.set_submodule(str(node.target), Packed(layer, **options))
    if gone:
        gone[-1].replace_all_uses_with(node)
    for each in reversed(gone):
        graph.graph.erase_node(each)


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _word(graph: fx.GraphModule, node: fx.Node) -> str:
    """oneDNN's word for the activation at `node`; empty for another step, or one with settings."""
    layer = layer_of(graph, node)
    if layer is not None:
        return "gelu" if type(layer) is nn.GELU and layer.approximate == "none" else WORDS.get(type(layer), "")
    plain = len(node.args) == 1 and not set(node.kwargs) - {"inplace"}
    return WORDS.get(node.target, "") if plain else ""


def _added(node: fx.Node, after: fx.Node, place: dict[fx.Node, int]) -> fx.Node | None:
    """What `after` adds to the result of `node`, if it is there before `node` is computed."""
    if after.target not in ADDITIONS or len(after.args) != 2 or after.kwargs:
        return None
    other = next((value for value in after.args if value is not node), None)
    computed = isinstance(other, fx.Node) and other.op in ("call_module", "call_function") and place[other] < place[node]
    return cast(fx.Node, other) if computed else None


def _is_free(graph: fx.GraphModule, other: fx.Node, node: fx.Node, after: fx.Node, place: dict[fx.Node, int]) -> bool:
    """Whether the memory of `other` is not read from `node` on, under its own name or another."""
    users = [user for user in other.users if user is not after]
    return all(place[user] < place[node] for user in users) and all(isinstance(layer_of(graph, at), OWN) for at in (other, *users))
