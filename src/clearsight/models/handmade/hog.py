"""Histograms of oriented gradients. N. Dalal and B. Triggs, Histograms of oriented gradients for human detection, CVPR 2005.

Each cell of pixels has a histogram of gradient directions, weighted by their strengths. Overlapping blocks of 2×2 cells are
normalised (L2-Hys: to length 1, clipped at 0.2, to length 1 again), which reduces the influence of brightness and contrast. With
soft bins a pixel is shared among the two nearest directions and the four nearest cells, as in the paper, so that small rotations and
shifts change little; the picture is padded with black, and cells outside of it take part (0.6 points on fashion-mnist's validation
pictures). With hard bins each pixel counts once: that is scikit-image's arithmetic, in the same order of numbers.

Shapes: N pictures, C channels, R×Q cells, B directions.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import Model, in_parts
from .pixels import zero_head


@dataclass(frozen=True)
class Hog:
    """`directions` in 180°, or 360° if `signed`; a `cell` in px (0: by the picture's size), a `block` in cells.

    `around` is the number of cells outside of the picture on each side.
    """

    directions: int = 9
    signed: bool = False
    soft: bool = False
    cell: int = 0
    block: int = 2
    around: int = 0


PAPER = (2005, "Dalal, Triggs: Histograms of oriented gradients for human detection")
TABLE = {"hog": Hog(18, signed=True, soft=True, around=1), "hog-unsigned": Hog(soft=True, around=1), "hog-hard": Hog()}
INPUT, CLASSES, SMALLEST, RECIPE, NORMALISED = (1, 28, 28), 10, 8, "solved", False
EPS, CLIP = 1e-5, 0.2  # of the block's length
FAINT = 1e-10  # for a gradient of 0, which has no direction to be differentiated
AT_ONCE = 2**16  # pixels: their maps stay in a processor's cache


def cell_side(height: int, width: int) -> int:
    """Pixels to a side of a cell: 4 from 28 to 64 px, where there are 7 to 16 cells to a side; 2 at 8, 8 at 128, 14 at 224."""
    side = min(height, width)
    return max(round(side / 16), min(4, max(2, side // 7)))


def gradient(x: Tensor) -> tuple[Tensor, Tensor]:
    """Differences of each pixel's neighbours, down and across, `(N, H, W)`: the channel's where they are largest, 0 at the border."""
    down = F.pad(x[:, :, 2:] - x[:, :, :-2], (0, 0, 1, 1))
    across = F.pad(x[..., 2:] - x[..., :-2], (1, 1))
    if x.shape[1] == 1:
        return down[:, 0], across[:, 0]
    channel = (down.square() + across.square()).argmax(1, keepdim=True)
    return down.gather(1, channel)[:, 0], across.gather(1, channel)[:, 0]


class HogFeatures(Model):
    """Softmax regression on the blocks' histograms, in the order (row, column, cell's row and column, direction)."""

    HALVES = False

    def __init__(self, hog: Hog, classes: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.hog, self.side = hog, hog.cell or cell_side(height, width)
        self.rows, self.columns = (length // self.side + 2 * hog.around for length in (height, width))
        blocks = (self.rows - hog.block + 1) * (self.columns - hog.block + 1)
        self.fc = zero_head(blocks * hog.block**2 * hog.directions, classes)

    def cells(self, x: Tensor) -> Tensor:
        """The cells' histograms, `(N, R, Q, B)`: mean strength of the gradient in each direction."""
        bins, turn = self.hog.directions, 2 * math.pi if self.hog.signed else math.pi
        height, width = self.rows * self.side, self.columns * self.side
        x = F.pad(x, [self.hog.around * self.side] * 4)
        down, across = (difference[:, :height, :width] for difference in gradient(x))
        across = across.masked_fill((down == 0) & (across == 0), FAINT)
        strength, direction = (down.square() + across.square()).sqrt(), torch.atan2(down, across) * (bins / turn)
        if self.hog.soft:
            pooled = shared(self.columns, self.side, x) @ soft_bins(strength, direction - 0.5, bins)
            return (shared(self.rows, self.side, x) @ pooled.flatten(2)).view(x.shape[0], self.rows, self.columns, bins)
        with torch.no_grad():
            # a tiny offset puts directions on a bin's edge into the upper bin, as without rounding
            direction = direction.add_(1e-6).floor_().remainder_(bins)
            row, column = (torch.arange(side, device=x.device) // self.side for side in (height, width))
            place = direction.long().add_((row[:, None] * self.columns + column) * bins)
        counts = torch.zeros(x.shape[0], self.rows * self.columns * bins, dtype=x.dtype, device=x.device)
        counts = counts.scatter_add_(1, place.flatten(1), strength.flatten(1))
        return counts.view(x.shape[0], self.rows, self.columns, bins) / self.side**2

    def features(self, x: Tensor) -> Tensor:
        """`(N, D)` of pictures `(N, C, H, W)` of any scale of brightness; for skimage's numbers in units of [0, 1]."""
        return in_parts(self._features, x, AT_ONCE // (x.shape[2] * x.shape[3]))

    def _features(self, x: Tensor) -> Tensor:
        cells, places = self.cells(x), range(self.hog.block)
        rows, columns = (count - self.hog.block + 1 for count in (self.rows, self.columns))
        blocks = torch.stack([cells[:, i : i + rows, j : j + columns] for i in places for j in places], 3).flatten(3)
        return normalised(normalised(blocks).clamp(max=CLIP)).flatten(1)


def soft_bins(strength: Tensor, direction: Tensor, bins: int) -> Tensor:
    """Each pixel's `strength` (N, H, W) shared between the two nearest of the `bins` directions round the turn, `(N, H, W, B)`."""
    below = direction.detach().floor()
    upper = strength * (direction - below)
    shares = strength.new_zeros(*strength.shape, bins)
    for place, share in ((below, strength - upper), (below + 1, upper)):
        shares.scatter_(-1, place.remainder(bins).long()[..., None], share[..., None])
    return shares


def shared(cells: int, side: int, like: Tensor) -> Tensor:
    """What each pixel of a line gives to each cell on it, `(cells, cells·side)`: the less the farther from its middle, over the side."""
    pixel = torch.arange(cells * side, dtype=like.dtype, device=like.device) + 0.5
    middle = (torch.arange(cells, dtype=like.dtype, device=like.device) + 0.5) * side
    return (1 - (pixel - middle[:, None]).abs() / side).clamp_min_(0) / side


def normalised(blocks: Tensor) -> Tensor:
    """Vectors `(…, D)` divided by their length."""
    squares: Tensor = torch.linalg.vecdot(blocks, blocks)
    return blocks * (squares + EPS**2).rsqrt()[..., None]


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> HogFeatures:
    """Softmax regression on histograms of oriented gradients; it has no dropout."""
    return HogFeatures(TABLE[name], classes, channels, height, width)
