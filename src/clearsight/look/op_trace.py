"""Trace of the operations within one layer and their inputs, recorded below the modules, so that functional calls are included."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from ..base.compute.dispatch import DispatchMode
from ..base.compute.undisturbed import undisturbed
from ..base.errors import ClearsightError
from .capture import layer

Index = tuple[int, ...]
Place = tuple[int, Index]  # the number of a value in a trace, and an index in it
FOLLOWING = ("native_batch_norm", "relu", "hardtanh", "silu", "gelu", "hardswish", "sigmoid", "tanh", "elu", "leaky_relu")


@dataclass(frozen=True)
class Ref:
    """The number of a value in a trace."""

    number: int


@dataclass(frozen=True)
class Operation:
    """One operation: its name without a last underscore, its arguments with values as `Ref`, and the number of what it made."""

    name: str
    function: Any
    args: tuple[Any, ...]
    out: int


@dataclass
class Trace:
    """Copied values, the operation that made each, the `output` of the layer, and in `then` the operations on that output alone."""

    values: list[Tensor] = field(default_factory=list)
    made_by: dict[int, Operation] = field(default_factory=dict)
    output: int = -1
    then: list[Operation] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """The first call of a layer: its operations from `first` to before `last`, counted from 0, and the number of its output."""

    first: int
    last: int
    output: int


@dataclass(frozen=True)
class NetworkTrace:
    """Every operation of one run of a network; `input` is the number of what it was given, `calls` has the layers that were used."""

    whole: Trace
    input: int
    calls: dict[str, Call]

    def layer(self, name: str) -> Trace:
        """The trace of one layer, as `traced` makes it; raises ClearsightError if the layer was not called."""
        if name not in self.calls:
            raise _unused(name)
        call, every = self.calls[name], list(self.whole.made_by.items())
        return Trace(self.whole.values, dict(every[call.first : call.last]), call.output, self._then(every[call.last :], call.output))

    def _then(self, later: list[tuple[int, Operation]], tail: int) -> list[Operation]:
        found: list[Operation] = []
        for number, operation in later:
            if not operation.args or operation.args[0] != Ref(tail):
                continue
            if operation.name not in FOLLOWING:
                break
            found.append(operation)
            tail = number
        return found


class _Recorder(DispatchMode):
    def __init__(self, fixed: Iterable[Tensor] = ()) -> None:
        """`fixed` are tensors that nothing overwrites: they, and views of them, are not copied."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.trace = Trace()
        self.fixed = {tensor.untyped_storage().data_ptr() for tensor in fixed}
        self.on, self.following = False, False
        self.known: dict[int, tuple[int, int]] = {}  # id → number, version: a tensor that was overwritten since has a new number
        self.alive: list[Tensor] = []  # else an id might come again

    def number(self, tensor: Tensor) -> int:
        """The number of the value that `tensor` has now."""
        known = self.known.get(id(tensor))
        return known[0] if known and known[1] == tensor._version else self.add(tensor)

    def add(self, tensor: Tensor, overwritten: bool = False) -> int:
        """A new number; a tensor that was overwritten gets its new version only when this operation has ended."""
        fixed = tensor.untyped_storage().data_ptr() in self.fixed
        self.trace.values.append(tensor.detach() if fixed else tensor.detach().clone())
        self.alive.append(tensor)
        self.known[id(tensor)] = (len(self.trace.values) - 1, tensor._version + overwritten)
        return len(self.trace.values) - 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__.removesuffix("_")
        wanted = self.on or (self.following and self._follows(name, args))
        given = self._numbered(args) if wanted else ()
        out = func(*args, **(kwargs or {}))
        if wanted:
            whole = tuple(given) + tuple((kwargs or {}).values())
            for tensor in out if isinstance(out, (tuple, list)) else (out,):
                if isinstance(tensor, Tensor) and tensor.numel():
                    operation = Operation(name, func, whole, self.add(tensor, func._schema.is_mutable and any(tensor is a for a in args)))
                    self.trace.made_by[operation.out] = operation
                    if not self.on:
                        self.trace.then.append(operation)
                    if name in ("native_batch_norm", "max_pool2d_with_indices", "native_layer_norm"):
                        break  # statistics and places
        return out

    def _numbered(self, value: Any) -> Any:
        """The arguments of an operation, nested in tuples and lists alone, with numbers for tensors; tree_map takes three times as long."""
        if isinstance(value, Tensor):
            return Ref(self.number(value))
        return type(value)(map(self._numbered, value)) if isinstance(value, (tuple, list)) else value

    def _follows(self, name: str, args: Any) -> bool:
        tail = self.trace.then[-1].out if self.trace.then else self.trace.output
        known = self.known.get(id(args[0])) if args and isinstance(args[0], Tensor) else None
        mine = known is not None and known[0] == tail
        self.following = not (mine and name not in FOLLOWING)
        return mine and self.following


