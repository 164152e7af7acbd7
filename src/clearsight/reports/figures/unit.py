"""One number taken apart: patch, kernel and product of the strongest input channels, and the sum as a waterfall."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...look.unit import Recomputation
from .canvas import FAINT, INK, PAPER, Array, bar, coloured, limits, sheet, short, write
from .maps import stacked

CHANNELS, SIDE = 3, 96
LEFT, CHART, ROW, EDGE = 170, 420, 22, 16
UP, DOWN, TOTAL = (178, 24, 43), (33, 102, 172), (90, 98, 108)


def unit_figure(title: str, found: Recomputation, most: int) -> Image.Image:
    """The `most` largest contributions one after the other, the bias, and what became of their sum."""
    chart = _waterfall(found, most)
    plain = found.patch is None or found.kernel is None
    return stacked([_headed(title, chart.width) if plain else _products(title, found), chart])


def strongest(found: Recomputation) -> list[int]:
    """Places in the contributions, the largest amount first."""
    return sorted(range(len(found.contributions)), key=lambda i: -abs(found.contributions[i]))


def _products(title: str, found: Recomputation) -> Image.Image:
    assert found.patch is not None and found.kernel is not None
    products = found.patch.numpy() * found.kernel.numpy()
    order, tiles = strongest(found)[:CHANNELS], []
    shared = limits(products[order], "diverging")
    for i in order:
        tiles += [
            (f"channel {found.first_channel + i}: patch", _tile(found.patch[i].numpy())),
            ("kernel", _tile(found.kernel[i].numpy())),
            (f"product, sum {short(float(products[i].sum()))}", coloured(products[i], *shared, "diverging")),
        ]
    note = f"the strongest {len(order)} of {len(products)} input channels; bar: products; patches and kernels each to their own scale"
    return sheet(title, tiles, note, bar(*shared, "diverging"), SIDE, columns=3)


def _tile(values: Array) -> NDArray[np.uint8]:
    return coloured(values, *limits(values, "diverging"), "diverging")


def _headed(title: str, width: int) -> Image.Image:
    image = Image.new("RGB", (max(width, 520), 40), PAPER)
    write(ImageDraw.Draw(image), (EDGE, 12), title, INK, 17)
    return image


def _rows(found: Recomputation, most: int) -> list[tuple[str, float, float]]:
    """(words, from, to) of each bar; one that begins at zero and is a state, not a change, is a total."""
    order, rows, stands = strongest(found), [], 0.0
    term = "term" if found.kernel is None else "input channel"
    changes = [(f"{term} {found.first_channel + i}", found.contributions[i]) for i in order[:most]]
    if order[most:]:
        changes.append((f"{len(order) - most} others", sum(found.contributions[i] for i in order[most:])))
    if found.contributions:
        for words, change in [*changes, ("bias", found.bias)]:
            rows.append((words, stands, stands + change))
            stands += change
    rows += [(f"= {step['operation'].replace('_', ' ')}", 0.0, step["value"]) for step in found.steps]
    return rows + [(f"then {step['operation'].replace('_', ' ')}", 0.0, step["recomputed"]) for step in found.then]


def _waterfall(found: Recomputation, most: int) -> Image.Image:
    rows = _rows(found, most)
    low, high = (pick(0.0, *(pick(start, stop) for _, start, stop in rows)) for pick in (min, max))
    scale = CHART / ((high - low) or 1)
    image = Image.new("RGB", (LEFT + CHART + 110, ROW * (len(rows) + 2) + EDGE), PAPER)
    draw = ImageDraw.Draw(image)
    zero = LEFT - low * scale
    draw.line((zero, 0, zero, ROW * len(rows)), FAINT)
    for i, (words, start, stop) in enumerate(rows):
        total = words.startswith(("=", "then"))
        ink = TOTAL if total else UP if stop >= start else DOWN
        left, right = sorted((LEFT + (start - low) * scale, LEFT + (stop - low) * scale))
        draw.rectangle((left, ROW * i + 4, max(right, left + 1), ROW * i + ROW - 4), ink)
        write(draw, (LEFT - 8, ROW * i + ROW // 2), words, INK, 12, "rm")
        write(
            draw,
            (LEFT + CHART + 8, ROW * i + ROW // 2),
            short(stop) if total else f"{'+' if stop >= start else ''}{short(stop - start)}",
            ink,
            12,
            "lm",
        )
    verdict = "equals the network's own value to 1e-5" if found.equal else "DIFFERS from the network's own value"
    write(draw, (EDGE, ROW * len(rows) + ROW // 2), f"recomputed {found.recomputed:.9g}, network {found.value:.9g}: {verdict}", INK, 13)
    return image
