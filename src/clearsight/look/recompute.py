"""Recompute one number of an operation's output in float64: one rule per operation, in the network's own order of axes.

A convolution, a linear layer, a pooling, a norm over tokens and a softmax take what the network had at their input. Batch norm,
activations, sums, products and what only moves numbers are followed further back, so that a block of a residual network
ends at its convolutions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import torch
from torch import Tensor

from ..base.errors import ClearsightError
from .op_trace import Index, Operation, Place, Ref, Trace, came_from


@dataclass(frozen=True)
class Count:
    """A number and the largest that went into it; of a batch norm `affine`, the factor and the shift of its input."""

    value: float
    scale: float
    affine: tuple[float, float] | None = None


class Step(TypedDict):
    """An operation and its result; of a batch norm also its factor and shift: value = factor · input + shift."""

    operation: str
    value: float
    affine: NotRequired[tuple[float, float]]


@dataclass(frozen=True)
class Sum:
    """The terms of a sum, which with `bias` make it up; of a convolution the patch and the kernel, both from channel `first_channel` on."""

    contributions: list[float]
    bias: float = 0.0
    patch: Tensor | None = None
    kernel: Tensor | None = None
    first_channel: int = 0


def stepped(operation: str, count: Count) -> Step:
    """The step that made a number."""
    step: Step = {"operation": operation, "value": count.value}
    return {**step, "affine": count.affine} if count.affine else step


class Recount:
    """Numbers of a trace computed again; `steps` says how, `sum` is the last convolution, linear layer or mean.

    `source` says where a term of it came from, by its index in the terms: None for padding.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.steps: list[Step] = []
        self.sum: Sum | None = None
        self.source: Callable[[Index], Place | None] | None = None

    def at(self, number: int, index: Index) -> Count:
        """The number at `index` of the value `number`; what came from outside of the layer is taken from the network."""
        operation = self.trace.made_by.get(number)
        if operation is None:
            own = float(self.values(Ref(number))[index])
            self.steps.append({"operation": "input", "value": own})
            return Count(own, abs(own))
        rule = RULES.get(operation.name)
        if rule is None and operation.name not in UNARY:
            raise ClearsightError(f"{operation.name} has no rule here, so its numbers cannot be computed again: choose a layer before it.")
        count = rule(self, operation, index) if rule else self.elementwise(operation, index, self.of(operation.args[0], index))
        if operation.name not in MOVES:
            self.steps.append(stepped(operation.name, count))
        return count

    def of(self, argument: Any, index: Index) -> Count:
        """An operand that may be a number, or smaller than the result it is broadcast to."""
        if not isinstance(argument, Ref):
            return Count(float(argument), abs(float(argument)))
        return self.at(*self.place(argument, index))

    def place(self, ref: Ref, index: Index) -> Place:
        """The place of an operand that may be smaller than the result it is broadcast to."""
        shape = self.values(ref).shape
        place = index[len(index) - len(shape) :]
        return ref.number, tuple(0 if n == 1 else i for i, n in zip(place, shape, strict=True))

    def operands(self, operation: Operation, index: Index) -> Callable[[Index], Place | None]:
        """Where the operands of a sum or a product came from, by their order; None for a constant."""
        args = operation.args
        return lambda term: self.place(args[term[0]], index) if isinstance(args[term[0]], Ref) else None

    def values(self, ref: Ref) -> Tensor:
        """What the network had."""
        return self.trace.values[ref.number]

    def summed(self, terms: Tensor, bias: float, patch: Tensor | None = None, kernel: Tensor | None = None, first: int = 0) -> Count:
        """A sum over dimension 0 of `terms`, float64, each of which may be one of several."""
        each = terms.flatten(1).sum(1) if terms.ndim > 1 else terms
        self.sum = Sum(each.tolist(), bias, patch, kernel, first)
        return Count(float(terms.sum()) + bias, max(float(terms.abs().max()) if terms.numel() else 0.0, abs(bias)))

    def elementwise(self, operation: Operation, index: Index, given: Count) -> Count:
        """Batch norm or an activation of a number that was computed."""
        if operation.name == "native_batch_norm":
            return batch_norm_of(self, operation, index, given)
        value = torch.tensor([given.value], dtype=torch.float64)
        rest = operation.args[1:]
        return Count(float(UNARY[operation.name](value, *rest)), given.scale)


