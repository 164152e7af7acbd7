"""Bags of visual words. D. Lowe, Distinctive image features from scale-invariant keypoints, Int. J. of Computer Vision 60, 2004 (the
descriptor); G. Csurka et al., Visual categorization with bags of keypoints, ECCV workshop 2004 (the words); S. Lazebnik et al.,
Beyond bags of features: spatial pyramid matching, CVPR 2006 (the pyramid, and descriptors on a grid instead of at keypoints).

A descriptor is 4×4 histograms of 8 directions of the gradient around a place, each pixel shared among its nearest bins.
k-means clusters the descriptors of some training pictures into words. The features are the frequencies of the words, in the whole
picture and in its parts. The descriptors' arithmetic is OpenCV's, before it rounds them to bytes.

On a grid all descriptors are one product: the weights of the bins fall apart into rows and columns.

Shapes: N pictures, R×Q places, V words.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...images.blur import gaussian
from ..base import Model, in_parts
from .pixels import zero_head


class Sift(NamedTuple):
    """Side of a bin and distance between places, both in px at up to 64 px and in proportion above; blur in px, number of words."""

    bin: float = 3.0
    step: float = 2.0
    blur: float = 0.0
    words: int = 128


PAPER = (2004, "Lowe: Distinctive image features from scale-invariant keypoints")
TABLE = {"sift": Sift()}
INPUT, CLASSES, SMALLEST, RECIPE, NORMALISED = (1, 28, 28), 10, 12, "solved", False
SQUARE, DIRECTIONS, CLIP = 4, 8, 0.2  # bins to a side, directions, largest share of the descriptor's length
PYRAMID = ((1, 0.25), (2, 0.25), (4, 0.5))  # parts to a side of the picture, and what they count: Lazebnik's weights
LEARNT_FROM = 2**15  # descriptors for k-means
AT_ONCE = 2**15  # pixels
GREY = (0.299, 0.587, 0.114)


def places(side: int, step: int, margin: int) -> Tensor:
    """The places on one side of the grid, int64, symmetrical in the picture, at least `margin` px inside."""
    count = max(1, (side - 1 - 2 * margin) // step + 1)
    return (side - 1 - (count - 1) * step) // 2 + step * torch.arange(count)


def bin_weights(side: int, at: Tensor, width: float) -> Tensor:
    """What each pixel of a row counts for each of 4 bins around the places `at`: float32 `(4·len(at), side)`.

    A pixel is shared out between the two nearest bins, under a Gaussian of two bins; a border pixel has no gradient.
    """
    away = (torch.arange(side) - at[:, None]) / width  # in bins
    nearness = 1 - (away[:, None] + (SQUARE - 1) / 2 - torch.arange(SQUARE)[:, None]).abs()
    weights = nearness.clamp(min=0) * torch.exp(-away.square() / (SQUARE**2 / 2))[:, None]
    weights[..., 0] = weights[..., -1] = 0
    return weights.flatten(0, 1).float()


def directions(x: Tensor) -> Tensor:
    """Strength of the gradient of grey pictures `(N, H, W)` in 8 directions, `(N, W, 8, H)`: shared between the two nearest."""
    n, height, width = x.shape
    across = F.pad(x[..., 2:] - x[..., :-2], (1, 1))
    up = F.pad(x[:, :-2] - x[:, 2:], (0, 0, 1, 1))
    place = torch.atan2(up, across) * (DIRECTIONS / (2 * math.pi))
    lower = place.floor()
    share, strength = place - lower, (across.square() + up.square()).sqrt()
    rows, columns = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    pixel = columns * (DIRECTIONS * height) + rows[:, None]
    spread = torch.zeros(n, width * DIRECTIONS * height, dtype=x.dtype, device=x.device)
    for direction, part in ((lower, strength * (1 - share)), (lower + 1, strength * share)):
        index = direction.remainder(DIRECTIONS).long().mul_(height).add_(pixel)
        spread = spread.scatter_add_(1, index.flatten(1), part.flatten(1))
    return spread.view(n, width, DIRECTIONS, height)


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Grey pictures `(N, H, W)` blurred with `sigma` px, mirrored at the border pixel: OpenCV's preprocessing of descriptors."""
    weights = gaussian(sigma).to(x)
    radius = len(weights) // 2
    x = F.conv2d(F.pad(x[:, None], (radius,) * 4, mode="reflect"), weights[None, None, None])
    return F.conv2d(x, weights[None, None, :, None])[:, 0]