def traced(model: nn.Module, x: Tensor, name: str) -> Trace:
    """The operations of the layer `name` (in its first call) for an input `(1, C, H, W)`; raises ClearsightError if it is not called."""
    recorder, module = _Recorder(), layer(model, name)

    def begin(*_: Any) -> None:
        recorder.on = recorder.trace.output < 0

    def end(_m: Any, _i: Any, output: Any) -> None:
        if recorder.on:
            first = next(t for t in tree_leaves(output) if isinstance(t, Tensor))
            recorder.trace.output = recorder.number(first)
            recorder.on, recorder.following = False, True

    with undisturbed(model), torch.no_grad():
        module.register_forward_pre_hook(begin)
        module.register_forward_hook(end)
        with recorder:
            model(x)
    if recorder.trace.output < 0:
        raise _unused(name)
    return recorder.trace


def traced_network(model: nn.Module, x: Tensor) -> NetworkTrace:
    """The operations of all layers for an input `(1, C, H, W)`, of which each layer's trace is a part: the network runs once."""
    recorder = _Recorder(itertools.chain(model.parameters(), model.buffers()))
    begun: dict[str, int] = {}
    calls: dict[str, Call] = {}
    given = recorder.number(x)

    def begin(name: str) -> None:
        begun.setdefault(name, len(recorder.trace.made_by))

    def end(name: str, output: Any) -> None:
        first = next((t for t in tree_leaves(output) if isinstance(t, Tensor)), None)
        if name not in calls and first is not None:
            calls[name] = Call(begun[name], len(recorder.trace.made_by), recorder.number(first))

    with undisturbed(model), torch.no_grad():
        for name, module in model.named_modules():
            module.register_forward_pre_hook(lambda _m, _i, name=name: begin(name))
            module.register_forward_hook(lambda _m, _i, output, name=name: end(name, output))
        recorder.on = True
        with recorder:
            model(x)
    return NetworkTrace(recorder.trace, given, calls)


def _unused(name: str) -> ClearsightError:
    return ClearsightError(f"the layer {name} is not used for an answer: choose another.")


def came_from(trace: Trace, operation: Operation, index: Index) -> Place | None:
    """Where a number that was only moved came from, None for a constant: the operation itself, done to places, says it."""
    sources: list[Ref] = []

    def places(argument: Any) -> Any:
        if not isinstance(argument, Ref):
            return argument
        before = sum(prod(trace.values[ref.number].shape) for ref in sources)
        sources.append(argument)
        shape = trace.values[argument.number].shape
        return torch.arange(before, before + prod(shape)).view(shape)

    args = tree_map(places, operation.args)
    if operation.name == "constant_pad_nd":
        args = (*args[:2], -1)
    made = operation.function(*args)
    wanted = trace.values[operation.out]
    made = _matching(made, trace, operation) if isinstance(made, list | tuple) else made
    place = int(made.reshape(wanted.shape)[index])
    if place < 0:
        return None
    for ref in sources:
        shape = trace.values[ref.number].shape
        if place < prod(shape):
            return ref.number, tuple(int(n) for n in torch.unravel_index(torch.tensor(place), shape))
        place -= prod(shape)
    raise ClearsightError(f"{operation.name} took numbers from somewhere unknown: choose a layer before it.")


def _matching(made: Any, trace: Trace, operation: Operation) -> Tensor:
    """Of several outputs (split, unbind) the one that was asked for: they were numbered one after the other."""
    siblings = [number for number, one in trace.made_by.items() if one.args is operation.args]
    chosen: Tensor = made[siblings.index(operation.out)]
    return chosen
