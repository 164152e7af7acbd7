"""A layer in the words of the lecture's listing: `CONV1: 96 11x11 filters at stride 4, pad 0`, without its number."""

from collections.abc import Sequence
from typing import Any

from torch import nn

Operation = tuple[str, Any, tuple[int, ...], list[int]]  # name, arguments, shape of the output, and the padding before it
KINDS = {"convolution": "CONV", "max_pool2d_with_indices": "MAX POOL", "avg_pool2d": "AVG POOL", "mm": "FC", "addmm": "FC"}
KINDS |= {"_adaptive_avg_pool2d": "AVG POOL", "adaptive_max_pool2d": "MAX POOL", "mean": "AVG POOL", "amax": "MAX POOL"}
NORMS = {
    nn.LocalResponseNorm: "NORM",
    nn.modules.batchnorm._BatchNorm: "BATCH NORM",
    nn.LayerNorm: "LAYER NORM",
    nn.GroupNorm: "GROUP NORM",
}


def described(module: nn.Module, operations: Sequence[Operation]) -> tuple[str, str]:
    """The name of a layer in the lecture's listing (CONV, MAX POOL, NORM, FC), and its description, by the operations that it ran."""
    norm = next((label for kind, label in NORMS.items() if isinstance(module, kind)), "")
    if norm or len(operations) != 1:
        return (norm, "Normalization layer") if norm else ("", type(module).__name__)
    name, args, shape, padding = operations[0]
    label = KINDS[name]
    if label == "FC":
        return label, f"{shape[-1]} neurons"
    if "adaptive" in name and args[0].shape == shape:  # as before VGG's first FC at the published size
        return "", f"{type(module).__name__}, changes nothing at this size"
    if "adaptive" in name or name in ("mean", "amax"):
        whole = name in ("mean", "amax") or tuple(shape[-2:]) == (1, 1)
        return label, "one value a channel" if whole else f"to {shape[-2]}x{shape[-1]}"
    return label, (_convolution if label == "CONV" else _pooling)(args, padding)


def _convolution(args: Any, outside: list[int]) -> str:
    weight, stride, padding, dilation, transposed, groups = args[1], args[3], args[4], args[5], args[6], args[8]
    filters = weight.shape[1] * groups if transposed else weight.shape[0]
    kernel = "x".join(str(n) for n in weight.shape[2:])
    parts = [f"{filters} {kernel} filters at stride {_square(stride)}", f"pad {_around(padding, outside)}"]
    if max(dilation) > 1:
        parts.append(f"dilation {_square(dilation)}")
    if groups > 1:
        parts.append("one channel each" if weight.shape[1] == 1 else f"{groups} groups")
    return ("transposed, " if transposed else "") + ", ".join(parts)


def _pooling(args: Any, outside: list[int]) -> str:
    kernel = [args[1]] * 2 if isinstance(args[1], int) else args[1]
    stride = args[2] if len(args) > 2 and args[2] else kernel
    around = _around(args[3] if len(args) > 3 else [0], outside)
    return f"{'x'.join(str(n) for n in kernel)} filters at stride {_square(stride)}" + (f", pad {around}" if around != "0" else "")


def _square(values: Any) -> str:
    values = [values] if isinstance(values, int) else list(values)
    return str(values[0]) if len(set(values)) == 1 else "x".join(str(n) for n in values)


def _around(padding: Any, outside: list[int]) -> str:
    """One number if all sides have the same padding, or else top, bottom, left, right."""
    rows, columns = ([padding] * 2 if isinstance(padding, int) else list(padding) * 2)[:2]
    left, right, top, bottom = ([*outside, 0, 0, 0, 0])[:4]
    sides = [rows + top, rows + bottom, columns + left, columns + right]
    return str(sides[0]) if len(set(sides)) == 1 else "/".join(str(n) for n in sides)
