"""The sliding filter: one cell, the wrong cell of a map, a filter that finds a curve."""

from typing import Any

import torch
from torch import Tensor

from ...look.convolution import NO_MATCH, convolve
from ...look.convolution.examples import MATCH
from ..answers import numbers
from ..draw import Draw
from ..exercise import Exercise, Grid, Verdict, cells, minus, part, product, rows, written

HOW = (
    "The filter is laid on the picture as it is (not turned), at stride 1 and without padding. "
    "Rows and columns are counted from 1: the cell in row 1, column 1 of the feature map belongs to the filter in the upper left corner."
)
TURNED = "You turned the filter by 180°, as a convolution in mathematics does. Networks lay it on as it is."
SWAPPED = "You swapped row and column: the first number is the row, counted downwards."


def cell(draw: Draw) -> Exercise | None:
    """One cell of the feature map of a 6×6 picture and a 3×3 filter."""
    picture, filter = draw.matrix(6, 6, 0, 9), draw.matrix(3, 3, -2, 2)
    i, j = draw.sample(range(4), 2)
    found, turned = _map(picture, filter), _map(picture, torch.tensor(filter).flip(0, 1))
    value, patch = float(found[i, j]), [row[j : j + 3] for row in picture[i : i + 3]]
    slips = [(float(turned[i, j]), TURNED), (float(found[j, i]), SWAPPED)]
    if max(i, j) < 3:
        slips.append((float(found[i + 1, j + 1]), "You counted rows and columns from 0; here the first is number 1."))
    if min(i, j) > 0:
        centred = "You laid the middle of the filter on that pixel; without padding its upper left corner belongs there."
        slips.append((float(found[i - 1, j - 1]), centred))
    if value < 0:
        slips.append((0.0, "You applied ReLU as well; the feature map itself keeps negative numbers."))
    terms = [
        product(w, x) for ws, xs in zip(filter, patch, strict=True) for w, x in zip(ws, xs, strict=True) if w
    ]  # fmt: skip
    if not any(map(any, filter)):
        return None
    return Exercise(
        (f"A 3×3 filter slides over a picture of 6×6 pixels. What is in row {i + 1}, column {j + 1} of the 4×4 feature map?", HOW),
        (part("value", f"row {i + 1}, column {j + 1}", "number", written(value), [(written(v), c) for v, c in slips]),),
        (
            "Each cell is a sum of nine products: filter number times the pixel below it.",
            f"The filter covers rows {i + 1} to {i + 3} and columns {j + 1} to {j + 3} of the picture.",
        ),
        (f"{' + '.join(terms)} = {minus(written(value))}",),
        (Grid("picture", picture, "picture"), Grid("filter", filter, "signed")),
        {"picture": picture, "filter": filter, "at": (i, j)},
    )


def wrong_cell(draw: Draw) -> Exercise | None:
    """A whole 4×4 map with one wrong cell."""
    picture, filter = draw.matrix(6, 6, 0, 9), draw.matrix(3, 3, -1, 1)
    i, j = draw.sample(range(4), 2)
    found, turned = _map(picture, filter), _map(picture, torch.tensor(filter).flip(0, 1))
    value, false = float(found[i, j]), float(turned[i, j])
    if value == false:
        return None
    shown = found.clone()
    shown[i, j] = false
    place = f"row {i + 1}, column {j + 1}"
    terms = [product(w, x) for w, x in zip(sum(filter, ()), sum((row[j : j + 3] for row in picture[i : i + 3]), ()), strict=True) if w]
    return Exercise(
        ("One of the 16 cells of this feature map is wrong. Which one, and what belongs there?", HOW),
        (
            part("place", "the wrong cell", "place", place, [(f"row {j + 1}, column {i + 1}", SWAPPED)]),
            part(
                "value",
                "the right number",
                "number",
                written(value),
                [
                    (written(false), "This is the number that is printed: the filter was turned by 180° for it."),
                    (written(float(found[j, i])), SWAPPED),
                ],
            ),
        ),
        (
            "Do not compute all cells with all nine products: the filter has numbers of 0, and ±1 only adds or subtracts.",
            f"The wrong cell is in row {i + 1}.",
        ),
        (f"{place}: {' + '.join(terms)} = {minus(written(value))}; printed was {minus(written(false))}, the turned filter's.",),
        (Grid("picture", picture, "picture"), Grid("filter", filter, "signed"), Grid("feature map", cells(shown), "signed")),
        {"picture": picture, "filter": filter, "shown": cells(shown), "at": (i, j)},
    )


