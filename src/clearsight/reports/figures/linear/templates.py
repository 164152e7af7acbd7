"""The templates of softmax regression: a picture for each class."""

import numpy as np
from matplotlib.figure import Figure

from ....look.linear.templates import Templates
from ...style import PRINT, Style
from ..page import Scale, short
from ..sheet import Group, Tile, sheet


def template_sheet(title: str, found: Templates, scale: str, most: int, *, trained: bool = True, style: Style = PRINT) -> Figure:
    """The weights of each class in one scale or each in its own: red is evidence for the class, blue against it."""
    weights = found.of_grey()[:most]
    largest = float(np.abs(weights).max()) or 1.0
    tiles = []
    for name, bias, values in zip(found.classes, found.bias.tolist(), weights, strict=False):
        top = largest if scale == "shared" else float(np.abs(values).max()) or 1.0
        tiles.append(Tile(values, name, Scale(None, True, -top, top), "" if style.slide else f"b = {short(bias)}", ("ink", "faint")))
    _, channels, height, width = found.weights.shape
    sizes = f"{height}×{width}×{channels} weights and a bias for each of {len(found.classes)} classes: {found.parameters:,} parameters"
    note = "red: a light pixel is evidence for the class, blue: against it" if style.slide else (
        f"Red: a light pixel is evidence for the class, blue: against it, white: neither. {sizes}."
    )  # fmt: skip
    bar = Scale(None, True, -largest, largest) if scale == "shared" else None
    return sheet(title, [Group(tiles, note=note, bar=bar, unit="weight", side=1.25, columns=5)], trained=trained, style=style)
