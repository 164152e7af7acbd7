"""A network layer by layer: output, parameters, multiply-adds, receptive field, depth. Nothing is computed but shapes.

Multiply-adds (MACs) are those of convolutions, linear layers and the products of attention, as papers count them: no
biases, norms, activations or poolings. They are counted per operation, which includes functional calls; operations of a
module outside of its submodules are in its own row. Depth is the number of layers with weights
(convolutions and linear layers) on the longest path from the input to the logits.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypedDict

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from ..base.compute.dispatch import DispatchMode
from ..base.errors import ClearsightError
from . import stored
from .fields import WHOLE, Field, changed, follow
from .listing import KINDS, Operation, described

Counts = Callable[[str, Any, Tensor, int], bool]  # name, arguments and output of an operation, and the number of maps that it takes
Shapes = tuple[tuple[int, ...], ...]
WEIGHTED = ("convolution", "mm", "addmm", "bmm", "baddbmm")


class LayerRow(TypedDict):
    """A layer in `look summary --json`."""

    name: str
    kind: str
    output: list[int]
    parameters: int
    macs: int


class FieldRow(TypedDict):
    """A layer in `look receptive-field --json`: rows and columns of size and stride, padding top, bottom, left, right, in px."""

    layer: str
    size: list[float]
    stride: list[float]
    padding: list[float]
    status: str


class SummaryFigures(TypedDict):
    """The JSON of `look summary --json`."""

    parameters: int
    macs: int
    layers: list[LayerRow]


@dataclass
class Layer:
    """A call of a module: its output (C, H, W), its own parameters and operations, and the receptive field of its output.

    `sums` counts the residual sums that it computes itself, `joins` its concatenations of maps; `shapes` are those of its parameters.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    macs: int
    says: str
    field: Field | None
    leaf: bool
    sums: int = 0
    joins: int = 0
    shapes: Shapes = ()

    @property
    def memory(self) -> int:
        """Bytes of one picture's output in float32."""
        return 4 * math.prod(self.output) if self.output else 0

    @property
    def listed(self) -> bool:
        """Whether a listing shows it: one kind of operation, or parameters or operations of its own."""
        return bool(":" in self.says or self.parameters or self.macs)

    def to_json(self) -> LayerRow:
        """The row of `look summary --json`."""
        return {"name": self.name, "kind": self.kind, "output": list(self.output), "parameters": self.parameters, "macs": self.macs}

    def receptive_field(self) -> FieldRow | None:
        """The row of `look receptive-field --json`, with padding top, bottom, left, right; None without a dependence on the input."""
        seen = self.field
        if seen is None:
            return None
        around = [side for pair in zip(seen.before, seen.after, strict=True) for side in pair]
        size, stride, padding = ([int(n) if n == int(n) else n for n in values] for values in (seen.size, seen.stride, around))
        return {"layer": self.name, "size": size, "stride": stride, "padding": padding, "status": seen.status}


@dataclass
class Summary:
    """A network at one input size, with `outputs` classes or channels.

    `steps` are the operations that were asked for on the longest way.
    The layers are in the order in which they end, a module after its submodules. `sources` names, for each of the network's own
    modules that run in training only, the one whose output it takes.
    """

    input_size: tuple[int, int, int]
    parameters: int
    stored: int
    macs: int
    depth: int
    outputs: int
    layers: list[Layer]
    sources: dict[str, str] = field(default_factory=dict)
    steps: int = 0

    @property
    def auxiliary(self) -> int:
        """Parameters of modules that do not run in evaluation: auxiliary heads, which are for training only."""
        return sum(layer.parameters for layer in self.layers if not layer.output)

    @property
    def residual_sums(self) -> int:
        """The number of sums with a shortcut in its modules."""
        return sum(layer.sums for layer in self.layers if layer.name)

    @property
    def largest_field(self) -> int:
        """The largest receptive field (rows, in px) before the layers that see the whole input; 0 without such a layer."""
        fields = [layer.field for layer in self.rows if layer.output and layer.field and layer.field.depth]
        return max((math.ceil(field.size[0]) for field in fields if field.status != WHOLE), default=0)

    @property
    def rows(self) -> list[Layer]:
        """Every layer that is not a container, or has parameters or operations of its own."""
        return [layer for layer in self.layers if layer.leaf or layer.parameters or layer.macs]

    def to_json(self) -> SummaryFigures:
        """The row of `look summary --json`."""
        return {
            "parameters": self.parameters,
            "macs": self.macs,
            "layers": [layer.to_json() for layer in self.rows],
        }


@dataclass
class _Frame:
    """A running module."""

    name: str
    module: nn.Module
    macs: int = 0
    operations: list[Operation] = field(default_factory=list)
    padding: list[int] = field(default_factory=list)  # left, right, top, bottom, of padding before a window
    sums: int = 0
    joins: int = 0


