"""Sheets of filters, feature maps, patches, and pictures made for a channel."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from ...images.convert import visible
from ...look.features import pixels, strongest
from ...look.maximise import Ideal
from ...look.patches import Found
from ..style import PRINT, Style
from .page import Array, Scale, short
from .sheet import Group, Tile, sheet


def filter_sheet(title: str, weights: Tensor, scale: str, most: int, *, trained: bool = True, style: Style = PRINT) -> Figure:
    """Kernels `(O, I, H, W)`: three input channels in colour around mid-grey, others by their mean around white."""
    values = weights.numpy()
    inputs = values.shape[1]
    planes = values if inputs == 3 else values.mean(1, keepdims=True)
    largest = float(np.abs(planes).max())
    tiles = []
    for i, kernel in enumerate(planes[:most]):
        top = largest if scale == "shared" else float(np.abs(kernel).max())
        if inputs == 3:
            tiles.append(Tile(_colour(kernel, top), str(i)))
        else:
            tiles.append(Tile(kernel[0], str(i), Scale(None, True, -top, top)))
    range_ = f"one scale, ±{short(largest)}" if scale == "shared" else "each to its own largest |weight|"
    mean = f"mean over {inputs} input channels, " if inputs > 1 else ""
    zero = "mid-grey is zero, colours are the three input channels" if inputs == 3 else f"{mean}white is zero"
    note = f"{'×'.join(map(str, values.shape))} (filters × channels × rows × columns); {zero}; {range_}"
    note = f"{zero}; {range_}" if style.slide else note
    shared = None if inputs == 3 or scale == "own" else Scale(None, True, -largest, largest)
    group = Group(tiles, note=note, bar=shared, unit="weight")
    return sheet(title, [group], trained=trained, style=style)


def _colour(kernel: Array, top: float) -> NDArray[np.uint8]:
    return ((kernel / (2 * top or 1) + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)


def feature_sheet(title: str, found: Mapping[str, Tensor], scale: str, most: int, *, trained: bool = True, style: Style = PRINT) -> Figure:
    """A row of maps for each stage, the most active channels first."""
    groups = []
    for name, maps in found.items():
        values = pixels(maps)
        signed = float(values.min()) < 0
        chosen = strongest(values, most)
        whole = Scale(values[chosen].numpy(), signed)
        tiles = []
        for channel in chosen:
            one = values[channel].numpy()
            ends = f"{float(one.min()):.2g}…{float(one.max()):.2g}".replace("-", "−")
            own = whole if scale == "shared" else Scale(one, signed)
            tiles.append(Tile(one, f"channel {channel}", own, "" if style.slide else ends, ("ink", "faint")))
        heading = f"{name}: {'×'.join(map(str, maps.shape))}"
        bar = whole if scale == "shared" else None
        groups.append(Group(tiles, heading, bar=bar, unit="activation", side=0.78, columns=8))
    own_scales = "Each map to its own scale, whose ends are beneath it; where maps have a sign, red is positive."
    note = "" if scale == "shared" or style.slide else own_scales
    return sheet(title, groups, note, trained=trained, style=style)


def patch_sheet(title: str, found: Sequence[Found], *, trained: bool = True, style: Style = PRINT) -> Figure:
    """The patches of every channel, the strongest first, and beneath each what the deconvnet leads back to."""
    groups = []
    for channel in dict.fromkeys(patch.channel for patch in found):
        mine = [patch for patch in found if patch.channel == channel]
        tiles = [Tile(rgb(patch.pixels), short(patch.value)) for patch in mine]
        backs = [Tile(_around_grey(patch.back)) for patch in mine if patch.back is not None]
        groups.append(Group(tiles, f"channel {channel}: strongest activations", columns=min(len(mine), 9)))
        if backs and not style.slide:
            groups.append(Group(backs, note="deconvnet reconstruction of each; grey is zero", columns=len(backs)))
    note = "Patches are cut to the receptive field; below each its activation, without a unit."
    return sheet(title, groups, note, trained=trained, style=style)


def _around_grey(values: Tensor) -> NDArray[np.uint8]:
    """Signed numbers `(C, H, W)` in colour, zero in the middle."""
    scaled = values / (2 * values.abs().max().clamp_min(1e-12)) + 0.5
    return rgb((scaled * 255).round().byte().cpu())


def ideal_sheet(title: str, found: Sequence[Ideal], *, trained: bool = True, style: Style = PRINT) -> Figure:
    """The pictures made for channels, with what each activation grew from and to."""
    tiles = []
    for one in found:
        change = f"{short(one.before)} → {short(one.after)}"
        tiles.append(Tile(rgb((one.pixels * 255).round().byte()), f"channel {one.channel}", None, change, ("ink", "faint")))
    group = Group(tiles, note="Optimised to excite a channel; below, its mean activation before → after.", side=1.5, columns=4)
    return sheet(title, [group], trained=trained, style=style)


def rgb(values: Tensor) -> NDArray[np.uint8]:
    """A picture uint8 `(C, H, W)` of any bands, as people can see it, `(H, W, 3)`."""
    shown = visible(values.permute(1, 2, 0).numpy())
    return np.ascontiguousarray(np.broadcast_to(shown, (*shown.shape[:2], 3)))
