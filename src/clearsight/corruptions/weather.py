"""Snow, frost, fog and spatter. Pictures are float32 `(N, C, H, W)` in [0, 1]."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..images.blur import blurred
from .blurs import moved, zoomed
from .rng import Draws

GREY = (0.299, 0.587, 0.114)
WATER, MUD = (175 / 255, 238 / 255, 238 / 255), (63 / 255, 42 / 255, 20 / 255)
WIBBLE = 100.0
PANES = 5
BRANCHES = (0.3, 0.5, 0.7, 0.85)  # places along a needle
CRYSTALS = 0.3  # needles of frost per pixel of a pane's side


def snow(x: Tensor, draws: Draws, mean: float, sigma: float, zoom: float, least: float, radius: float, blur: float, keep: float) -> Tensor:
    """Snow: flakes that fall at 45° to 135°, on a paler picture."""
    height, width = x.shape[-2:]
    flakes = zoomed(mean + sigma * draws.normal(1, height, width), zoom)
    flakes = torch.where(flakes < least, 0.0, flakes)
    flakes = (flakes.clamp(0, 1) * 255).floor() / 255
    flakes = (moved(flakes, draws.uniform(-135, -45), radius, blur) * 255).round() / 255
    pale = torch.maximum(x, _grey(x) * 1.5 + 0.5)
    return keep * x + (1 - keep) * pale + flakes + flakes.flip(2, 3)


def frost(x: Tensor, draws: Draws, keep: float, amount: float) -> Tensor:
    """Frost: a random, possibly mirrored, piece of one of five frosted panes over the picture.

    The published corruption uses photographs of frost, which may not be redistributed. These panes are computed, so results for
    frost are near the published ones but not comparable.
    """
    height, width = x.shape[-2:]
    panes = _panes(max(height, width))
    pane, across = draws.whole(0, len(panes)), draws.whole(0, 2).tolist()
    top, left = (draws.whole(0, panes.shape[-1] - side + 1).tolist() for side in (height, width))
    pieces = [panes[i][:, y : y + height, x : x + width] for i, y, x in zip(pane.tolist(), top, left, strict=True)]
    ice = torch.stack([piece.flip(2) if turned else piece for piece, turned in zip(pieces, across, strict=True)])
    return keep * x + amount * (ice if x.shape[1] == 3 else _grey(ice))


@lru_cache(maxsize=4)
def _panes(side: int) -> Tensor:
    """Five frosted panes, twice as high and wide as a picture of `side` px: float32 `(5, 3, 2·side, 2·side)`."""
    return torch.stack([_ice(Draws(torch.tensor([i]), "pane", 0), 2 * side) for i in range(PANES)])


def _ice(draws: Draws, side: int) -> Tensor:
    """A bluish pane of needles that branch twice at 60°, on haze: float32 `(3, side, side)` in [0, 1]."""
    (generator,), canvas = draws.generators, torch.zeros(side * side)
    y, x, turn, size = torch.rand(4, max(12, round(CRYSTALS * side)), generator=generator)
    starts, angles, lengths = torch.stack([y, x]) * side, turn * 2 * math.pi, (0.08 + 0.17 * size) * side
    shares = torch.tensor(BRANCHES)[:, None]
    for _ in range(3):
        ways = torch.stack([angles.sin(), angles.cos()])
        _needles(canvas.view(side, side), starts, ways, lengths)
        turns = math.pi / 3 * (2 * torch.randint(2, (len(shares), len(angles)), generator=generator) - 1)
        starts = (starts[:, None] + ways[:, None] * shares * lengths).flatten(1)
        angles, lengths = (angles + turns).flatten(), (0.6 * (1 - shares) * lengths).flatten()
    haze = _plasma(draws, side, 2.0)[0, :side, :side]
    soft = blurred(canvas.view(1, 1, side, side), max(0.4, side / 400))[0, 0]
    light = (0.5 + 0.35 * haze + 0.5 * soft).clamp(0, 1)  # mean brightness about that of the published photographs, 0.7
    return torch.stack([0.88 * light, 0.95 * light, light])


def _needles(canvas: Tensor, starts: Tensor, ways: Tensor, lengths: Tensor) -> None:
    """Lines from `starts` `(2, M)` along vectors `(2, M)` (down, right) that fade towards their ends."""
    steps = torch.arange(math.ceil(float(lengths.max()))).float()
    rows, columns = (starts[..., None] + ways[..., None] * steps).round().long()
    seen = (steps < lengths[:, None]) & (rows >= 0) & (rows < canvas.shape[0]) & (columns >= 0) & (columns < canvas.shape[1])
    light = 1 - 0.7 * steps / lengths[:, None].clamp_min(1)
    canvas.view(-1).scatter_reduce_(0, (rows * canvas.shape[1] + columns)[seen], light[seen], "amax")


def fog(x: Tensor, draws: Draws, strength: float, decay: float) -> Tensor:
    """Fog by a plasma fractal; the maximum of the picture is kept."""
    height, width = x.shape[-2:]
    clouds = _plasma(draws, max(height, width), decay)[:, None, :height, :width]
    most = x.amax((1, 2, 3), keepdim=True)
    return (x + strength * clouds) * most / (most + strength)


def _plasma(draws: Draws, side: int, decay: float) -> Tensor:
    """Height maps by the diamond-square algorithm, float32 `(N, M, M)` in [0, 1], M the next power of two from `side`.

    The random offset (wibble) enters squared, as in the published program.
    """
    size = 2 ** max(1, math.ceil(math.log2(side)))
    heights = torch.zeros(len(draws.generators), size, size)
    step, wibble = size, WIBBLE

    def mean(total: Tensor) -> Tensor:
        return total / 4 + draws.uniform(-wibble * wibble, wibble * wibble, *total.shape[1:])

    while step >= 2:
        half = step // 2
        corners = heights[:, ::step, ::step]
        total = corners + corners.roll(-1, 1)
        heights[:, half::step, half::step] = mean(total + total.roll(-1, 2))
        middles = heights[:, half::step, half::step]
        heights[:, ::step, half::step] = mean(middles + middles.roll(1, 1) + corners + corners.roll(-1, 2))
        heights[:, half::step, ::step] = mean(middles + middles.roll(1, 2) + corners + corners.roll(-1, 1))
        step, wibble = half, wibble / decay
    heights -= heights.amin((1, 2), keepdim=True)
    return heights / heights.amax((1, 2), keepdim=True).clamp_min(1e-12)


def spatter(x: Tensor, draws: Draws, mean: float, sigma: float, blur: float, least: float, strength: float, mud: float) -> Tensor:
    """Spatter: drops of water, or with `mud` of mud, on the lens."""
    height, width = x.shape[-2:]
    liquid = blurred(mean + sigma * draws.normal(1, height, width), blur)
    liquid = torch.where(liquid < least, 0.0, liquid)
    if mud:
        cover = blurred((liquid > least).float(), strength)
        cover = torch.where(cover < 0.8, 0.0, cover)
        return x * (1 - cover) + cover * _colour(MUD, x)
    drops = torch.stack([_drops(one[0].numpy()) for one in (liquid * 255).floor()])[:, None]
    drops = drops / drops.amax((1, 2, 3), keepdim=True).clamp_min(1e-12) * strength
    return x + drops * _colour(WATER, x)


def _drops(liquid: np.ndarray) -> Tensor:
    """The light that drops add, by the slope of their surface (from the distance to the edge): brighter towards the upper left."""
    edges = _edges(liquid)
    if not edges.any():  # no drops
        return torch.zeros(liquid.shape)
    from scipy import ndimage

    away = ndimage.uniform_filter(ndimage.distance_transform_edt(~edges).clip(0, 20), 3, mode="mirror")
    away = (away + 1e-6).astype(int)  # the running sum can be -1e-17 instead of 0
    counts = np.bincount(away.ravel())
    first = counts[counts > 0][0]
    even = np.round((counts.cumsum()[away] - first) / max(1, away.size - first) * 255)  # histogram equalised
    lit = ndimage.correlate(even, np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]), mode="mirror").clip(0, 255)
    return torch.from_numpy(liquid * ndimage.uniform_filter(lit, 3, mode="mirror")).float()


def _edges(levels: np.ndarray, low: float = 50, high: float = 150) -> np.ndarray:
    """Canny edges of grey levels `(H, W)`, bool (J. Canny, 1986), with the gradient norm of OpenCV."""
    from scipy import ndimage  # as in blurs.py

    down, right = ndimage.sobel(levels, 0, mode="nearest"), ndimage.sobel(levels, 1, mode="nearest")
    slope = np.abs(down) + np.abs(right)
    padded = np.pad(slope, 1)
    ratio = np.abs(down) / np.maximum(np.abs(right), 1e-12)
    same = down * right >= 0
    ways = np.select([ratio < math.tan(math.pi / 8), ratio > math.tan(3 * math.pi / 8), same], [0, 1, 2], 3)
    best = np.zeros_like(slope, dtype=bool)
    height, width = slope.shape
    for way, (dy, dx) in enumerate(((0, 1), (1, 0), (1, 1), (1, -1))):
        before = padded[1 - dy : 1 - dy + height, 1 - dx : 1 - dx + width]
        after = padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        best |= (ways == way) & (slope > before) & (slope >= after)
    weak = best & (slope > low)
    parts, count = ndimage.label(weak, np.ones((3, 3)))
    strong = np.zeros(count + 1, bool)
    strong[np.unique(parts[weak & (slope > high)])] = True
    strong[0] = False
    found: np.ndarray = strong[parts]
    return found


def _grey(x: Tensor) -> Tensor:
    """The luma of colours, the mean of other bands, `(N, 1, H, W)`."""
    if x.shape[1] != 3:
        return x.mean(1, keepdim=True)
    return (x * torch.tensor(GREY).to(x)[:, None, None]).sum(1, keepdim=True)


def _colour(colour: tuple[float, float, float], x: Tensor) -> Tensor:
    """A colour `(3, 1, 1)`, or its luma `(1, 1, 1)` for grey pictures."""
    values = torch.tensor(colour).to(x)[:, None, None]
    return values if x.shape[1] == 3 else _grey(values[None])[0]