class _Watch(DispatchMode):
    """Dispatch mode that counts the multiply-adds of every operation and tracks depth and receptive field."""

    def __init__(self, counts: Counts | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts = counts
        self.frames: list[_Frame] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        packet = func.overloadpacket
        name = packet.__name__
        out = _shaped(name, args)
        if out is None:
            out = func(*args, **(kwargs or {}))
        if name == "convolution" and not args[6]:  # the registry's count, without its way through Python
            macs = out.shape[0] * math.prod(out.shape[2:]) * args[1].numel()
        else:
            macs = flop_registry[packet](*args, **(kwargs or {}), out_val=out) // 2 if packet in flop_registry else 0
        if self.frames:
            self._note(name, args, out, macs)
        inputs = [(t, t.__dict__["seen"]) for t in _leaves((*args, kwargs)) if isinstance(t, Tensor) and "seen" in t.__dict__]
        if len(inputs) > 1 and self.frames:
            self.frames[-1].sums += name.rstrip("_") in ("add", "addcmul") and inputs[0][0].shape == inputs[-1][0].shape
            self.frames[-1].joins += name == "cat"
        if inputs:
            weighted = name in WEIGHTED and len(inputs) == 1
            for tensor in _leaves((out,)):
                if isinstance(tensor, Tensor):
                    seen = follow(func, args, inputs, tensor)
                    steps = max(f.steps for _, f in inputs)
                    steps += self.counts is not None and self.counts(name, args, tensor, len(inputs))
                    depth = max(f.depth for _, f in inputs) + weighted
                    tensor.__dict__["seen"] = changed(seen, depth=depth, steps=steps)
        return out

    def _note(self, name: str, args: Any, out: Any, macs: int) -> None:
        frame = self.frames[-1]
        frame.macs += macs
        if name == "constant_pad_nd":
            frame.padding = list(args[1])
        elif name in KINDS:
            first = next(t for t in tree_leaves(out) if isinstance(t, Tensor))
            frame.operations.append((name, args, tuple(first.shape), frame.padding))
            frame.padding = []


def _leaves(values: tuple[Any, ...]) -> list[Any]:
    """What is in values, also in lists; most are not in one, and torch's own search takes a while."""
    flat = all(value is None or isinstance(value, Tensor | int | float) for value in values)
    return list(values) if flat else tree_leaves(values)


def _shaped(name: str, args: Any) -> Any:
    """The output of a batch norm in evaluation, a convolution, a sum of equal maps; None where the operation has to say what it is.

    Without values torch takes them to pieces, in Python: of a ResNet that is two thirds of the time. Nothing has values, so that a new
    name of the input is as good as a new tensor.
    """
    if name == "native_batch_norm" and not args[5]:
        x, *of_channels = args[:5]
        if all(one is None or (one.shape == x.shape[1:2] and one.dtype == x.dtype) for one in of_channels):
            return x.detach(), x.new_empty(0), x.new_empty(0)
    if name == "convolution" and not args[6]:
        x, weight, _, stride, padding, dilation, _, _, groups = args
        if x.dim() == 4 and x.shape[1] == weight.shape[1] * groups and x.dtype == weight.dtype:
            steps = zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
            sides = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in steps]
            return x.new_empty((x.shape[0], weight.shape[0], *sides)) if min(sides) > 0 else None
    if name == "add" and len(args) == 2 and isinstance(args[1], Tensor):
        first, second = args
        if first.shape == second.shape and first.dtype == second.dtype and first.stride() == second.stride():
            return first.detach()
    return None


def summarise(model: nn.Module, input_size: tuple[int, int, int], counts: Counts | None = None) -> Summary:
    """The layers of `model`, as it is in evaluation, for inputs of `input_size` (C, H, W); `counts` are the operations for `steps`.

    The model is unchanged afterwards: weights, modes, hooks. Raises ClearsightError if it cannot be traced without values.
    """
    layers: list[Layer] = []
    x = torch.zeros(1, *input_size, device="meta")
    x.__dict__["seen"] = Field(seen=input_size[1:], grid=input_size[1:])
    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    shapes = {name: torch.empty_like(value, device="meta") for name, value in own.items() if not value.is_meta}
    try:
        with _watched(model, layers, counts) as watch, torch.no_grad(), watch:
            out = functional_call(model, shapes, (x,)) if shapes else model(x)
    except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ClearsightError(f"{type(model).__name__} cannot be followed at {'×'.join(map(str, input_size))}: {reason}") from error
    layers += (idle := _uncalled(model, layers))
    head = getattr(model, "HEAD", None)
    for layer in layers:
        layer.says += " (class scores)" if head and layer.name == head else ""
    answer = next(t for t in tree_leaves(out) if isinstance(t, Tensor))
    seen = answer.__dict__.get("seen")
    return Summary(
        input_size=input_size,
        parameters=sum(p.numel() for p in model.parameters()),
        stored=stored(model),
        macs=sum(layer.macs for layer in layers),
        depth=seen.depth if seen else 0,
        steps=seen.steps if seen else 0,
        outputs=answer.shape[1],
        layers=layers,
        sources=_sources(model, shapes, input_size, {layer.name.partition(".")[0] for layer in idle}) if idle else {},
    )


