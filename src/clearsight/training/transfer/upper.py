"""The upper stages of a network, computed from the stored maps of the stage below them: tuning them needs no more of a picture."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ...models.readout import DEEP, Readout, widths

TOLERANCE = 1e-3  # of features from stored maps, relative to the largest value


class _Stored(nn.Module):
    """Returns the maps that it holds, for any input."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = torch.empty(0)

    def forward(self, _x: Any) -> Tensor:
        return self.maps


class Upper(nn.Module):
    """A copy of a network whose stages up to `stage` are replaced by stored maps; the rest, and the head, are trained."""

    def __init__(self, network: Readout, stage: str, below: set[str]) -> None:
        super().__init__()
        self.network, self.stage = copy.deepcopy(network).eval(), stage
        self.stored = _Stored()
        for name in sorted(below, key=len):
            if not any(name.startswith(f"{other}.") for other in {*below, stage}):
                self.network.net.set_submodule(name, nn.Identity())
        self.network.net.set_submodule(stage, self.stored)

    def features(self, maps: Tensor) -> Tensor:
        """The features float32 `(N, D)` of pictures whose maps `(N, C, H, W)` at the stage are given."""
        self.stored.maps = maps
        return self.network.features(maps.clone())  # operations between the layers below may change it in place

    def logits(self, maps: Tensor) -> Tensor:
        """Logits float32 `(N, K)` of the maps `(N, C, H, W)`."""
        found: Tensor = self.network.head(self.features(maps))
        return found


def upper(network: Readout, inputs: Tensor) -> Upper | None:
    """The three upper stages of `network`, tried on some normalised `inputs` `(N, C, H, W)`; None where they do not follow from maps."""
    names = list(widths(network.net, (inputs.shape[1], inputs.shape[2], inputs.shape[3])).maps)
    if len(names) <= DEEP:
        return None
    stage = names[-DEEP - 1]
    with torch.no_grad():
        maps, wanted, order = _watched(network, stage, inputs)
        end = order.index(stage)
        below = set(order[:end]) - set(order[end:])
        stages = network.net.STAGES
        below |= set(stages[: stages.index(stage)])
        try:
            made = Upper(network, stage, below)
            found = made.features(maps)
        except (RuntimeError, TypeError, ValueError, AttributeError):  # the layers between are no plain sequence
            return None
    same = found.shape == wanted.shape and float((found - wanted).abs().max()) <= TOLERANCE * float(wanted.abs().max())
    return made if same else None


def maps_at(network: Readout, stage: str) -> Callable[[Tensor], Tensor]:
    """A function from normalised inputs `(N, C, H, W)` to the maps of the stage."""

    def maps(inputs: Tensor) -> Tensor:
        return _watched(network, stage, inputs)[0]

    return maps


def _watched(network: Readout, stage: str, inputs: Tensor) -> tuple[Tensor, Tensor, list[str]]:
    """The maps of the stage, the features, and the names of the layers without parts, and of the stage, in the order they end."""
    order: list[str] = []
    kept: list[Tensor] = []
    hooks = []
    for name, module in network.net.named_modules():
        if name == stage:
            hooks.append(module.register_forward_hook(lambda _m, _i, output: kept.append(output.detach().clone())))
        if name == stage or not any(True for _ in module.children()):
            hooks.append(module.register_forward_hook(lambda _m, _i, _o, name=name: order.append(name)))
    try:
        features = network.features(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return kept[0], features, order
