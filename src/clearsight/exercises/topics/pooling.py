"""Pooling: maps of 6×6, and whether ReLU and pooling may be swapped."""

import torch
from torch import Tensor

from ...models.formula import stack
from ..answers import numbers
from ..draw import Draw
from ..exercise import Exercise, Grid, Part, Verdict, part, rows, written

SAME, DIFFERENT = "the same for every map", "different for some maps"


def _through(words: str, values: Tensor) -> Tensor:
    """A map `(H, W)` after the layers of a formula."""
    x = values.to(torch.float64)[None, None]
    for layer in stack(words, (1, *values.shape)).values():
        x = layer(x)
    return x[0, 0].detach()


def pooled(draw: Draw) -> Exercise | None:
    """Max and average pooling of a 6×6 map, window and stride 2 or 3."""
    k = draw.pick((2, 3))
    given = torch.tensor(draw.matrix(6, 6, 0, 9))
    most, mean, one = (_through(words, given) for words in (f"pool{k}x{k}", f"avgpool{k}x{k}", f"pool{k}x{k}/1"))
    i, j = draw.number(0, len(most) - 1), draw.number(0, len(most) - 1)
    window = given[i * k : i * k + k, j * k : j * k + k]
    average, total = float(mean[i, j]), float(window.sum())
    return Exercise(
        (
            f"A 6×6 map is pooled with a window of {k}×{k} at stride {k}, without padding. Write the map after max pooling row by row. "
            f"What does AVERAGE pooling give in row {i + 1}, column {j + 1}? (Two decimals, or a fraction.)",
        ),
        (
            part(
                "max",
                f"after max pooling, {len(most)}×{len(most)} numbers",
                "rows",
                rows(most),
                [
                    (rows(most.T), "This is transposed: write the first ROW first."),
                    (rows(_through(f"avgpool{k}x{k}", given)), "This is the average of each window; asked is its largest number."),
                    (rows(one), f"You moved the window by 1; at stride {k} the windows do not overlap."),
                    (rows(-_through(f"pool{k}x{k}", -given)), "These are the smallest numbers of the windows."),
                ],
                points=2,
            ),
            part(
                "average",
                f"average pooling, row {i + 1}, column {j + 1}",
                "number",
                written(average, 4),
                [
                    (written(float(most[i, j])), "This is the largest number of the window."),
                    (written(total), f"This is the sum; divide by the {k * k} numbers of the window."),
                    (written(total / k, 4), f"Divide by all {k * k} numbers of the window, not by its side."),
                    (written(float(mean[j, i]), 4), "You swapped row and column."),
                ],
                tolerance=0.0051,
            ),
        ),
        (
            f"Cut the map into squares of {k}×{k}: each becomes one number.",
            f"The first window has {', '.join(written(float(v)) for v in given[:k, :k].flatten())}.",
        ),
        (f"max: {rows(most)}", f"average: {written(total)} / {k * k} = {written(average, 2)}"),
        (Grid("map", tuple(map(tuple, given.tolist())), "picture"),),
        {"map": given.tolist(), "window": k, "at": (i, j)},
    )


def relu_pool(draw: Draw) -> Exercise | None:
    """Whether ReLU and pooling commute; the counterexample for average pooling."""
    given = torch.tensor(draw.matrix(4, 4, -9, 9))
    i, j = draw.number(0, 1), draw.number(0, 1)
    first, last = float(_through("relu avgpool2x2", given)[i, j]), float(_through("avgpool2x2 relu", given)[i, j])
    raw, most = float(_through("avgpool2x2", given)[i, j]), float(_through("pool2x2 relu", given)[i, j])
    if abs(first - last) < 0.1 or last == 0:
        return None
    place, options = f"row {i + 1}, column {j + 1}", (SAME, DIFFERENT)
    return Exercise(
        (
            "ReLU replaces each negative number by 0. A map goes through ReLU and 2×2 pooling at stride 2, in one order or the other. "
            f"Is the result the same? Compute both orders with AVERAGE pooling for {place} of the pooled map (two decimals, or a "
            "fraction), and give a window of four numbers of your own for which the two orders of average pooling differ.",
        ),
        (
            part("first", f"ReLU first, then average pooling, {place}", "number", written(first, 4), _numbers(raw, last, most, "first")),
            part("last", f"average pooling first, then ReLU, {place}", "number", written(last, 4), _numbers(raw, first, most, "last")),
            part(
                "max",
                "with MAX pooling, the two orders are …",
                "choice",
                SAME,
                [(DIFFERENT, "ReLU keeps the order of numbers: the largest stays the largest, and is cut at 0 before or after.")],
                options=options,
            ),
            _counterexample(),
        ),
        (
            "Take the window of this cell: four numbers. Do it once in each order.",
            "With mixed signs a mean is lowered by the negative numbers, unless ReLU has removed them before.",
        ),
        (
            f"ReLU first: {written(first, 2)}. Average first: {written(last, 2)}.",
            "max(0, max(a, b, c, d)) = max(max(0, a), …, max(0, d)): with max pooling both orders are always equal.",
            "Any window with a positive and a negative number is a counterexample for the average, for example 4 −4 0 0: 1 and 0.",
        ),
        (Grid("map", tuple(map(tuple, given.tolist())), "signed"),),
        {"map": given.tolist(), "at": (i, j)},
    )


def _numbers(raw: float, other: float, most: float, which: str) -> list[tuple[str, str]]:
    words = {"first": "This is the other order: average first.", "last": "This is the other order: ReLU first."}[which]
    return [
        (written(other, 4), words),
        (written(most, 4), "This is max pooling; asked is the average."),
        (written(raw, 4), "You forgot the ReLU."),
    ]


def _counterexample() -> Part:
    def judge(given: str) -> Verdict:
        found = [next(iter(value)) for value in numbers(given)]
        if len(found) != 4:
            return Verdict(False, f"A 2×2 window has 4 numbers. These are {len(found)}.")
        window = torch.tensor(found, dtype=torch.float64).view(2, 2)
        first, last = (float(_through(words, window)) for words in ("relu avgpool2x2", "avgpool2x2 relu"))
        if abs(first - last) < 1e-9:
            return Verdict(False, f"Both orders give {written(first, 4)}.")
        return Verdict(True, f"ReLU first gives {written(first, 4)}, the average first {written(last, 4)}.")

    same = "All numbers have one sign: ReLU then changes all or nothing, and the order does not matter."
    slips = [("1 2; 3 4", same), ("-1 -2; -3 -4", same), ("0 0; 0 0", "All numbers are 0: nothing can differ.")]
    words = "a 2×2 window for which the two orders of average pooling differ"
    return part("counterexample", words, "rows", "4 -4; 0 0", slips, judge=judge, by_hand=True)