def convolution(count: Recount, operation: Operation, index: Index) -> Count:
    """convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)."""
    x, weight = count.values(operation.args[0]), count.values(operation.args[1]).double()
    stride, padding, dilation, transposed, _, groups = operation.args[3:9]
    if x.ndim != 4:
        raise ClearsightError("a convolution that is not over rows and columns has no rule here: choose another layer.")
    n, channel, *at = index
    bias = float(count.values(operation.args[2])[channel]) if operation.args[2] is not None else 0.0
    if transposed:
        weight = weight.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)  # as if it were an ordinary one
    inputs = weight.shape[1]
    first = channel // (weight.shape[0] // groups) * inputs

    def seen(i: int, j: int) -> tuple[int, int] | None:
        """Row and column under a place of the kernel; None in the padding."""
        if transposed:  # the places whose filter, laid down by strides, covers this one
            steps = [divmod(a + p - k * d, s) for a, s, p, k, d in zip(at, stride, padding, (i, j), dilation, strict=True)]
            row, column = (whole if not rest else -1 for whole, rest in steps)
        else:
            row, column = (a * s - p + k * d for a, s, p, k, d in zip(at, stride, padding, (i, j), dilation, strict=True))
        return (row, column) if 0 <= row < x.shape[2] and 0 <= column < x.shape[3] else None

    patch = torch.zeros(weight.shape[1:], dtype=torch.float64)
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            if place := seen(i, j):
                patch[:, i, j] = x[(n, slice(first, first + inputs), *place)]

    def source(term: Index) -> Place | None:
        place = seen(*term[1:])
        return place and (operation.args[0].number, (n, first + term[0], *place))

    count.source = source
    return count.summed(patch * weight[channel], bias, patch, weight[channel], first)


def linear(count: Recount, operation: Operation, index: Index) -> Count:
    """addmm(bias, x, weight) and mm(x, weight): weights already transposed."""
    *bias, x, weight = (a for a in operation.args if isinstance(a, Ref))
    terms = count.values(x)[index[0]].double() * count.values(weight)[:, index[1]].double()
    own = count.values(bias[0]) if bias else torch.zeros(1)
    count.source = lambda term: (x.number, (index[0], term[0]))
    return count.summed(terms, float(own.broadcast_to(count.trace.values[operation.out].shape)[index]) if bias else 0.0)


def product(count: Recount, operation: Operation, index: Index) -> Count:
    """bmm(a, b)."""
    a, b = (count.values(ref).double() for ref in operation.args)
    count.source = lambda term: (operation.args[0].number, (*index[:2], term[0]))
    return count.summed(a[index[0], index[1]] * b[index[0], :, index[2]], 0.0)


def batch_norm(count: Recount, operation: Operation, index: Index) -> Count:
    """native_batch_norm(input, weight, bias, mean, variance, training, momentum, eps)."""
    return batch_norm_of(count, operation, index, count.of(operation.args[0], index))


def batch_norm_of(count: Recount, operation: Operation, index: Index, given: Count) -> Count:
    """Batch norm of a number that was computed; a norm that measures this very picture has no rule."""
    if operation.args[5]:
        raise ClearsightError("a batch norm that measures this picture has no rule here: give it running statistics.")
    weight, bias, mean, variance = (float(count.values(a)[index[1]]) if isinstance(a, Ref) else default
                                    for a, default in zip(operation.args[1:5], (1.0, 0.0, 0.0, 1.0), strict=True))  # fmt: skip
    factor = weight / (variance + operation.args[7]) ** 0.5
    value = (given.value - mean) * factor + bias
    return Count(value, max(given.scale * abs(factor), abs(mean * factor), abs(bias)), (factor, bias - mean * factor))


def window(count: Recount, operation: Operation, index: Index) -> tuple[Tensor, int]:
    """The numbers under a pooling's window, in order, and how many places count (those of padding do, what ceil mode adds does not)."""
    dims, args = 3 if operation.name.endswith("3d") else 2, operation.args
    x = count.values(args[0])[index[:-dims]]
    kernel = _each(args[1], dims)
    stride = _each(args[2], dims) if len(args) > 2 and args[2] else kernel
    padding, dilation = _each(args[3] if len(args) > 3 else 0, dims), [1] * dims
    if operation.name.startswith("max") and len(args) > 4:
        dilation = _each(args[4], dims)
    ranges, places = [], 1
    for a, k, s, p, d, n in zip(index[-dims:], kernel, stride, padding, dilation, x.shape, strict=True):
        begin = a * s - p
        ranges.append([begin + i * d for i in range(k) if 0 <= begin + i * d < n])
        places *= min(begin + k, n + p) - begin
    return gathered(count, args[0], [[i] for i in index[:-dims]] + ranges), places


