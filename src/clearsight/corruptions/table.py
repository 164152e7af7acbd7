"""The corruptions by name, with the published strengths for 32 px (CIFAR-10-C) and 224 px (ImageNet-C), severities 1 to 5."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..base.errors import unknown, wrong
from . import blurs, digital, noise, weather
from .rng import Draws

SMALL, LARGE = 32, 224
BETWEEN = math.sqrt(SMALL * LARGE)  # px; strengths for 32 px up to here, those for 224 px above
Strength = float | tuple[float, ...]


@dataclass(frozen=True)
class Corruption:
    """A corruption: its function, its strengths by severity, and which of them are lengths in px that scale with the picture.

    `held_out` marks the four that published means leave out; `colour` has no effect on grey pictures.
    """

    name: str
    apply: Callable[..., Tensor]
    small: Sequence[Strength]
    large: Sequence[Strength]
    lengths: tuple[int, ...] = ()
    held_out: bool = False
    colour: bool = False

    @property
    def group(self) -> str:
        """The group, which is also its module: noise, blurs, weather or digital."""
        return self.apply.__module__.rpartition(".")[2]

    def strengths(self, severity: int, side: int) -> tuple[Any, ...]:
        """The strengths for pictures whose shorter side is `side` px: published ones for 32 and 224, lengths in proportion otherwise."""
        row, of = (self.small, SMALL) if side <= BETWEEN else (self.large, LARGE)
        values = row[severity - 1]
        values = values if isinstance(values, tuple) else (values,)
        return tuple(value * side / of if i in self.lengths and side != of else value for i, value in enumerate(values))


ROWS = (
    Corruption("gaussian_noise", noise.gaussian_noise, (0.04, 0.06, 0.08, 0.09, 0.10), (0.08, 0.12, 0.18, 0.26, 0.38)),
    Corruption("shot_noise", noise.shot_noise, (500, 250, 100, 75, 50), (60, 25, 12, 5, 3)),
    Corruption("impulse_noise", noise.impulse_noise, (0.01, 0.02, 0.03, 0.05, 0.07), (0.03, 0.06, 0.09, 0.17, 0.27)),
    Corruption(
        "defocus_blur",
        blurs.defocus_blur,
        ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),
        ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
        lengths=(0,),
    ),
    Corruption(
        "glass_blur",
        blurs.glass_blur,
        ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
        ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
        lengths=(0, 1),
    ),
    Corruption(
        "motion_blur",
        blurs.motion_blur,
        ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
        ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
        lengths=(0, 1),
    ),
    Corruption(
        "zoom_blur",
        blurs.zoom_blur,
        ((1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)),
        ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)),
    ),
    Corruption(
        "snow",
        weather.snow,
        (
            (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
        ),
        (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
        lengths=(4, 5),
    ),
    Corruption(
        "frost",
        weather.frost,
        ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)),
        ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)),
    ),
    Corruption(
        "fog",
        weather.fog,
        ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),
        ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)),
    ),
    Corruption("brightness", digital.brightness, (0.05, 0.1, 0.15, 0.2, 0.3), (0.1, 0.2, 0.3, 0.4, 0.5)),
    Corruption("contrast", digital.contrast, (0.75, 0.5, 0.4, 0.3, 0.15), (0.4, 0.3, 0.2, 0.1, 0.05)),
    Corruption(
        "elastic_transform",
        digital.elastic_transform,
        ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)),
        # published for 244 px, used for 224
        tuple(
            (a * 244 / 224, b * 244 / 224, c * 244 / 224)
            for a, b, c in ((2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02))
        ),
    ),
    Corruption("pixelate", digital.pixelate, (0.95, 0.9, 0.85, 0.75, 0.65), (0.6, 0.5, 0.4, 0.3, 0.25)),
    Corruption("jpeg_compression", digital.jpeg_compression, (80, 65, 58, 50, 40), (25, 18, 15, 10, 7)),
    Corruption("speckle_noise", noise.speckle_noise, (0.06, 0.1, 0.12, 0.16, 0.2), (0.15, 0.2, 0.35, 0.45, 0.6), held_out=True),
    Corruption("gaussian_blur", blurs.gaussian_blur, (0.4, 0.6, 0.7, 0.8, 1), (1, 2, 3, 4, 6), lengths=(0,), held_out=True),
    Corruption(
        "spatter",
        weather.spatter,
        (
            (0.62, 0.1, 0.7, 0.7, 0.5, 0),
            (0.65, 0.1, 0.8, 0.7, 0.5, 0),
            (0.65, 0.3, 1, 0.69, 0.5, 0),
            (0.65, 0.1, 0.7, 0.69, 0.6, 1),
            (0.65, 0.1, 0.5, 0.68, 0.6, 1),
        ),
        (
            (0.65, 0.3, 4, 0.69, 0.6, 0),
            (0.65, 0.3, 3, 0.68, 0.6, 0),
            (0.65, 0.3, 2, 0.68, 0.5, 0),
            (0.65, 0.3, 1, 0.65, 1.5, 1),
            (0.67, 0.4, 1, 0.65, 1.5, 1),
        ),
        lengths=(2,),
        held_out=True,
    ),
    Corruption(
        "saturate",
        digital.saturate,
        ((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)),
        ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)),
        held_out=True,
        colour=True,
    ),
)
CORRUPTIONS = {row.name: row for row in ROWS}
MEAN_OVER = tuple(row.name for row in ROWS if not row.held_out)
SEVERITIES = 5
CACHE = 2**20  # bytes of float32 that fit into a core's cache


def corrupted(pictures: Tensor, indices: Tensor, name: str, severity: int) -> Tensor:
    """Pictures uint8 `(N, C, H, W)` under the corruption `name`, truncated to uint8 as published; `indices` `(N,)` key the draws.

    Raises UsageError for an unknown name, or a severity outside of 1 to 5.
    """
    if name not in CORRUPTIONS:
        raise unknown("corruption", name, CORRUPTIONS)
    if not 1 <= severity <= SEVERITIES:
        raise wrong("severity", f"from 1 to {SEVERITIES}", severity)
    row = CORRUPTIONS[name]
    strengths = row.strengths(severity, min(pictures.shape[-2:]))
    several = max(1, CACHE // (4 * math.prod(pictures.shape[1:])))
    made = []
    for part, some in zip(pictures.cpu().split(several), indices.split(several), strict=True):
        x = row.apply(part.float() / 255, Draws(some, name, severity), *strengths)
        made.append(x.clamp_(0, 1).mul_(255).add_(1e-3).to(torch.uint8))  # 254.99998 in float32 is 255 in the published float64
    return torch.cat(made).to(pictures.device)
