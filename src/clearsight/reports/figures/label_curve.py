"""The plot of a curve: accuracy against the number of labels, the mean over seeds with its 95 % interval."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from PIL import Image, ImageDraw

from .canvas import FAINT, INK, PAPER, write

# Okabe and Ito, which people with any kind of colour vision tell apart
COLOURS = ((120, 128, 138), (0, 114, 178), (230, 159, 0), (0, 158, 115), (213, 94, 0), (86, 180, 233), (204, 121, 167))
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1560, 900, 120, 1180, 100, 780
GRID, BAND = (226, 230, 235), 10
Point = Mapping[str, float]


def figure(title: str, note: str, curves: Mapping[str, Sequence[Point]]) -> Image.Image:
    """Curves by name: points with `labelled`, `value`, `low`, `high`, drawn twice as large as they are shown."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    points = [point for rows in curves.values() for point in rows]
    few, many = min(p["labelled"] for p in points), max(p["labelled"] for p in points)
    ends = [p[end] if p["seeds"] > 1 else p["value"] for p in points for end in ("low", "high")]
    low, step, high = _scale(min(ends), max(ends))

    def x(labelled: float) -> float:
        return LEFT + 60 + (RIGHT - LEFT - 120) * (math.log(labelled / few) / math.log(many / few) if many > few else 0.5)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (min(max(value, low), high) - low) / (high - low)

    write(draw, (LEFT, 24), title, INK, 32)
    _axes(draw, x, y, sorted({p["labelled"] for p in points}), [low + step * i for i in range(round((high - low) / step) + 1)])
    write(draw, (LEFT, HEIGHT - 44), note, FAINT, 22)
    for i, rows in enumerate(curves.values()):
        shift = BAND * (i - (len(curves) - 1) / 2)  # so that whiskers at the same amount stand side by side
        _line(draw, [(x(p["labelled"]) + shift, p) for p in rows], COLOURS[i % len(COLOURS)], y)
    heights = _apart([y(rows[-1]["value"]) for rows in curves.values()], 34)
    for i, (name, height) in enumerate(zip(curves, heights, strict=True)):
        write(draw, (RIGHT + 24, height), name, COLOURS[i % len(COLOURS)], 26, "lm")
    return image


def _scale(least: float, most: float) -> tuple[float, float, float]:
    """(lowest, step, highest) of an axis of shares that holds these, with a little room."""
    step = next(step for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if (most - least) / step <= 8)
    return max(0.0, math.floor(least / step - 0.5) * step), step, min(1.0, math.ceil(most / step + 0.5) * step)


def _axes(
    draw: ImageDraw.ImageDraw, x: Callable[[float], float], y: Callable[[float], float], amounts: Sequence[float], marks: Sequence[float]
) -> None:
    decimals = 1 if any(round(100 * mark, 6) % 1 for mark in marks) else 0
    for mark in marks:
        draw.line((LEFT, y(mark), RIGHT, y(mark)), GRID, 2)
        write(draw, (LEFT - 14, y(mark)), f"{100 * mark:.{decimals}f} %", FAINT, 24, "rm")
    for amount in amounts:
        draw.line((x(amount), BOTTOM, x(amount), BOTTOM + 8), FAINT, 2)
        write(draw, (x(amount), BOTTOM + 12), f"{amount:,.0f}", FAINT, 24, "ma")
    write(draw, ((LEFT + RIGHT) / 2, BOTTOM + 44), "labels", FAINT, 24, "ma")


def _line(
    draw: ImageDraw.ImageDraw, rows: Sequence[tuple[float, Point]], colour: tuple[int, int, int], y: Callable[[float], float]
) -> None:
    """A curve through points at their px from the left, with whiskers where there are seeds to differ."""
    draw.line([(x, y(p["value"])) for x, p in rows], colour, 5, joint="curve")
    for x, p in rows:
        for end in (p["low"], p["high"]) if p["seeds"] > 1 else ():
            draw.line((x, y(p["value"]), x, y(end)), colour, 3)
            draw.line((x - 7, y(end), x + 7, y(end)), colour, 3)
        draw.ellipse((x - 9, y(p["value"]) - 9, x + 9, y(p["value"]) + 9), colour, PAPER, 2)


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Heights of names, moved until none is nearer than `least` to another."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    found = list(places)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + least)
    over = max(0.0, found[order[-1]] - (BOTTOM - 10)) if order else 0.0
    return [place - over for place in found]