def gathered(count: Recount, ref: Ref, ranges: list[list[int]]) -> Tensor:
    """The numbers of a value at these indices of each axis, in order, float64; the recount learns where each came from."""
    sizes = [len(one) for one in ranges]
    count.source = lambda term: (
        ref.number,
        tuple(one[int(k)] for one, k in zip(ranges, torch.unravel_index(torch.tensor(term[0]), sizes), strict=True)),
    )
    return count.values(ref)[torch.meshgrid(*map(torch.tensor, ranges), indexing="ij")].double().flatten()


def largest(count: Recount, seen: Tensor) -> Count:
    """The largest of numbers that were gathered; the recount learns where it came from."""
    each, winner = count.source, int(seen.argmax())
    count.source = lambda _: each((winner,)) if each else None
    return Count(float(seen.max()), float(seen.abs().max()))


def _each(values: Any, dims: int) -> list[int]:
    every: list[int] = [values] if isinstance(values, int) else list(values)
    return every * dims if len(every) == 1 else every


def max_pool(count: Recount, operation: Operation, index: Index) -> Count:
    """max_pool2d_with_indices(input, kernel, stride, padding, dilation, ceil)."""
    return largest(count, window(count, operation, index)[0])


def avg_pool(count: Recount, operation: Operation, index: Index) -> Count:
    """avg_pool2d, avg_pool3d (input, kernel, stride, padding, ceil, count_include_pad, divisor)."""
    seen, places = window(count, operation, index)
    args = operation.args
    divisor = args[6] if len(args) > 6 and args[6] else places if len(args) <= 5 or args[5] else seen.numel()
    return count.summed(seen / divisor, 0.0)


