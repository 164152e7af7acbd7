"""The network that a classifier answers by: a faster copy, made at the first answer, and made again when the weights have changed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

PROBED = 8  # values of each tensor that are compared: a change by `.data` leaves torch's count of changes as it was


@dataclass(frozen=True)
class _State:
    """The tensors of a network as they were: where they are, how often they were changed, and some of their values."""

    tensors: list[Tensor]
    places: list[tuple[int, int]]
    probes: list[np.ndarray]  # share the memory of the tensors
    values: bytes

    def holds(self, tensors: list[Tensor]) -> bool:
        """Whether the network has these tensors, and they are unchanged."""
        same = len(tensors) == len(self.tensors) and all(a is b for a, b in zip(tensors, self.tensors, strict=True))
        return same and self.places == _places(tensors) and self.values == _values(self.probes)


_KEPT: WeakKeyDictionary[nn.Module, dict[str, tuple[_State, nn.Module | None]]] = WeakKeyDictionary()  # by kind of copy
_MAKING = threading.Lock()


def twin(model: nn.Module, kind: str, make: Callable[[], nn.Module]) -> nn.Module:
    """The copy of a `kind` that `make` made of the weights of `model` as they are now; `model` itself while hooks or training need it."""
    tensors: list[Tensor] = []
    for module in model.modules():
        if module.training or module._forward_hooks or module._forward_pre_hooks:
            return model
        tensors += [value for value in (*module._parameters.values(), *module._buffers.values()) if value is not None]
    with _MAKING:
        copies = _KEPT.setdefault(model, {})
        kept = copies.get(kind)
        if kept is None or not kept[0].holds(tensors):
            copies.pop(kind, None)  # its memory is free before the next is made
            made = make()
            probes = [probe for value in tensors if (probe := _probe(value)) is not None]  # after weights have moved to another layout
            kept = copies[kind] = (_State(tensors, _places(tensors), probes, _values(probes)), None if made is model else made)
    return kept[1] or model


def _places(tensors: list[Tensor]) -> list[tuple[int, int]]:
    return [(value.data_ptr(), 0 if value.is_inference() else value._version) for value in tensors]


def _probe(value: Tensor) -> np.ndarray | None:
    """Some values of a tensor in main memory; None of one of another kind."""
    dense = value.is_contiguous() or value.is_contiguous(memory_format=torch.channels_last)
    if value.dtype != torch.float32 or not value.is_cpu or not dense or not value.numel():
        return None
    count = min(PROBED, value.numel())
    probe: np.ndarray = value.detach().as_strided((count,), (value.numel() // count,)).numpy()
    return probe


def _values(probes: list[np.ndarray]) -> bytes:
    return np.concatenate(probes).tobytes() if probes else b""
