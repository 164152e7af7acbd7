"""The challenges by name, with the strengths of the tests."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...base.errors import unknown
from ..rng import Draws
from . import light, occlusion, shape

Apply = Callable[[Tensor, Draws, float, Tensor], Tensor]


@dataclass(frozen=True)
class Challenge:
    """A challenge: its group, function, five rising strengths and their meaning."""

    name: str
    group: str
    apply: Apply
    strengths: tuple[float, ...]
    means: str


SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
ROWS = (
    Challenge("light", "illumination", light.brightness, (0.1, 0.2, 0.3, 0.4, 0.6), "lighter or darker, of the range"),
    Challenge("flat", "illumination", light.contrast, (0.2, 0.4, 0.6, 0.8, 0.9), "share of the contrast lost"),
    Challenge("gamma", "illumination", light.gamma, (0.5, 1, 1.5, 2, 3), "exponent: 2 to the power of"),
    Challenge("directional", "illumination", light.directional, (0.2, 0.4, 0.6, 0.8, 1), "lighter at one side, darker at the other"),
    Challenge("shadow", "illumination", light.shadow, (0.2, 0.4, 0.6, 0.8, 1), "share of the light lost in shadow"),
    Challenge("patch", "occlusion", occlusion.grey_patch, SHARES, "share of the area covered by grey"),
    Challenge("foreign", "occlusion", occlusion.foreign_patch, SHARES, "share of the area covered by a piece of another picture"),
    Challenge("rotation", "deformation", shape.rotation, (10, 20, 30, 45, 90), "degrees either way"),
    Challenge("scale", "deformation", shape.scale, (0.1, 0.25, 0.5, 0.75, 1), "larger or smaller by 1 + this"),
    Challenge("perspective", "deformation", shape.perspective, (0.05, 0.1, 0.2, 0.3, 0.4), "corners moved in, of the side"),
    Challenge("elastic", "deformation", shape.elastic, (0.05, 0.1, 0.2, 0.3, 0.4), "largest move of a pixel, of the side"),
    Challenge("translation", "viewpoint", shape.translation, (0.05, 0.1, 0.15, 0.2, 0.3), "moved, of the side"),
    Challenge("shear", "viewpoint", shape.shear, (0.1, 0.2, 0.3, 0.5, 0.8), "rows moved, of the distance from the middle"),
    Challenge("blend", "clutter", occlusion.blended, (0.1, 0.2, 0.3, 0.4, 0.5), "weight of another picture that shines through"),
    Challenge("surround", "clutter", occlusion.surrounded, (0.1, 0.2, 0.3, 0.4, 0.5), "sides smaller, on another picture"),
)
CHALLENGES = {row.name: row for row in ROWS}


def challenged(pictures: Tensor, indices: Tensor, name: str, strength: float, others: Tensor) -> Tensor:
    """Pictures uint8 `(N, C, H, W)` under the challenge `name`; `indices` `(N,)` key the draws, `others` are other pictures.

    Raises UsageError for an unknown name.
    """
    if name not in CHALLENGES:
        raise unknown("challenge", name, CHALLENGES)
    x, strange = (levels.cpu().float() / 255 for levels in (pictures, others))
    found = CHALLENGES[name].apply(x, Draws(indices, name, 0), strength, strange)
    return (found.clamp(0, 1) * 255).round().to(torch.uint8).to(pictures.device)
