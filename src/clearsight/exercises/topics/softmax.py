"""Softmax regression: probabilities, loss and gradient, class templates."""

import math

import torch

from ...attacks.gradient_ascent import cross_entropy
from ..draw import Draw
from ..exercise import Exercise, Grid, Part, minus, part, written

CLASSES = ("cat", "dog", "fish")
STAY, EVEN, GROW = "they stay the same", "they all become 1/3", "each is multiplied by e to the power of the number"


def probabilities(draw: Draw) -> Exercise | None:
    """Softmax of three logits, and what a number added to all of them does."""
    logits = [draw.number(-2, 4) for _ in CLASSES]
    if len(set(logits)) < 3 or max(logits) - min(logits) > 4:
        return None
    added = draw.pick((5, 10, 100))
    p = torch.tensor(logits, dtype=torch.float64).softmax(0).tolist()
    shares = [z / sum(logits) for z in logits] if sum(logits) else p
    sigmoid = torch.tensor(logits, dtype=torch.float64).sigmoid().tolist()
    powers = [2.0**z for z in logits]
    options = tuple(draw.sample((STAY, EVEN, GROW), 3))
    wrong = [
        (_three(shares), "You divided the logits by their sum; softmax divides their exponentials e^z."),
        (_three(sigmoid), "This is the sigmoid of each logit; softmax divides by the sum over all classes."),
        (_three([math.exp(z) for z in logits]), "These are the exponentials; divide each by their sum."),
        (_three([x / sum(powers) for x in powers]), "You took powers of 2; the base is e = 2.718…"),
        (_three([float(z == max(logits)) for z in logits]), "Softmax is soft: only very different logits give 0 and 1."),
    ]
    terms = " + ".join(f"e^{minus(str(z))}" for z in logits)
    total = sum(math.exp(z) for z in logits)
    return Exercise(
        (
            f"A network gives the logits {_listed(logits)} for the classes {', '.join(CLASSES)}. What are their probabilities by softmax "
            f"(two decimals, in this order)? And what becomes of them when {added} is added to all three logits?",
        ),
        (
            part("probabilities", "p(cat), p(dog), p(fish)", "numbers", _three(p), wrong, points=2, tolerance=0.0061),
            part(
                "shift",
                f"with {added} added to all logits, the probabilities …",
                "choice",
                STAY,
                [
                    (EVEN, "The differences of the logits are what they were, so the probabilities differ as before."),
                    (GROW, f"The factor e^{added} is in the numerator and in the denominator: it cancels."),
                ],
                options=options,
            ),
        ),
        ("p = e^z / sum of all e^z.", f"{terms} = {written(total, 3)}"),
        (
            "; ".join(
                f"p({name}) = {written(math.exp(z), 3)} / {written(total, 3)} = {written(x, 2)}"
                for name, z, x in zip(CLASSES, logits, p, strict=True)
            ),
            f"e^(z + {added}) = e^z · e^{added}: the factor cancels, {STAY}.",
        ),
        (),
        {"logits": logits, "added": added},
    )


def _three(values: list[float]) -> str:
    return ", ".join(written(value, 4) for value in values)


def _listed(values: list[int]) -> str:
    return ", ".join(minus(str(value)) for value in values)


def loss(draw: Draw) -> Exercise | None:
    """The cross-entropy of one picture and its gradient with respect to the logits."""
    logits = torch.tensor([draw.number(-2, 3) for _ in CLASSES], dtype=torch.float64, requires_grad=True)
    label = draw.number(0, 2)
    p = logits.detach().softmax(0)
    if p.min() < 0.05 or not 0.1 <= p[label] <= 0.9 or p.unique().numel() < 3:
        return None
    value = cross_entropy(logits[None], torch.tensor([label]))
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    j = float(value.detach())
    shown = ", ".join(written(float(x), 3) for x in p)
    return Exercise(
        (
            f"Softmax gives the probabilities {shown} for {', '.join(CLASSES)}. The right class is {CLASSES[label]}. What is the "
            "cross-entropy J = −ln p(right class), with the natural logarithm? And what is the gradient of J with respect to the three "
            "logits, in this order? (Two decimals.)",
        ),
        (
            part(
                "loss",
                "J",
                "number",
                written(j, 4),
                [
                    (written(-j, 4), "The loss is −ln p: it is not negative."),
                    (written(j / math.log(10), 4), "You took the logarithm to base 10; J is with the natural one, ln."),
                    (written(j / math.log(2), 4), "You took the logarithm to base 2; J is with the natural one, ln."),
                    (written(1 - float(p[label]), 4), "1 − p is the gradient's size, not the loss; J = −ln p."),
                    (written(float(-p.log().sum()), 4), "Only the right class counts: the others have y = 0."),
                ],
                tolerance=0.012,
            ),
            _gradient(p, label, gradient),
        ),
        (
            "Write y = 1 for the right class and 0 for the others. The gradient is p − y.",
            f"J = −ln {written(float(p[label]), 3)}.",
        ),
        (
            f"J = −ln {written(float(p[label]), 3)} = {written(j, 2)}",
            f"p − y = {minus(', '.join(written(float(x), 2) for x in gradient))}. Checked by automatic differentiation.",
        ),
        (),
        {"logits": logits.detach().tolist(), "label": label},
    )


