"""The formula of a network without branches."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from ..base.errors import UsageError
from ..layers.dropout import Dropout
from ..layers.response import ResponseNorm
from .formula import Formula, Layer
from .words import ACTIVATIONS, Options

SKIPPED = (nn.Identity, nn.Sequential)
PLAIN = {kind: word for word, kind in ACTIVATIONS.items()}
ELEMENTWISE = (*ACTIVATIONS, "leakyrelu", "elu", "dropout")
PAD = "pad"  # zero padding: not a word, but part of the following convolution


def formula(model: nn.Module) -> str:
    """The formula of a network without branches: its layers in the order of computation, `softmax` for a last linear layer.

    Raises UsageError that names the first part that has no word, such as a residual connection.
    """
    try:
        graph = _Tracer().trace(model)
    except Exception as error:  # code of a network may raise anything when it is traced
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{type(model).__name__} cannot be followed layer by layer ({reason}), so it has no formula.") from error
    layers: list[Layer] = []
    before: fx.Node | None = None
    for node in _computing(graph):
        if before is not None and (len(before.users) != 1 or node.all_input_nodes != [before]):
            raise UsageError(f"{type(model).__name__} is not sequential: {_name(before)} feeds more than one layer. It has no formula.")
        before = node
        layers += _layers(model, node)
    return str(Formula(_shortened(layers)))


class _Tracer(fx.Tracer):
    """A tracer that enters every module, except those that have a word, and their variants."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether `m` is one step of the graph."""
        return isinstance(m, tuple(MODULES)) or super().is_leaf_module(m, module_qualified_name)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As in fx, but a slice of a Sequential (`classifier[:-1]`), which is not a submodule, is entered."""
        return forward(*args, **kwargs) if isinstance(m, nn.Sequential) else super().call_module(m, forward, args, kwargs)


def _computing(graph: fx.Graph) -> list[fx.Node]:
    return [node for node in graph.nodes if node.op != "output"]


def _name(node: fx.Node) -> str:
    return str(node.target if node.op == "call_module" else node.name)


def _layers(model: nn.Module, node: fx.Node) -> list[Layer]:
    if node.op == "placeholder":
        return []
    if node.op == "call_module":
        module = model.get_submodule(str(node.target))
        if isinstance(module, SKIPPED):
            return []
        found = MODULES.get(type(module))
        said = found(module) if found else None
    else:
        said = _functional(node)
    if said is None:
        what = type(module).__name__ if node.op == "call_module" else getattr(node.target, "__name__", node.target)
        raise UsageError(f"{type(model).__name__} has no formula: no word says what {_name(node)} ({what}) does.")
    return [Layer(*said)]


def _functional(node: fx.Node) -> tuple[str, Options] | None:
    """The layer of a function: activations, flattening, global means."""
    target = node.target if callable(node.target) else getattr(torch.Tensor, str(node.target), None)
    rest = (*node.args[1:], *node.kwargs.values())
    if target in FUNCTIONS and rest in ((), (False,), (True,)):  # in place or not is the same value
        return FUNCTIONS[target], {}
    if target is F.pad and node.kwargs.get("mode", "constant") == "constant" and not node.kwargs.get("value"):
        around: Any = rest[0]
        return _pad(tuple(around)) if all(isinstance(n, int) for n in around) else None
    if target in (torch.flatten, torch.Tensor.flatten) and rest == (1,):
        return "flatten", {}
    if target in (torch.mean, torch.Tensor.mean) and rest[0] in ((2, 3), [2, 3], (-2, -1), [-2, -1]):
        return "avgpool", {"grid": (1, 1)}
    return None


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _pad(around: tuple[int, ...]) -> tuple[str, Options] | None:
    left, right, top, bottom = around
    return (PAD, {"padding": (top, left)}) if left == right and top == bottom else None


def _conv(layer: nn.Conv2d) -> tuple[str, Options] | None:
    if layer.padding_mode != "zeros":
        return None
    around = layer.padding
    if isinstance(around, str):
        full = [d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
        if around == "same" and any(n % 2 for n in full):
            return None
        around = tuple(n // 2 for n in full) if around == "same" else (0, 0)
    options: Options = {"width": layer.out_channels, "kernel": _pair(layer.kernel_size), "stride": _pair(layer.stride)}
    options |= {"padding": _pair(around), "groups": layer.groups, "dilation": _pair(layer.dilation)}
    return "conv", options | ({"nobias": True} if layer.bias is None else {})


def _pool(layer: Any) -> tuple[str, Options] | None:
    mean = isinstance(layer, nn.AvgPool2d)
    around = _pair(layer.padding)
    if mean and (layer.divisor_override or (not layer.count_include_pad and around != (0, 0))):
        return None
    if not mean and (_pair(layer.dilation) != (1, 1) or layer.return_indices):
        return None
    options = {"kernel": _pair(layer.kernel_size), "stride": _pair(layer.stride), "padding": around}
    return "avgpool" if mean else "pool", options | ({"ceil": True} if layer.ceil_mode else {})


def _adaptive(layer: Any) -> tuple[str, Options] | None:
    grid = (layer.output_size,) * 2 if isinstance(layer.output_size, int) else layer.output_size
    return None if None in grid else ("avgpool" if isinstance(layer, nn.AdaptiveAvgPool2d) else "pool", {"grid": tuple(grid)})


def _linear(layer: nn.Linear) -> tuple[str, Options]:
    return "fc", {"width": layer.out_features} | ({"nobias": True} if layer.bias is None else {})


def _norm(layer: Any) -> tuple[str, Options] | None:
    plain = layer.affine and layer.track_running_stats and layer.momentum is not None
    return ("bn", {"eps": layer.eps, "momentum": layer.momentum}) if plain else None


def _lrn(layer: nn.LocalResponseNorm) -> tuple[str, Options]:
    alpha = float(f"{layer.alpha / layer.size:.12g}")
    return "lrn", {"width": layer.size, "k": float(layer.k), "alpha": alpha, "beta": float(layer.beta)}


def _dropout(layer: nn.Dropout) -> tuple[str, Options]:
    return "dropout", {"rate": float(layer.p)}


MODULES: dict[type[nn.Module], Callable[[Any], tuple[str, Options] | None]] = {
    nn.Conv2d: _conv, nn.Linear: _linear, nn.MaxPool2d: _pool, nn.AvgPool2d: _pool, nn.AdaptiveAvgPool2d: _adaptive,
    nn.AdaptiveMaxPool2d: _adaptive, nn.BatchNorm2d: _norm, nn.BatchNorm1d: _norm, nn.LocalResponseNorm: _lrn, ResponseNorm: _lrn,
    nn.ZeroPad2d: lambda layer: _pad(tuple(layer.padding)),
    nn.Dropout: _dropout, Dropout: _dropout,
    nn.LeakyReLU: lambda layer: ("leakyrelu", {"rate": float(layer.negative_slope)}),
    nn.ELU: lambda layer: ("elu", {"rate": float(layer.alpha)}),
    nn.GELU: lambda layer: ("gelu", {}) if layer.approximate == "none" else None,
    nn.Flatten: lambda layer: ("flatten", {}) if (layer.start_dim, layer.end_dim) == (1, -1) else None,
    **{kind: (lambda layer: (PLAIN[type(layer)], {})) for kind in PLAIN if kind is not nn.GELU},
}  # fmt: skip
FUNCTIONS: dict[Any, str] = {
    torch.relu: "relu", torch.relu_: "relu", F.relu: "relu", torch.Tensor.relu: "relu", torch.Tensor.relu_: "relu",
    torch.tanh: "tanh", torch.Tensor.tanh: "tanh", torch.sigmoid: "sigmoid", torch.Tensor.sigmoid: "sigmoid", F.relu6: "relu6",
    F.gelu: "gelu", F.silu: "silu", F.hardswish: "hardswish",
}  # fmt: skip


def _shortened(layers: list[Layer]) -> tuple[Layer, ...]:
    """Without the flattening that the first linear layer implies; the last linear layer is `softmax`."""
    kept = []
    layers = _padded(layers)
    for i, layer in enumerate(layers):
        after = next((later.word for later in layers[i + 1 :] if later.word not in ELEMENTWISE), "")
        if layer.word != "flatten" or after != "fc":
            kept.append(layer)
    if kept and kept[-1].word == "fc":
        options = {name: value for name, value in kept[-1].options.items() if name != "width"}
        kept[-1] = Layer("softmax", options)
    return tuple(kept)


def _padded(layers: list[Layer]) -> list[Layer]:
    """The layers with padding merged into the convolutions after it."""
    kept: list[Layer] = []
    around = (0, 0)
    for layer in layers:
        if layer.word == PAD:
            around = (around[0] + layer.options["padding"][0], around[1] + layer.options["padding"][1])
            continue
        if around != (0, 0):
            if layer.word != "conv":
                raise UsageError(f"no formula says what padding before {layer.word} does: there is padding of convolutions only.")
            own = layer.options["padding"]
            layer = Layer("conv", {**layer.options, "padding": (own[0] + around[0], own[1] + around[1])})
            around = (0, 0)
        kept.append(layer)
    return kept