class SiftWords(Model):
    """Softmax regression on how often each word occurs, in the whole picture, its quarters and their quarters."""

    HALVES = False

    def __init__(self, sift: Sift, classes: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        scale = max(1.0, min(height, width) / 64)
        self.blur, self.step, self.bin = sift.blur, round(sift.step * scale), sift.bin * scale
        rows, columns = self.rows, self.columns = tuple(places(side, self.step, round(self.bin)) for side in (height, width))
        for name, side, at in (("down", height, rows), ("across", width, columns)):
            self.register_buffer(name, bin_weights(side, at, self.bin), persistent=False)
        parts = [rows[:, None] * n // height * n + columns * n // width for n, _ in PYRAMID]  # (R, Q) each
        self.register_buffer("parts", torch.stack([part.flatten() for part in parts]), persistent=False)
        self.words = nn.Parameter(torch.zeros(sift.words, SQUARE**2 * DIRECTIONS), requires_grad=False)
        self.fc = zero_head(sift.words * sum(n * n for n, _ in PYRAMID), classes)

    def descriptors(self, x: Tensor) -> Tensor:
        """The descriptors `(N, R·Q, 128)` of length 1 of pictures `(N, C, H, W)`, in the order (row, column, direction)."""
        grey = x[:, 0] if x.shape[1] == 1 else torch.einsum("nchw,c->nhw", x, torch.tensor(GREY).to(x))
        down, across = self.get_buffer("down"), self.get_buffer("across")
        bins = directions(blurred(grey, self.blur) if self.blur else grey) @ down.T  # (N, W, 8, R·4)
        bins = bins.permute(0, 2, 3, 1) @ across.T  # (N, 8, R·4, Q·4)
        descriptors = bins.unflatten(3, (-1, SQUARE)).unflatten(2, (-1, SQUARE)).permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)
        descriptors = torch.minimum(descriptors, CLIP * torch.linalg.vecdot(descriptors, descriptors).sqrt()[..., None])
        squares: Tensor = torch.linalg.vecdot(descriptors, descriptors)
        return descriptors * squares.clamp_min(1e-14).rsqrt()[..., None]

    def features(self, x: Tensor) -> Tensor:
        """`(N, D)` of pictures `(N, C, H, W)` of any scale of brightness: roots of the words' shares. They have no gradient."""
        return in_parts(self._features, x, AT_ONCE // (x.shape[2] * x.shape[3]))

    def _features(self, x: Tensor) -> Tensor:
        descriptors = self.descriptors(x)
        word = (descriptors @ self.words.T - self.words.square().sum(1) / 2).argmax(2)  # (N, R·Q)
        share = torch.ones_like(word, dtype=x.dtype) / word.shape[1]
        kept = []
        for (n, weight), part in zip(PYRAMID, self.get_buffer("parts"), strict=True):
            counts = torch.zeros(x.shape[0], n * n * len(self.words), dtype=x.dtype, device=x.device)
            kept.append(counts.scatter_add_(1, part * len(self.words) + word, weight * share))
        return torch.cat(kept, 1).sqrt()

    @torch.no_grad()
    def initialise(self, inputs: Tensor) -> None:
        """Find the words in the descriptors of some training pictures `(N, C, H, W)`, by k-means."""
        from sklearn.cluster import KMeans  # takes over a second to import

        descriptors = self.descriptors(inputs).flatten(0, 1)
        descriptors = descriptors[descriptors.norm(dim=1) > 0.5]  # descriptors of places without gradient are zero
        descriptors = descriptors[:: max(1, len(descriptors) // LEARNT_FROM)]
        words = min(len(self.words), len(descriptors))
        centres = KMeans(words, n_init=1, max_iter=50, random_state=0).fit(descriptors.cpu().numpy()).cluster_centers_
        self.words[:words] = torch.from_numpy(centres).to(self.words)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> SiftWords:
    """Softmax regression on a bag of SIFT words; it has no dropout."""
    return SiftWords(TABLE[name], classes, channels, height, width)