def curve_filter(draw: Draw) -> Exercise | None:
    """A 7×7 filter for the lecture's curve, mirrored or turned, that another shape does not excite."""
    turns, mirrored = draw.number(0, 3), draw.pick((False, True))
    curve, other = (_moved(values, turns, mirrored) for values in (MATCH, NO_MATCH))
    best = torch.where(torch.tensor(other) == 0, torch.where(torch.tensor(curve) > 0, 30, 0), 0)
    goal = int(_map(curve, best)) * draw.number(4, 7) // 1000 * 100
    everywhere, copy = torch.full((7, 7), 30), torch.where(torch.tensor(curve) > 0, 30, 0)

    def judge(given: str) -> Verdict:
        found = [next(iter(value)) for value in numbers(given)]
        if len(found) != 49:
            return Verdict(False, f"A 7×7 filter has 49 numbers. These are {len(found)}.")
        if not all(0 <= value <= 30 for value in found):
            return Verdict(False, "Each number must be from 0 to 30.")
        filter = torch.tensor(found, dtype=torch.float64).view(7, 7)
        match, mismatch = (float(_map(shape, filter)) for shape in (curve, other))
        if mismatch:
            return Verdict(False, f"On the mouse it gives {written(mismatch)}, not 0: it has a number above 0 where the mouse is bright.")
        return Verdict(match > goal, f"On the curve it gives {written(match)}, which is {'' if match > goal else 'not '}more than {goal}.")

    slips = [
        (rows(everywhere), "The same number everywhere finds every bright shape, so the mouse as well."),
        (rows(copy), "A copy of the curve also covers the pixels that the mouse shares with it: put 0 there."),
        (rows(torch.tensor(other)), "This is the mouse: the filter must look like what it is to find."),
        (rows(torch.zeros(7, 7)), "A filter of zeros gives 0 for the mouse, and for the curve as well."),
        (rows(best.T), "This is transposed: rows run downwards."),
    ]
    return Exercise(
        (
            f"Write a 7×7 filter that gives more than {goal} on the curve and exactly 0 on the mouse. Each number is from 0 to 30.",
            "The result is the sum of the 49 products of filter number and pixel. Write the filter row by row, from the top.",
        ),
        (part("filter", "the filter, seven rows of seven numbers", "rows", rows(best), slips, points=2, judge=judge, by_hand=True),),
        (
            "A filter gives much where it resembles the picture. Numbers of 30 belong where the curve is bright.",
            "Look for the pixels where both shapes are bright: the filter must be 0 there.",
        ),
        (f"For example: {rows(best)}. On the curve: {written(float(_map(curve, best)))}; on the mouse: 0.",),
        (Grid("curve", curve, "picture"), Grid("mouse", other, "picture")),
        {"curve": curve, "mouse": other, "goal": goal},
    )


def _map(picture: Any, filter: Any) -> Tensor:
    """The feature map `(H, W)` of one filter."""
    return convolve(picture, filter).maps[0]


def _moved(values: tuple[tuple[int, ...], ...], turns: int, mirrored: bool) -> tuple[tuple[int, ...], ...]:
    turned = torch.tensor(values).rot90(turns)
    return tuple(tuple(row) for row in (turned.flip(1) if mirrored else turned).tolist())
