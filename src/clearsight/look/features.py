"""Feature maps of a picture, and the patches of a data set that excite a channel most (M. Zeiler, R. Fergus, 2013, figure 2)."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..base.errors import ClearsightError
from .capture import captured


@dataclass(frozen=True)
class Patch:
    """Where a channel was excited: the number of the picture, the place (y, x) in the map, and its value there."""

    value: float
    picture: int
    y: int
    x: int


def maps(model: nn.Module, x: Tensor, layers: Iterable[str] | None = None) -> dict[str, Tensor]:
    """The feature maps `(C, H, W)` of one input `(1, C, H, W)` by stage; what has no rows and columns is left out."""
    return {name: out[0] for name, out in captured(model, x, layers).items() if out.ndim == 4}


def strongest(values: Tensor, most: int) -> list[int]:
    """Channels of maps `(C, H, W)` by their mean |value|, the most active first."""
    order: list[int] = values.abs().mean((1, 2)).argsort(descending=True, stable=True)[:most].tolist()
    return order


def top_patches(model: nn.Module, batches: Iterable[Tensor], layer: str, channels: Iterable[int], most: int = 9) -> dict[int, list[Patch]]:
    """For each channel the `most` pictures that excite it most, one place a picture, of inputs `(N, C, H, W)` in batches."""
    best: dict[int, list[tuple[float, int, int, int]]] = {channel: [] for channel in channels}
    start = 0
    for batch in batches:
        out = captured(model, batch, [layer])[layer]
        if out.ndim != 4:
            raise ClearsightError(f"the layer {layer} has no maps, so there are no patches: choose one before it.")
        values, places = out.flatten(2).max(2)
        for channel, kept in best.items():
            for i, (value, place) in enumerate(zip(values[:, channel].tolist(), places[:, channel].tolist(), strict=True)):
                entry = (value, -(start + i), *divmod(place, out.shape[3]))
                (heapq.heappush if len(kept) < most else heapq.heappushpop)(kept, entry)
        start += len(batch)
    return {channel: [Patch(v, -i, y, x) for v, i, y, x in sorted(kept, reverse=True)] for channel, kept in best.items()}


def to_json(found: dict[str, Tensor], most: int) -> dict[str, Any]:
    """As `look features --json` has it: by stage its shape and the most active channels with their range."""
    rows = {}
    for name, values in found.items():
        chosen = strongest(values, most)
        told = [
            {"channel": c, "min": float(values[c].min()), "mean": float(values[c].mean()), "max": float(values[c].max())} for c in chosen
        ]
        rows[name] = {"shape": list(values.shape), "channels": told, "silent": int((values.amax((1, 2)) == values.amin((1, 2))).sum())}
    return rows


def pixels(values: Tensor) -> Tensor:
    """On the CPU, in float32, for drawing."""
    return values.detach().to("cpu", torch.float32)
