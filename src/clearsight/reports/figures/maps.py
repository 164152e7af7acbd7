"""Sheets of filters, feature maps and patches."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...look.features import pixels, strongest
from ...look.maximise import Ideal
from ...look.patches import Found
from .canvas import PAPER, Array, bar, coloured, limits, sheet, short


def filter_sheet(title: str, weights: Tensor, scale: str, most: int) -> Image.Image:
    """Kernels `(O, I, H, W)`: three input channels in colour around mid-grey, others by their mean around white."""
    values = weights.numpy()
    inputs = values.shape[1]
    planes = values if inputs == 3 else values.mean(1, keepdims=True)
    largest = float(np.abs(planes).max())
    tiles = []
    for i, kernel in enumerate(planes[:most]):
        top = largest if scale == "shared" else float(np.abs(kernel).max())
        tiles.append((str(i), _kernel(kernel, top)))
    range_ = f"±{short(largest)} for all" if scale == "shared" else "each to its own largest |weight|"
    mean = f"mean over {inputs} input channels, " if inputs > 1 else ""
    zero = "grey is zero, colours are the three input channels" if inputs == 3 else f"{mean}white is zero"
    note = f"{'×'.join(map(str, values.shape))}; {zero}; scaled {range_}"
    legend = None if inputs == 3 or scale == "own" else bar(-largest, largest, "diverging")
    return sheet(title, tiles, note, legend)


def _kernel(kernel: Array, top: float) -> NDArray[np.uint8]:
    if len(kernel) == 3:
        return ((kernel / (2 * top or 1) + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    return coloured(kernel[0], -top, top, "diverging")


def feature_sheet(title: str, found: Mapping[str, Tensor], scale: str, most: int) -> Image.Image:
    """One sheet a stage under one another, the most active channels first."""
    sheets = []
    for name, maps in found.items():
        values = pixels(maps)
        signed = float(values.min()) < 0
        table = "diverging" if signed else "viridis"
        chosen = strongest(values, most)
        whole = limits(values[chosen].numpy(), table)
        tiles = []
        for channel in chosen:
            one = values[channel].numpy()
            low, high = whole if scale == "shared" else limits(one, table)
            tiles.append((f"{channel}  {short(float(one.min()))}…{short(float(one.max()))}", coloured(one, low, high, table)))
        note = "one scale" if scale == "shared" else "each map to its own scale, from its least to its greatest"
        legend = bar(*whole, table) if scale == "shared" else None
        sheets.append(sheet(f"{title}  {name}  {'×'.join(map(str, maps.shape))}", tiles, note, legend, 104, min(len(tiles), 8)))
    return stacked(sheets)


def stacked(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets under one another."""
    image = Image.new("RGB", (max(one.width for one in sheets), sum(one.height for one in sheets)), PAPER)
    top = 0
    for one in sheets:
        image.paste(one, (0, top))
        top += one.height
    return image


def patch_sheet(title: str, found: Sequence[Found]) -> Image.Image:
    """The patches of every channel, the strongest first."""
    sheets = []
    for channel in dict.fromkeys(patch.channel for patch in found):
        mine = [patch for patch in found if patch.channel == channel]
        tiles = [(short(patch.value), _picture(patch.pixels)) for patch in mine]
        tiles += [("led back", _around_grey(patch.back)) for patch in mine if patch.back is not None]
        words = "cut out by the receptive field; below each, the channel's value"
        sheets.append(sheet(f"{title}  channel {channel}", tiles, words, None, 104, min(len(mine), 9)))
    return stacked(sheets)


def _around_grey(values: Tensor) -> NDArray[np.uint8]:
    """Signed numbers `(C, H, W)` in colour, zero in the middle."""
    scaled = values / (2 * values.abs().max().clamp_min(1e-12)) + 0.5
    return _picture((scaled * 255).round().byte().cpu())


def ideal_sheet(title: str, found: Sequence[Ideal]) -> Image.Image:
    """The pictures made for channels, with what each value grew from and to."""
    tiles = [(f"{one.channel}: {short(one.before)} to {short(one.after)}", _picture((one.pixels * 255).round().byte())) for one in found]
    return sheet(title, tiles, "made to excite a channel; its mean value before and after", None, 160)


def _picture(values: Tensor) -> NDArray[np.uint8]:
    shown: NDArray[np.uint8] = values.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
    return shown
