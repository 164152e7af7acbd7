"""Changes to training pictures: batched tensor operations with parameters of their own for every picture.

A parameter is a function of (seed, epoch, index of the picture, operation), so a picture is changed in the same way
whatever batch it is in, however many processes there are, and after any resume.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.errors import UsageError, unknown
from ..base.randomness import uniform

Size = tuple[int, int]
Change = Callable[[Tensor, Tensor, float, Size], Tensor]


@dataclass(frozen=True)
class Op:
    """One change and its strength."""

    name: str
    strength: float


@dataclass(frozen=True)
class Row:
    """A change `(pictures (N, C, H, W), draws (N, k) in [0, 1), strength, size) → pictures`, how many draws it takes, and its range."""

    change: Change
    draws: int
    default: float
    low: float
    high: float
    meaning: str
    margin: float = 1.0


def flip(pictures: Tensor, draws: Tensor, strength: float, size: Size) -> Tensor:
    """Mirror left and right the share `strength` of the pictures."""
    chosen = (draws[:, 0] < strength)[:, None, None, None]
    return torch.where(chosen, pictures.flip(3), pictures)


def crop(pictures: Tensor, draws: Tensor, strength: float, size: Size) -> Tensor:
    """Shift by up to `strength` px each way; what comes in at the border is the mirrored picture."""
    n, channels, height, width = pictures.shape
    reach = int(strength)
    dy, dx = ((draws * (2 * reach + 1)).long() - reach).unbind(1)  # (N,) each, from -reach to reach
    rows = _mirrored(torch.arange(height, device=pictures.device) + dy[:, None], height)  # (N, H)
    columns = _mirrored(torch.arange(width, device=pictures.device) + dx[:, None], width)  # (N, W)
    places = (rows[:, :, None] * width + columns[:, None, :]).view(n, 1, -1).expand(-1, channels, -1)
    return pictures.reshape(n, channels, -1).gather(2, places).view(n, channels, height, width)


def _mirrored(places: Tensor, n: int) -> Tensor:
    places = places.abs()
    return torch.where(places >= n, 2 * (n - 1) - places, places).clamp_(0, n - 1)


def rrc(pictures: Tensor, draws: Tensor, strength: float, size: Size) -> Tensor:
    """A random resized crop: an area from `strength` to 1 of the picture, aspect ¾ to 4⁄3, resized to `size`.

    Szegedy et al., Going deeper with convolutions, 2014, section 6. Bilinear, without antialias: the stored picture
    is only 15 % larger than `size`, so a crop is rarely made smaller.
    """
    height, width = pictures.shape[2:]
    area = strength + (1 - strength) * draws[:, 0]
    aspect = torch.exp((draws[:, 1] * 2 - 1) * torch.log(torch.tensor(4 / 3)))
    tall = (area / aspect * (width / height)).sqrt().clamp(max=1.0)  # share of the height
    wide = (area * aspect * (height / width)).sqrt().clamp(max=1.0)
    x = (draws[:, 2] * 2 - 1) * (1 - wide)  # centre, in [-1, 1]
    y = (draws[:, 3] * 2 - 1) * (1 - tall)
    rows, columns = (torch.arange(1, 2 * n, 2, device=draws.device) / n - 1 for n in size)  # centres of the new px, in [-1, 1]
    grid = torch.empty(len(pictures), *size, 2, device=draws.device)  # by hand: affine_grid multiplies matrices, which rounds by batch
    grid[..., 0] = (x[:, None] + wide[:, None] * columns)[:, None, :]
    grid[..., 1] = (y[:, None] + tall[:, None] * rows)[:, :, None]
    cut = F.grid_sample(pictures.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return cut.round_().clamp_(0, 255).to(pictures.dtype)


AUGMENTATIONS: dict[str, Row] = {
    "flip": Row(flip, 1, 0.5, 0.0, 1.0, "mirror left and right, with this probability"),
    "crop": Row(crop, 2, 1, 0, 64, "shift by up to this many px, mirrored at the border"),
    "rrc": Row(rrc, 4, 0.35, 0.01, 1.0, "random resized crop of at least this share of the area", margin=1.15),
}


def parse(text: str) -> tuple[Op, ...]:
    """The changes that `text` names, as in `flip crop:2`; raises UsageError for a name or strength that is not there."""
    ops = []
    for word in text.split():
        name, _, number = word.partition(":")
        if name not in AUGMENTATIONS:
            raise unknown("augmentation", name, AUGMENTATIONS)
        row = AUGMENTATIONS[name]
        kind = type(row.default)  # px are whole, shares are not
        try:
            strength = kind(number) if number else row.default
        except ValueError:
            strength = float("nan")
        if not row.low <= strength <= row.high:
            what = f"a {'whole ' if kind is int else ''}number from {row.low:g} to {row.high:g}"
            raise UsageError(f"augmentation {name} takes {what} ({row.meaning}). Got {word!r}.")
        ops.append(Op(name, strength))
    return tuple(ops)


def _draws(seed: int, epoch: int, indices: Tensor, operation: str, draws: int) -> Tensor:
    """Antithetic: an odd epoch takes the mirror image of the draws before it, so that two epochs show a picture both ways round.

    A short run learns more from that than from chance (Jordan 2024, section 3.6, for the flip).
    """
    even = uniform(seed, epoch // 2, indices, operation, draws)
    return even if epoch % 2 == 0 else (1 - 2.0**-24) - even


def margin(ops: tuple[Op, ...]) -> float:
    """How many times larger than the network's input the stored pictures should be."""
    return max((AUGMENTATIONS[op.name].margin for op in ops), default=1.0)


def apply(ops: tuple[Op, ...], pictures: Tensor, indices: Tensor, seed: int, epoch: int, size: Size) -> Tensor:
    """The pictures, uint8 `(N, C, H, W)`, changed by `ops` in order, as uint8 `(N, C, *size)`; `indices` (N,) are theirs in the data."""
    for i, op in enumerate(ops):
        row = AUGMENTATIONS[op.name]
        draws = _draws(seed, epoch, indices, f"{i} {op.name}", row.draws)
        pictures = row.change(pictures, draws, op.strength, size)
    if pictures.shape[2:] != size:
        raise UsageError(f"pictures are {tuple(pictures.shape[2:])} after augmentation, not {size}.")
    return pictures
