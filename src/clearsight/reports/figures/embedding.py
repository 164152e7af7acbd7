"""Pictures where their features put them, and pictures in a row with what is said of each."""

import colorsys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...datasets.dataset import Dataset
from ...look.embedding import Near
from ...look.preprocessing_steps import Answer, Stage
from ...look.target import Subject
from .canvas import FAINT, INK, PAPER, sheet, tile, write

SIDE, EDGE, FRAME = 900, 20, 2


def class_colours(classes: int) -> list[tuple[int, int, int]]:
    """As many colours as there are classes, evenly around the circle, every other one darker."""
    found = []
    for i in range(classes):
        red, green, blue = colorsys.hsv_to_rgb(i / classes, 0.75, 0.9 if i % 2 else 0.65)
        found.append((round(255 * red), round(255 * green), round(255 * blue)))
    return found


def embedding_figure(
    title: str, note: str, places: NDArray[np.float64], part: Dataset, chosen: Sequence[int], subject: Subject
) -> Image.Image:
    """Thumbnails at `places` `(N, 2)`, framed in the colour of their class, over a legend."""
    colours = class_colours(len(part.classes))
    rows = -(-len(part.classes) // 6)
    image = Image.new("RGB", (SIDE + 2 * EDGE, SIDE + 2 * EDGE + 40 + 22 * rows), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (EDGE, 12), title, INK, 17)
    low, high = places.min(0), places.max(0)
    unit = (places - low) / np.where(high > low, high - low, 1)
    side = round(min(48, max(14, 480 / len(places) ** 0.5)))
    for i, (x, y) in zip(chosen, unit, strict=True):
        thumb = tile(shown(subject, part.source(i)), side)
        framed = Image.new("RGB", (thumb.width + 2 * FRAME, thumb.height + 2 * FRAME), colours[int(part.labels[i])])
        framed.paste(thumb, (FRAME, FRAME))
        image.paste(framed, (EDGE + round(x * (SIDE - framed.width)), 40 + round((1 - y) * (SIDE - framed.height))))
    for i, (name, colour) in enumerate(zip(part.classes, colours, strict=True)):
        x, y = EDGE + i % 6 * (SIDE // 6), SIDE + 50 + i // 6 * 22
        draw.rectangle((x, y, x + 12, y + 12), fill=colour)
        write(draw, (x + 18, y - 1), name[:20], INK, 12)
    write(draw, (EDGE, image.height - 22), note, FAINT, 12)
    return image


def neighbour_sheet(title: str, picture: NDArray[np.uint8], found: Sequence[Near], part: Dataset, subject: Subject) -> Image.Image:
    """The picture, and those near to it with their class and cosine."""
    tiles = [("the picture", picture)]
    tiles += [(f"{one.label}  {one.cosine:.3f}", shown(subject, part.source(one.index))) for one in found]
    return sheet(title, tiles, "cosine of the angle between the features of both", None, 128)


def xray_figure(title: str, stages: Sequence[Stage], answers: Sequence[Answer]) -> Image.Image:
    """The picture from file to numbers, and beneath what every mistake would have made of the answer."""
    tiles = [(f"{i + 1}. {one.name}", one.pixels.repeat(3, 2) if one.pixels.shape[2] == 1 else one.pixels) for i, one in enumerate(stages)]
    lines = [(f"{i + 1}. {one.name}: {one.says}", INK) for i, one in enumerate(stages)] + [("", INK)]
    for one in answers:
        ink = (190, 40, 30) if one.changed else INK
        lines.append((f"{one.mistake or 'right'}: {one.label} {one.probability:.1%}   {one.says}", ink))
    top = sheet(title, tiles, "", None, 208, columns=len(tiles))
    image = Image.new("RGB", (max(top.width, 760), top.height + 20 * len(lines) + EDGE), PAPER)
    image.paste(top, (0, 0))
    draw = ImageDraw.Draw(image)
    for i, (words, ink) in enumerate(lines):
        write(draw, (16, top.height + 20 * i), words, ink, 13)
    return image


def shown(subject: Subject, source: Any) -> NDArray[np.uint8]:
    """A picture as the network is shown it, in RGB `(H, W, 3)`."""
    fitted = subject.preprocessing.load(source)
    pixels: NDArray[np.uint8] = fitted.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
    return pixels
