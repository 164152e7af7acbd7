"""Judging classifiers: the confusion matrix, an interval, McNemar's test."""

import math

import numpy as np

from ...metrics.confusion import confused_pairs, per_class
from ...metrics.intervals import Z, wilson
from ...metrics.paired import mcnemar
from ..draw import Draw
from ..exercise import Cell, Exercise, Grid, Part, part, written

CLASSES = ("cat", "dog", "fish")
YES, NO = "yes, p < 0.05", "no, p ≥ 0.05"


def matrix(draw: Draw) -> Exercise | None:
    """Recall, precision, the commonest confusion, and the interval of an accuracy."""
    counts = np.array([[draw.number(0, 9) for _ in CLASSES] for _ in CLASSES])
    for i in range(3):
        counts[i, i] = draw.number(30, 48)
    one, other = draw.sample(range(3), 2)
    scores, pairs = per_class(counts), confused_pairs(counts, 2)
    recall, precision = scores[one].recall, scores[other].precision
    if len(pairs) < 2 or pairs[0][2] - pairs[1][2] < 2 or recall is None or precision is None:
        return None
    n = draw.pick((50, 100, 200))
    right = n - draw.number(1, n // 20)
    truth, guess, _ = pairs[0]
    options = tuple(f"{a} → {b}" for a in CLASSES for b in CLASSES if a != b)
    return Exercise(
        (
            f"Rows are the true classes, columns the predictions. What is the RECALL of {CLASSES[one]}, the share of the true "
            f"{CLASSES[one]} pictures that is found? What is the PRECISION of {CLASSES[other]}, the share of the predictions "
            f"{CLASSES[other]} that is right? (Two decimals, or a fraction.)",
            "Which class is most often predicted as which other class (truth → prediction)?",
            f"On other pictures {right} of {n} are right. Give Wilson's 95 % interval, with z = 1.96 and p = {right}/{n} (three decimals): "
            "centre (p + z²/2n) / (1 + z²/n), half width z·√(p(1 − p)/n + z²/4n²) / (1 + z²/n).",
        ),
        (
            part("recall", f"recall of {CLASSES[one]}", "number", written(recall, 4), _shares(counts, one, "recall"), tolerance=0.0055),
            part(
                "precision",
                f"precision of {CLASSES[other]}",
                "number",
                written(precision, 4),
                _shares(counts, other, "precision"),
                tolerance=0.0055,
            ),
            part(
                "pair",
                "the commonest confusion",
                "choice",
                f"{CLASSES[truth]} → {CLASSES[guess]}",
                [(f"{CLASSES[guess]} → {CLASSES[truth]}", "You swapped truth and prediction: rows are the truth.")],
                options=options,
            ),
            *_limits(right, n),
        ),
        (
            "Recall stays within a row, precision within a column.",
            f"Row {CLASSES[one]} has {int(counts[one].sum())} pictures, column {CLASSES[other]} {int(counts[:, other].sum())}.",
        ),
        (
            f"recall: {counts[one, one]}/{counts[one].sum()} = {written(recall, 2)}; "
            f"precision: {counts[other, other]}/{counts[:, other].sum()} = {written(precision, 2)}",
            f"{CLASSES[truth]} → {CLASSES[guess]}: {counts[truth, guess]} pictures, the largest number off the diagonal.",
            f"Wilson: {written(wilson(right, n)[0], 3)} to {written(wilson(right, n)[1], 3)}.",
        ),
        (Grid("confusion matrix", _table(counts)),),
        {"counts": counts.tolist(), "recall": one, "precision": other, "right": right, "n": n},
    )


def _table(counts: np.ndarray) -> tuple[tuple[Cell, ...], ...]:
    rows: list[tuple[Cell, ...]] = [("truth \\ prediction", *CLASSES)]
    rows += [(name, *(int(n) for n in row)) for name, row in zip(CLASSES, counts, strict=True)]
    return tuple(rows)


def _shares(counts: np.ndarray, index: int, which: str) -> list[tuple[str, str]]:
    hits, row, column = counts[index, index], counts[index].sum(), counts[:, index].sum()
    swapped = column if which == "recall" else row
    words = "This is the precision: you divided by the column." if which == "recall" else "This is the recall: you divided by the row."
    return [
        (written(hits / swapped, 4), words),
        (written(hits / counts.sum(), 4), "You divided by ALL pictures."),
        (written(np.trace(counts) / counts.sum(), 4), "This is the accuracy over all classes."),
        (written(1 - hits / (row if which == "recall" else column), 4), "This is the share of the mistakes."),
    ]


def _limits(right: int, n: int) -> list[Part]:
    low, high = wilson(right, n)
    p = right / n
    plain = Z * math.sqrt(p * (1 - p) / n)
    words = "This is p ± 1.96·√(p(1 − p)/n), which is too narrow near 0 and 1. Use Wilson's formula."
    ends = (
        ("low", "lower limit", low, p - plain, p - Z / (2 * math.sqrt(n))),
        ("high", "upper limit", high, p + plain, p + Z / (2 * math.sqrt(n))),
    )
    return [
        part(
            name,
            f"{title} of the interval for {right}/{n}",
            "number",
            written(value, 4),
            [
                (written(simple, 4), words),
                (written(widest, 4), "You took p = 1/2 in the width."),
                (written(p, 4), "This is the share itself, not a limit."),
            ],
            tolerance=0.0015,
        )
        for name, title, value, simple, widest in ends
    ]


def paired(draw: Draw) -> Exercise | None:
    """McNemar's exact test by hand."""
    a, b = draw.number(5, 14), draw.number(0, 5)
    if a <= b + 1:
        return None
    n, both = a + b, draw.number(60, 120)
    neither = draw.number(2, 20)
    p = mcnemar(a, b)
    if abs(p - 0.05) < 0.004:
        return None
    ways = [math.comb(n, i) for i in range(b + 1)]
    options, answer = (YES, NO), YES if p < 0.05 else NO
    other = NO if p < 0.05 else YES
    chi = (a - b) ** 2 / n
    return Exercise(
        (
            f"Two classifiers see the same {both + neither + n} pictures. {both} are right for both, {neither} for neither; {a} are "
            f"right for A only, {b} for B only. McNemar's exact test asks: if both were equally good, each of those {n} pictures would "
            f"fall to A or B like a fair coin. p is TWICE the probability of {b} or fewer heads in {n} tosses. What is p (three decimals)?",
            "Do A and B differ at the 5 % level?",
        ),
        (
            part(
                "p",
                "p",
                "number",
                written(p, 5),
                [
                    (written(p / 2, 5), "This is one tail; the test asks for a difference either way: double it."),
                    (written(2 * ways[-1] / 2**n, 5), f"Add up all of 0 to {b} heads, not exactly {b} only."),
                    (
                        written(math.erfc(math.sqrt(chi / 2)), 5),
                        "This is the χ² approximation; for so few pictures use the exact binomial.",
                    ),
                    (written(min(1.0, sum(math.comb(n, i) for i in range(a + 1)) / 2**n), 5), f"Count the rarer side: {b} or fewer."),
                    (written(abs(a - b) / (both + neither + n), 5), "This is the difference of the accuracies, not p."),
                ],
                points=2,
                tolerance=0.0006,
            ),
            part(
                "differ",
                "do A and B differ at the 5 % level?",
                "choice",
                answer,
                [(other, f"Compare p = {written(p, 3)} with 0.05.")],
                options=options,
            ),
        ),
        (
            f"Only the {n} pictures count on which they differ. There are 2^{n} = {2**n:,} equally likely ways.",
            f"Ways with 0 to {b} heads: {' + '.join(map(str, ways))} = {sum(ways):,}.",
        ),
        (f"p = 2 · {sum(ways):,} / {2**n:,} = {written(p, 4)}: {answer}.",),
        (Grid("pictures", (("", "B right", "B wrong"), ("A right", both, a), ("A wrong", b, neither))),),
        {"only_a": a, "only_b": b},
    )