def _sources(model: nn.Module, shapes: dict[str, Tensor], input_size: tuple[int, int, int], idle: set[str]) -> dict[str, str]:
    """The child whose output each of the children `idle` takes in training; empty for a network that cannot be followed there."""
    outputs: list[tuple[str, Any]] = []
    found: dict[str, str] = {}

    def begin(name: str, inputs: Any) -> None:
        found[name] = next((source for source, output in outputs if any(output is one for one in inputs)), "")

    handles = []
    for name, module in model.named_children():
        if name in idle:
            handles.append(module.register_forward_pre_hook(lambda m, inputs, name=name: begin(name, inputs)))
        else:
            handles.append(module.register_forward_hook(lambda m, _, output, name=name: outputs.append((name, output))))
    modes = {module: module.training for module in model.modules()}
    try:
        with torch.no_grad():
            functional_call(model.train(), shapes, (torch.zeros(2, *input_size, device="meta"),))
    except (RuntimeError, NotImplementedError, TypeError, ValueError):
        return {}
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    return found


@contextmanager
def _watched(model: nn.Module, layers: list[Layer], counts: Counts | None) -> Iterator[_Watch]:
    """Add a row to `layers` for every call of a module inside; the model is unchanged afterwards."""
    watch, own, modes = _Watch(counts), _own_parameters(model), {module: module.training for module in model.modules()}
    counted: set[nn.Module] = set()
    numbers: dict[str, int] = {}

    def begin(name: str, module: nn.Module) -> None:
        watch.frames.append(_Frame(name, module))

    def end(module: nn.Module, output: Any) -> None:
        frame = watch.frames.pop()
        tensors = [t for t in _leaves((output,)) if isinstance(t, Tensor)]
        if tensors:
            shapes = () if module in counted else own[module]
            counted.add(module)
            layers.append(_layer(frame, tensors[0], shapes, numbers))

    handles = []
    for name, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(lambda m, _, name=name: begin(name, m)))
        handles.append(module.register_forward_hook(lambda m, _, output: end(m, output)))
    try:
        model.eval()
        yield watch
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training


def _uncalled(model: nn.Module, layers: list[Layer]) -> list[Layer]:
    """Rows for modules with parameters that did not run; parameters used directly by a parent module count as its own."""
    first = {layer.name: layer for layer in reversed(layers)}
    idle = []
    for (module, own), name in zip(_own_parameters(model).items(), dict(model.named_modules()), strict=True):
        if name in first or not own:
            continue
        parents = [name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1)]
        user = next((first[parent] for parent in parents if parent in first), None)
        if user:
            user.parameters += _count(own)
            user.shapes += own
        else:
            kind = type(module).__name__
            idle.append(Layer(name, kind, (), _count(own), 0, f"{kind}, not run in evaluation", None, True, shapes=own))
    return idle


def _own_parameters(model: nn.Module) -> dict[nn.Module, Shapes]:
    """The shapes of the parameters of every module itself; shared ones count at their first place."""
    known: set[int] = set()
    own = {}
    for module in model.modules():
        new = [p for p in module.parameters(recurse=False) if id(p) not in known]
        known |= {id(p) for p in new}
        own[module] = tuple(tuple(p.shape) for p in new)
    return own


def _count(shapes: Shapes) -> int:
    return sum(map(math.prod, shapes))


def _layer(frame: _Frame, out: Tensor, shapes: Shapes, numbers: dict[str, int]) -> Layer:
    module = frame.module
    leaf = next(module.children(), None) is None
    label, text = described(module, frame.operations) if leaf else ("", type(module).__name__)
    if label:
        counter = "weights" if label in ("CONV", "FC") else label.split()[-1]
        numbers[counter] = numbers.get(counter, 0) + 1
        text = f"{label}{numbers[counter]}: {text}"
    seen, shape = out.__dict__.get("seen"), tuple(out.shape[1:])
    kind, parameters = type(module).__name__, _count(shapes)
    return Layer(frame.name, kind, shape, parameters, frame.macs, text, seen, leaf, frame.sums, frame.joins, shapes)
