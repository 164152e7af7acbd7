"""Receptive fields: the part of the input that each unit of a tensor depends on, computed operation by operation.

A unit at (y, x) depends on the rows y·stride − padding … + size − 1, and the columns likewise (A. Araujo, W. Norris, J. Sim,
Computing receptive fields of convolutional neural networks, Distill, 2019). `exact` is the smallest box around them
(a dilated filter leaves gaps in it); for several branches it is the box around theirs. `whole input` means that
every pixel can matter: after global pooling, flattening, attention, a squeeze-and-excitation gate, or a norm over the maps.
`upper bound` means that the field is at most this box. `plain_fields` restates it by trying every row and column of the input.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import torch
from torch import Tensor

EXACT, WHOLE, BOUND = "exact", "whole input", "upper bound"
Pair = tuple[float, float]


@dataclass(frozen=True)
class Field:
    """The receptive field of the units of one tensor, (rows, columns) in pixels of an input of `seen` pixels.

    `axes` are its dimensions of rows and columns, None once they are mixed; `places` all dimensions along which units have
    different places; `grid` the number of places; `folded` (dimension, sizes, offsets of rows and columns) describes what a view
    merged into one dimension and may split again. `depth` counts the layers with weights on the longest path to it, `steps`
    those that `summarise` was asked to count.
    """

    seen: tuple[int, int]
    grid: tuple[int, int]
    size: Pair = (1, 1)
    stride: Pair = (1, 1)
    before: Pair = (0, 0)
    after: Pair = (0, 0)
    status: str = EXACT
    axes: tuple[int, int] | None = (2, 3)
    places: frozenset[int] = frozenset({2, 3})
    folded: tuple[int, tuple[int, ...], tuple[int, int]] | None = None
    depth: int = 0
    steps: int = 0

    def windowed(
        self, kernel: Sequence[int], stride: Sequence[float], before: Sequence[float], after: Sequence[float], dilation: Sequence[int]
    ) -> "Field":
        """The field after a window that slides over rows and columns."""
        return replace(
            self,
            size=_each(lambda r, k, d, s: r + d * (k - 1) * s, self.size, kernel, dilation, self.stride),
            before=_each(lambda b, p, s: b + p * s, self.before, before, self.stride),
            after=_each(lambda b, p, s: b + p * s, self.after, after, self.stride),
            stride=_each(lambda s, n: s * n, self.stride, stride),
        )

    def everything(self, status: str = WHOLE) -> "Field":
        """The field of the whole input."""
        status = status if self.status != WHOLE else WHOLE
        zeros = (0.0, 0.0)
        return replace(self, size=self.seen, stride=zeros, before=zeros, after=zeros, status=status)

    def gathered(self) -> "Field":
        """The field of all units of the grid together."""
        if self.status != EXACT:
            return self.everything(self.status)
        size = _each(lambda r, n, s: r + (n - 1) * s, self.size, self.grid, self.stride)
        return replace(self, size=size, stride=(0.0, 0.0), grid=(1, 1), places=frozenset()).checked()

    def checked(self) -> "Field":
        """The same field, named `whole input` if the grid has one unit that depends on all of it."""
        if self.status != EXACT or self.grid != (1, 1):
            return self
        covers = all(b >= 0 and r - b >= n for r, b, n in zip(self.size, self.before, self.seen, strict=True))
        return self.everything() if covers else self

    def moved(self, axes: Callable[[int], int | None], tensor: Tensor) -> "Field":
        """The same field with dimension d moved to `axes(d)`, or removed (None)."""
        places = frozenset(d for old in self.places if (d := axes(old)) is not None and tensor.shape[d] > 1)
        new = [axes(d) for d in self.axes] if self.axes else [None]
        home = axes(self.folded[0]) if self.folded else None
        folded = (home, *self.folded[1:]) if self.folded and home is not None else None
        return changed(self, places=places, axes=None if None in new else tuple(new), folded=folded)


def changed(field: Field, **values: Any) -> Field:
    """A field with other values, or itself where they are the same: most operations change nothing, and a copy costs more than asking."""
    return field if all(getattr(field, name) == value for name, value in values.items()) else replace(field, **values)


def _each(rule: Callable[..., float], *pairs: Sequence[float]) -> Pair:
    rows, columns = (rule(*numbers) for numbers in zip(*pairs, strict=True))
    return rows, columns


def union(fields: Sequence[Field]) -> Field:
    """The box around the fields of several tensors that are added, multiplied or concatenated."""
    first = max(fields, key=lambda field: len(field.places))
    first = changed(first, depth=max(field.depth for field in fields))
    if any(field.status == WHOLE for field in fields):
        return first.everything()
    if any(field.stride != first.stride or field.axes != first.axes or field.grid != first.grid for field in fields):
        return first.everything(BOUND)
    before = _each(lambda *n: max(n), *(field.before for field in fields))
    after = _each(lambda *n: max(n), *(field.after for field in fields))
    end = [max(field.size[i] - field.before[i] for field in fields) for i in (0, 1)]
    status = BOUND if any(field.status == BOUND for field in fields) else EXACT
    return changed(first, before=before, size=_each(lambda e, b: e + b, end, before), after=after, status=status)


def _pair(values: Any, default: int = 1) -> list[int]:
    values = [values] if isinstance(values, int) else list(values)
    return [default] * 2 if not values else values * 2 if len(values) == 1 else values[-2:]


def _grid(field: Field, out: Tensor) -> Field:
    """The field with the number of units of `out`."""
    if field.axes is None:
        return field
    grid = (out.shape[field.axes[0]], out.shape[field.axes[1]])
    return changed(field, grid=grid, places=frozenset(d for d in field.places if out.shape[d] > 1)).checked()


def _slides(field: Field, out: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any = (1, 1)) -> Field:
    if field.axes != (out.ndim - 2, out.ndim - 1):
        return field.everything(BOUND) if field.places else field
    around = _pair(padding, 0)
    return _grid(field.windowed(_pair(kernel), _pair(stride), around, around, _pair(dilation)), out)


def convolution(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """aten.convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)."""
    kernel, stride, padding, dilation = list(args[1].shape[2:]), args[3], args[4], args[5]
    if not args[6]:
        return _slides(field, out, kernel, stride, padding, dilation)
    reach = [d * (k - 1) / s for d, k, s in zip(dilation, kernel, stride, strict=True)]  # in units of the input
    before = [r - p / s for r, p, s in zip(reach, padding, stride, strict=True)]
    after = [p / s for p, s in zip(padding, stride, strict=True)]
    wider = field.windowed([1, 1], [1 / s for s in stride], before, after, [1, 1])
    size = _each(lambda r, n, s: r + n * s, field.size, reach, field.stride)
    return _grid(replace(wider, size=size, status=BOUND if field.status == EXACT else field.status), out)


def pool(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """max_pool2d(input, kernel, stride, padding, dilation, ceil) and avg_pool2d(input, kernel, stride, padding, …)."""
    kernel = args[1]
    stride = args[2] if len(args) > 2 and args[2] else kernel
    dilation = args[4] if len(args) > 4 and not isinstance(args[4], bool) else 1
    return _slides(field, out, kernel, stride, args[3] if len(args) > 3 else 0, dilation)


def adaptive(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """Pooling to a given number of rows and columns; windows differ by one if it is not a divisor."""
    if field.axes != (out.ndim - 2, out.ndim - 1):
        return field.everything(BOUND)
    after = out.shape[-2:]
    even = all(n % m == 0 for n, m in zip(field.grid, after, strict=True))
    kernel = [n // m if even else ceil(n / m) + 2 for n, m in zip(field.grid, after, strict=True)]
    around = [0 if even else 1, 0 if even else 1]
    wider = field.windowed(kernel, [n / m for n, m in zip(field.grid, after, strict=True)], around, around, [1, 1])
    return _grid(wider if even or field.status != EXACT else replace(wider, status=BOUND), out)


def pad(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """Padding: constant_pad_nd(input, [left, right, top, bottom], …)."""
    sides = list(args[1]) + [0] * (2 * out.ndim - len(args[1]))
    if field.axes is None:
        return field if not any(sides) else field.everything(BOUND)
    top, left = (sides[2 * (out.ndim - 1 - d)] for d in field.axes)
    bottom, right = (sides[2 * (out.ndim - 1 - d) + 1] for d in field.axes)
    return _grid(field.windowed([1, 1], [1, 1], [top, left], [bottom, right], [1, 1]), out)


def enlarged(field: Field, _: Sequence[Any], out: Tensor) -> Field:
    """Nearest or bilinear interpolation: at most one more neighbour on each side."""
    after = out.shape[-2:]
    steps = [n / m for n, m in zip(field.grid, after, strict=True)]
    wider = field.windowed([3, 3], steps, [1, 1], [1, 1], [1, 1])
    return _grid(replace(wider, status=BOUND if field.status == EXACT else field.status), out)


def reduced(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """mean, sum, amax … over dimensions: over all places, or over no places."""
    ndim = args[0].ndim
    dims = args[1] if len(args) > 1 and args[1] is not None and args[1] != [] else list(range(ndim))
    gone = {d % ndim for d in ([dims] if isinstance(dims, int) else dims)}
    if field.places & gone:
        field = field.gathered() if field.places <= gone else field.everything(BOUND)
    if out.ndim == ndim:
        return _grid(field.moved(lambda d: d, out), out) if field.axes else field
    return field.moved(lambda d: None if d in gone else d - sum(g < d for g in gone), out)


def contracted(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """A linear layer over the last dimension of an activation `args[0]`."""
    last = args[0].ndim - 1
    if last in field.places:
        return field.gathered() if field.places == {last} else field.everything(BOUND)
    return field.moved(lambda d: d if d < out.ndim else None, out)


def mixed(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """The product of two activations, as in attention: mixes all places, except those in the batch dimension."""
    return field.everything(BOUND if 0 in field.places else WHOLE)


def normed(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """layer_norm(input, shape, …): each place separately, or all together."""
    over = set(range(args[0].ndim - len(args[1]), args[0].ndim))
    return field if not field.places & over else field.everything(WHOLE if field.places <= over else BOUND)


def over_maps(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """A norm whose statistics are taken over the maps."""
    return field.everything()


def batch_norm(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """batch_norm(input, weight, bias, mean, variance, training, …): each unit separately, unless statistics are of this picture."""
    return field.everything() if len(args) > 5 and args[5] is True else field


def along(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """softmax(input, dim): each place separately, or all together."""
    return field.everything() if args[1] % args[0].ndim in field.places else field


def _groups(source: Sequence[int], target: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """The dimensions of `source` and of `target` that hold the same values, in the smallest groups; a last empty one if that fails."""
    i = j = 0
    while i < len(source) or j < len(target):
        left, right = [i], [j]
        a, b = (source[i] if i < len(source) else 1), (target[j] if j < len(target) else 1)
        while a != b:
            if a < b and left[-1] + 1 < len(source):
                left.append(left[-1] + 1)
                a *= source[left[-1]]
            elif a > b and right[-1] + 1 < len(target):
                right.append(right[-1] + 1)
                b *= target[right[-1]]
            else:
                yield [], []
                return
        yield [d for d in left if d < len(source)], [d for d in right if d < len(target)]
        i, j = left[-1] + 1, right[-1] + 1


def reshaped(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """view: split or merged dimensions keep their meaning."""
    places, axes, folded = set[int](), dict[int, int](), None
    for left, right in _groups(args[0].shape, out.shape):
        if not left and not right:
            return field.everything(BOUND)
        if field.places & set(left):
            places |= set(right)
        if len(left) == len(right) == 1:
            axes[left[0]] = right[0]
            if field.folded and field.folded[0] == left[0]:
                folded = (right[0], *field.folded[1:])
        elif len(right) == 1 and field.axes and set(field.axes) <= set(left):
            folded = (right[0], tuple(args[0].shape[d] for d in left), (left.index(field.axes[0]), left.index(field.axes[1])))
        elif field.folded and left == [field.folded[0]] and tuple(out.shape[d] for d in right) == field.folded[1]:
            return replace(field, axes=(right[field.folded[2][0]], right[field.folded[2][1]]), places=_wide(places, out), folded=None)
    rows = [axes.get(d) for d in field.axes] if field.axes else [None]
    return replace(field, places=_wide(places, out), axes=None if None in rows else tuple(rows), folded=folded)  # type: ignore[arg-type]


def _wide(places: Iterable[int], out: Tensor) -> frozenset[int]:
    return frozenset(d for d in places if out.shape[d] > 1)


def permuted(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """permute(input, order), transpose(input, a, b), t(input)."""
    order = list(range(out.ndim))
    if len(args) == 2:
        order = [d % out.ndim for d in args[1]]
    else:
        a, b = (d % out.ndim for d in args[1:]) if len(args) == 3 else (0, out.ndim - 1)
        order[a], order[b] = b, a
    return field.moved(order.index, out)


def squeezed(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """squeeze(input, dim): dimensions of size one are removed."""
    ndim = args[0].ndim
    dims = [args[1]] if len(args) > 1 and isinstance(args[1], int) else args[1] if len(args) > 1 else range(ndim)
    gone = {d % ndim for d in dims if args[0].shape[d] == 1}
    return field.moved(lambda d: None if d in gone else d - sum(g < d for g in gone), out)


def unsqueezed(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """unsqueeze(input, dim): a new dimension of size one."""
    new = args[1] % out.ndim
    return field.moved(lambda d: d + (d >= new), out)


def picked(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """select(input, dim, …), unbind(input, dim): a dimension is removed."""
    gone = args[1] % args[0].ndim if len(args) > 1 else 0
    field = field.everything(BOUND) if gone in field.places else field
    return field.moved(lambda d: None if d == gone else d - (d > gone), out)


def cut(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """split(input, sizes, dim): along a dimension without places, or else the whole input."""
    return field.everything(BOUND) if (args[2] % out.ndim if len(args) > 2 else 0) in field.places else field


def indexed(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """index(input, [None, which, …]): along a dimension without places, or else the whole input."""
    dims = {d for d, index in enumerate(args[1]) if index is not None}
    return field.everything(BOUND) if dims & field.places or out.ndim != args[0].ndim else field


def joined(fields: Sequence[Field], dim: int) -> Field:
    """cat along `dim`: of channels, or of tokens."""
    if any(field.axes is not None and dim in field.axes for field in fields):
        return union(fields).everything(BOUND)
    return union(fields)


def sliced(field: Field, args: Sequence[Any], out: Tensor) -> Field:
    """slice(input, dim, start, end, step): of rows or columns, every step-th from `start`."""
    dim = args[1] % out.ndim if len(args) > 1 else 0
    start, step = (args[2] if len(args) > 2 else 0) or 0, args[4] if len(args) > 4 else 1
    if out.shape == args[0].shape or dim not in field.places:
        return field
    if field.axes is None or dim not in field.axes:
        return field.everything(BOUND)
    start += args[0].shape[dim] if start < 0 else 0
    steps, starts, ends = [1, 1], [0, 0], [0, 0]
    place = field.axes.index(dim)
    steps[place], starts[place] = step, -start
    ends[place] = start + (out.shape[dim] - 1) * step + 1 - args[0].shape[dim]
    return _grid(field.windowed([1, 1], steps, starts, ends, [1, 1]), out)


Rule = Callable[[Field, Sequence[Any], Tensor], Field]
_NAMES: dict[Rule, str] = {
    convolution: "convolution",
    pool: "max_pool2d_with_indices avg_pool2d",
    adaptive: "_adaptive_avg_pool2d adaptive_max_pool2d",
    pad: "constant_pad_nd",
    enlarged: "upsample_nearest2d upsample_bilinear2d",
    reduced: "mean sum amax amin max min var std var_mean logsumexp",
    contracted: "mm",
    mixed: "bmm baddbmm",
    normed: "native_layer_norm",
    over_maps: "native_group_norm",
    batch_norm: "native_batch_norm cudnn_batch_norm",
    along: "_softmax _safe_softmax _log_softmax",
    reshaped: "view _unsafe_view",
    permuted: "permute transpose t",
    squeezed: "squeeze",
    unsqueezed: "unsqueeze",
    picked: "select unbind",
    cut: "split split_with_sizes",
    indexed: "index",
    sliced: "slice",
}
RULES: dict[str, Rule] = {name: rule for rule, names in _NAMES.items() for name in names.split()}
UNCHANGED = ("_native_batch_norm_legit_no_training", "clone", "contiguous", "alias", "detach", "_to_copy", "expand", "native_dropout")


def follow(operation: Any, args: Sequence[Any], inputs: Sequence[tuple[Tensor, Field]], out: Tensor) -> Field:
    """The receptive field of `out`, from those of its `inputs`."""
    name = operation.overloadpacket.__name__
    inplace = name.endswith("_") and not name.endswith("__")
    name = name.removesuffix("_") if inplace else name
    tensor, field = inputs[0]
    if len(inputs) == 1:
        if name in ("addmm", "bmm", "baddbmm", "mm"):  # a product with weights
            return contracted(field, (tensor,), out) if tensor is not args[-1] or not field.places else field.everything(BOUND)
        if name in RULES:
            return RULES[name](field, args, out)
        if name in UNCHANGED or (name == "avg_pool3d" and list(args[1])[1:] == [1, 1]):  # over channels: response norm
            return field.moved(lambda d: d + out.ndim - tensor.ndim, out)
    fields = [one.moved(lambda d, t=t: d + out.ndim - t.ndim, out) for t, one in inputs]  # type: ignore[misc]
    if name in ("bmm", "baddbmm", "mm") or name.startswith("_scaled_dot_product"):
        return mixed(union([one for _, one in inputs]), args, out)
    if name == "cat":
        return joined(fields, args[1] % out.ndim if len(args) > 1 else 0)
    if inplace or torch.Tag.pointwise in operation.tags:
        return union(fields)
    return union(fields).everything(BOUND)


def plain_fields(outputs: Callable[[Tensor], Mapping[str, Tensor]], size: tuple[int, int, int]) -> dict[str, tuple[Tensor, Tensor]]:
    """Which rows `(H, h, w)` and columns `(W, h, w)` of an input `(C, H, W)` each unit of maps `(N, c, h, w)` depends on, by name.

    The plain restatement that the tests compare with: where one row of the input is NaN, so are exactly the units that depend on it.
    """
    seen = []
    for axis in (1, 2):
        x = torch.zeros(size[axis], *size)
        for i, image in enumerate(x):
            image.select(axis, i).fill_(torch.nan)
        with torch.no_grad():
            seen.append({name: maps.isnan().any(1) for name, maps in outputs(x).items()})
    return {name: (seen[0][name], seen[1][name]) for name in seen[0]}