def _gradient(p: torch.Tensor, label: int, gradient: torch.Tensor) -> Part:
    target = torch.nn.functional.one_hot(torch.tensor(label), 3)
    return part(
        "gradient",
        "∂J/∂z for cat, dog, fish",
        "numbers",
        _three(gradient.tolist()),
        [
            (_three((target - p).tolist()), "The sign is turned: this is the direction in which J falls. The gradient is p − y."),
            (_three(p.tolist()), "You forgot y: subtract 1 for the right class."),
            (
                _three([float(p[label] - 1) if i == label else 0.0 for i in range(3)]),
                "The other logits count too: their p is not 0.",
            ),
            (_three((1 - p).tolist()), "1 must be subtracted from p, and for the right class only."),
        ],
        points=2,
        tolerance=0.0061,
    )


def templates(draw: Draw) -> Exercise | None:
    """Which class wins for a 4×4 picture, and the one pixel that makes another win."""
    w = torch.tensor([draw.matrix(4, 4, -1, 1) for _ in CLASSES], dtype=torch.float64)
    x = torch.tensor(draw.matrix(4, 4, 0, 1), dtype=torch.float64)
    z = (w * x).sum((1, 2))
    winner = int(z.argmax())
    flips = [(i, j) for i in range(4) for j in range(4) if _wins(w, x, i, j) not in (winner, -1)]
    if z.unique().numel() < 3 or len(flips) != 1:
        return None
    (i, j), order = flips[0], (w * x.T).sum((1, 2))
    after = _flipped(x, i, j)
    place = f"row {i + 1}, column {j + 1}"
    slips = [(f"row {j + 1}, column {i + 1}", "You swapped row and column.")] if i != j else []
    slips.append((f"row {i}, column {j}", "You counted from 0; the first row and column have number 1."))
    return Exercise(
        (
            "Softmax regression without biases: each class has a template of 4×4 weights, and its logit is the sum of the products of "
            "weight and pixel. Pixels are 0 or 1. What are the three logits, and which class wins?",
            "If ONE pixel is switched (0 to 1, or 1 to 0), another class wins (alone: a tie is no win). Exactly one pixel does this: "
            "which? Rows and columns are counted from 1.",
        ),
        (
            part(
                "logits",
                f"logits of {', '.join(CLASSES)}",
                "numbers",
                _three(z.tolist()),
                [
                    (_three(order.tolist()), "You laid the picture on its side: rows and columns are swapped."),
                    (_three((w * (1 - x)).sum((1, 2)).tolist()), "You added the weights where the picture is 0."),
                    (_three(w.sum((1, 2)).tolist()), "You added all weights; only those where the picture is 1 count."),
                    (_three((w * x).abs().sum((1, 2)).tolist()), "Weights of −1 are subtracted."),
                ],
            ),
            part("winner", "the class that wins", "choice", CLASSES[winner], _losers(winner), options=CLASSES),
            part("pixel", "the pixel to switch", "place", place, slips),
        ),
        (
            "Only the pixels of 1 count: add the weights at their places.",
            f"The pixel must move the logits of {CLASSES[winner]} and of its rival apart: look in row {i + 1}.",
        ),
        (
            "; ".join(f"z({name}) = {minus(written(float(v)))}" for name, v in zip(CLASSES, z, strict=True)) + f"; {CLASSES[winner]} wins.",
            f"Switching {place}: z = {minus(_three((w * after).sum((1, 2)).tolist()))}, so {CLASSES[_wins(w, x, i, j)]} wins.",
        ),
        (
            Grid("picture", tuple(tuple(int(v) for v in row) for row in x), "picture"),
            *(Grid(f"template {n}", tuple(tuple(int(v) for v in row) for row in one), "signed") for n, one in zip(CLASSES, w, strict=True)),
        ),
        {"picture": x.tolist(), "templates": w.tolist()},
    )


def _losers(winner: int) -> list[tuple[str, str]]:
    return [(name, "The class with the LARGEST logit wins.") for name in CLASSES if name != CLASSES[winner]]


def _flipped(x: torch.Tensor, i: int, j: int) -> torch.Tensor:
    other = x.clone()
    other[i, j] = 1 - x[i, j]
    return other


def _wins(w: torch.Tensor, x: torch.Tensor, i: int, j: int) -> int:
    """The class that wins with pixel (i, j) switched; -1 where two are equal."""
    first, second = (w * _flipped(x, i, j)).sum((1, 2)).topk(2)
    return int(second[0]) if first[0] > first[1] else -1
