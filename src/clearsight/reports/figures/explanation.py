"""Heat maps over the picture, their curves and their checks."""

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from ...base.check import Check
from ...look.features import pixels
from ...look.target import Subject
from ...look.why import Explanation
from ...look.why.checks import Curves
from .canvas import FAINT, INK, PAPER, bar, coloured, limits, sheet, write

SIDE, CHART, EDGE, LINE = 208, (300, 170), 16, 18
Colour = tuple[int, int, int]
GOOD, BAD = (24, 128, 72), (190, 40, 30)
COLOURS = {"deletion": (202, 0, 32), "insertion": (5, 113, 176)}
SEEN = 0.55  # how much of the colour covers the picture


def heat_figure(subject: Subject, picture: Tensor, one: Explanation) -> Image.Image:
    """The picture, uint8 `(C, H, W)`, and its map; beneath, where it was checked, what it was compared with, curves and checks."""
    table = "diverging" if one.method.signed else "viridis"
    tiles = [("the picture", _shown(picture)), ("over it", overlay(picture, one)), ("alone", _colours(one.heat, table))]
    verdict = one.verdict
    if verdict and verdict.other is not None and verdict.random is not None:
        tiles.append((f"for {subject.label(verdict.runner_up)}", _colours(verdict.other, table)))
        tiles.append(("of shuffled weights", _colours(verdict.random, table)))
    title = f"{one.method.name}{' at ' if one.layer else ''}{one.layer}: {one.label} {one.probability:.1%}"
    note = f"{one.method.says}; each map to its own scale, numbers are those of the map alone"
    top = sheet(title, tiles, note, bar(*_limits(one.heat, table), table), SIDE, columns=len(tiles))
    if verdict is None:
        return top
    chart = curve_chart(verdict.curves) if verdict.curves else Image.new("RGB", (1, 1), PAPER)
    return _with_checks(top, chart, verdict.checks)


def method_sheet(title: str, picture: Tensor, found: Sequence[Explanation]) -> Image.Image:
    """Every method's map over the picture, with the checks that it fails."""
    tiles = [("the picture", _shown(picture))]
    for one in found:
        verdict = f"fails: {', '.join(one.failed)}" if one.failed else "all checks hold" if one.verdict else ""
        tiles.append((f"{one.method.name}  {verdict}", overlay(picture, one)))
    note = "each map to its own scale: yellow, or red where a map has a sign, speaks for the class"
    return sheet(f"{title}  {found[0].label} {found[0].probability:.1%}", tiles, note, None, SIDE)


def overlay(picture: Tensor, one: Explanation) -> NDArray[np.uint8]:
    """The map's colours over the picture in grey, `(H, W, 3)`."""
    grey = _shown(picture).mean(2, keepdims=True)
    mixed = (1 - SEEN) * grey + SEEN * _colours(one.heat, "diverging" if one.method.signed else "viridis")
    covered: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return covered


def curve_chart(found: Curves) -> Image.Image:
    """Both curves from 0 to 1, and on the left their names with their areas."""
    width, height = CHART
    image = Image.new("RGB", (width + 2 * EDGE + 24, height + 2 * EDGE + 40), PAPER)
    draw = ImageDraw.Draw(image)
    left, top = EDGE + 24, EDGE
    draw.rectangle((left, top, left + width, top + height), outline=FAINT)
    for share in (0.0, 0.5, 1.0):
        write(draw, (left - 6, top + height * (1 - share)), f"{share:g}", FAINT, 11, "rm")
        write(draw, (left + width * share, top + height + 4), f"{share:.0%}", FAINT, 11, "ma")
    for i, name in enumerate(("deletion", "insertion")):
        values = pixels(found.deletion if name == "deletion" else found.insertion).tolist()
        points = [(left + width * j / (len(values) - 1), top + height * (1 - value)) for j, value in enumerate(values)]
        draw.line(points, COLOURS[name], 2)
        write(draw, (left + 150 * i, top + height + 20), f"{name}, area {found.areas[name]:.2f}", COLOURS[name], 12)
    return image


def _with_checks(top: Image.Image, chart: Image.Image, checks: Sequence[Check]) -> Image.Image:
    left = chart.width + EDGE
    lines: list[tuple[str, Colour, int]] = []
    for check in checks:
        lines.append((f"{check.check}: {'holds' if check.ok else 'FAILS'}", GOOD if check.ok else BAD, 13))
        lines += [(line, INK, 12) for line in textwrap.wrap(check.says, max(24, (top.width - left - EDGE) // 7))]
    image = Image.new("RGB", (top.width, top.height + max(chart.height, LINE * len(lines) + 2 * EDGE)), PAPER)
    image.paste(top, (0, 0))
    image.paste(chart, (0, top.height))
    draw = ImageDraw.Draw(image)
    for i, (words, ink, size) in enumerate(lines):
        write(draw, (left, top.height + EDGE + LINE * i), words, ink, size)
    return image


def _limits(heat: Tensor, table: str) -> tuple[float, float]:
    return limits(pixels(heat).numpy(), table)


def _colours(heat: Tensor, table: str) -> NDArray[np.uint8]:
    return coloured(pixels(heat).numpy(), *_limits(heat, table), table)


def _shown(picture: Tensor) -> NDArray[np.uint8]:
    shown: NDArray[np.uint8] = picture.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
    return shown