def adaptive(count: Recount, operation: Operation, index: Index) -> Count:
    """_adaptive_avg_pool2d(input, size): windows from floor(i·n/m) up to ceil((i+1)·n/m)."""
    given, sizes = (tensor.shape[-2:] for tensor in (count.values(operation.args[0]), count.trace.values[operation.out]))
    windows = [list(range(a * n // m, -(-(a + 1) * n // m))) for a, n, m in zip(index[-2:], given, sizes, strict=True)]
    seen = gathered(count, operation.args[0], [[i] for i in index[:-2]] + windows)
    return count.summed(seen / seen.numel(), 0.0)


def reduced(count: Recount, operation: Operation, index: Index) -> Count:
    """mean, sum, amax (input, dimensions, keep)."""
    x, args = count.values(operation.args[0]), operation.args
    dims = {d % x.ndim for d in (_listed(args[1]) if len(args) > 1 and args[1] is not None else range(x.ndim))}
    kept = len(index) == x.ndim
    rest = iter(index)
    ranges = [[next(rest)] if d not in dims else (list(range(x.shape[d])), next(rest) if kept else 0)[0] for d in range(x.ndim)]
    seen = gathered(count, operation.args[0], ranges)
    if operation.name == "amax":
        return largest(count, seen)
    return count.summed(seen / (seen.numel() if operation.name == "mean" else 1), 0.0)


def _listed(dims: Any) -> list[int]:
    return [dims] if isinstance(dims, int) else list(dims)


def layer_norm(count: Recount, operation: Operation, index: Index) -> Count:
    """native_layer_norm(input, shape, weight, bias, eps)."""
    x, shape, weight, bias, eps = operation.args
    count.source = lambda _: (x.number, index)
    seen = count.values(x)[index[: len(index) - len(shape)]].double()
    place = index[len(index) - len(shape) :]
    factor = (float(count.values(weight)[place]) if weight else 1.0) / float(seen.var(correction=0) + eps) ** 0.5
    shift = float(count.values(bias)[place]) if bias else 0.0
    return Count(float(seen[place] - seen.mean()) * factor + shift, max(float(seen.abs().max()) * abs(factor), abs(shift)))


def group_norm(count: Recount, operation: Operation, index: Index) -> Count:
    """native_group_norm(input, weight, bias, N, C, H·W, groups, eps)."""
    x, weight, bias, _, channels, _, groups, eps = operation.args
    size = channels // groups
    count.source = lambda _: (x.number, index)
    first = index[1] // size * size
    values = count.values(x)[index[0]].double()
    seen = values[first : first + size]
    factor = (float(count.values(weight)[index[1]]) if weight else 1.0) / float(seen.var(correction=0) + eps) ** 0.5
    shift = float(count.values(bias)[index[1]]) if bias else 0.0
    return Count(float(values[index[1:]] - seen.mean()) * factor + shift, max(float(seen.abs().max()) * abs(factor), abs(shift)))


def softmax(count: Recount, operation: Operation, index: Index) -> Count:
    """_softmax(input, dim, …)."""
    x = count.values(operation.args[0]).double()
    value = float(torch.softmax(x, operation.args[1])[index])
    return Count(value, value)


def attention(count: Recount, operation: Operation, index: Index) -> Count:
    """_scaled_dot_product_flash_attention_for_cpu(q, k, v): softmax(q·kᵀ / √d)·v, of one token and head."""
    q, k, v = (count.values(ref)[index[:2]].double() for ref in operation.args[:3])
    count.source = lambda term: (operation.args[2].number, (*index[:2], term[0], index[3]))
    weights = torch.softmax(k @ q[index[2]] / q.shape[-1] ** 0.5, 0)
    return count.summed(weights * v[:, index[3]], 0.0)


def added(count: Recount, operation: Operation, index: Index) -> Count:
    """add, sub (a, b)."""
    a, b = (count.of(argument, index) for argument in operation.args[:2])
    sign = -1.0 if operation.name == "sub" else 1.0
    count.sum, count.source = Sum([a.value, sign * b.value]), count.operands(operation, index)
    return Count(a.value + sign * b.value, max(a.scale, b.scale))


def multiplied(count: Recount, operation: Operation, index: Index) -> Count:
    """mul, div (a, b)."""
    a, b = (count.of(argument, index) for argument in operation.args[:2])
    count.source = count.source or count.operands(operation, index)
    if operation.name == "div":
        b = Count(1 / b.value, abs(b.scale / b.value**2))
    return Count(a.value * b.value, max(a.scale * abs(b.value), b.scale * abs(a.value)))


def addcmul(count: Recount, operation: Operation, index: Index) -> Count:
    """addcmul(a, b, c): a + b·c, a shortcut plus a scaled branch."""
    a, b, c = (count.of(argument, index) for argument in operation.args[:3])
    count.sum, count.source = Sum([a.value, b.value * c.value]), count.operands(operation, index)
    return Count(a.value + b.value * c.value, max(a.scale, b.scale * abs(c.value), c.scale * abs(b.value)))


def moved(count: Recount, operation: Operation, index: Index) -> Count:
    """What only moves numbers: the number is computed where it came from; a constant that fills a rim is the network's own."""
    place = came_from(count.trace, operation, index)
    if place is None:
        own = float(count.trace.values[operation.out][index])
        return Count(own, abs(own))
    return count.at(*place)


def restrided(count: Recount, operation: Operation, index: Index) -> Count:
    """as_strided, where it changes the layout in memory and no number."""
    if not torch.equal(count.values(operation.args[0]), count.trace.values[operation.out]):
        raise ClearsightError("as_strided that takes other numbers has no rule here: choose a layer before it.")
    return count.of(operation.args[0], index)


_MOVES = """view _unsafe_view permute transpose t expand slice select cat clone constant_pad_nd unbind split split_with_sizes
squeeze unsqueeze alias detach roll flip stack native_dropout"""
MOVES = tuple(_MOVES.split())
_UNARY = "relu hardtanh silu gelu hardswish hardsigmoid sigmoid tanh elu leaky_relu softplus mish exp neg sqrt abs pow clamp"
UNARY: dict[str, Callable[..., Tensor]] = {name: getattr(torch.ops.aten, name) for name in _UNARY.split()}
_BY_RULE: dict[Callable[[Recount, Operation, Index], Count], str] = {
    convolution: "convolution",
    linear: "addmm mm",
    product: "bmm",
    batch_norm: "native_batch_norm _native_batch_norm_legit_no_training",
    max_pool: "max_pool2d_with_indices",
    avg_pool: "avg_pool2d avg_pool3d",
    adaptive: "_adaptive_avg_pool2d",
    reduced: "mean sum amax",
    layer_norm: "native_layer_norm",
    group_norm: "native_group_norm",
    softmax: "_softmax _safe_softmax",
    attention: "_scaled_dot_product_flash_attention_for_cpu",
    added: "add sub",
    multiplied: "mul div",
    addcmul: "addcmul",
    moved: _MOVES,
    restrided: "as_strided",
}
RULES = {name: rule for rule, names in _BY_RULE.items() for name in names.split()}
