"""Trace of the operations within one layer and their inputs, recorded below the modules, so that functional calls are included."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from ..base.compute.undisturbed import undisturbed
from ..base.errors import ClearsightError
from .capture import layer

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


class _Recorder(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.trace = Trace()
        self.on, self.following = False, False
        self.known: dict[int, tuple[int, int]] = {}  # id → number, version: a tensor that was overwritten since has a new number
        self.alive: list[Tensor] = []  # else an id might come again

    def number(self, tensor: Tensor) -> int:
        """The number of the value that `tensor` has now."""
        known = self.known.get(id(tensor))
        return known[0] if known and known[1] == tensor._version else self.add(tensor)

    def add(self, tensor: Tensor, overwritten: bool = False) -> int:
        """A new number; a tensor that was overwritten gets its new version only when this operation has ended."""
        self.trace.values.append(tensor.detach().clone())
        self.alive.append(tensor)
        self.known[id(tensor)] = (len(self.trace.values) - 1, tensor._version + overwritten)
        return len(self.trace.values) - 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__.removesuffix("_")
        wanted = self.on or (self.following and self._follows(name, args))
        given = tree_map(lambda t: Ref(self.number(t)) if isinstance(t, Tensor) else t, args) if wanted else ()
        out = func(*args, **(kwargs or {}))
        if wanted:
            whole = tuple(given) + tuple((kwargs or {}).values())
            for tensor in tree_leaves(out):
                if isinstance(tensor, Tensor) and tensor.numel():
                    operation = Operation(name, func, whole, self.add(tensor, func._schema.is_mutable and any(tensor is a for a in args)))
                    self.trace.made_by[operation.out] = operation
                    if not self.on:
                        self.trace.then.append(operation)
                    if name in ("native_batch_norm", "max_pool2d_with_indices", "native_layer_norm"):
                        break  # statistics and places
        return out

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
        raise ClearsightError(f"the layer {name} is not used for an answer: choose another.")
    return recorder.trace
