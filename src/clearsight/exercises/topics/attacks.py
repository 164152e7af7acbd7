"""FGSM on a linear model, with pen and paper."""

import torch
from torch import Tensor

from ...attacks.gradient_ascent import NORMS, ascend
from ..draw import Draw
from ..exercise import Exercise, Grid, Part, minus, part, written


def fgsm(draw: Draw) -> Exercise | None:
    """The logit after one step of FGSM, and the smallest ε that flips the answer."""
    w = torch.tensor(draw.matrix(1, 4, -4, 4), dtype=torch.float64)[0]
    x = torch.tensor(draw.matrix(1, 4, 4, 6), dtype=torch.float64)[0] / 10
    bias, epsilon = draw.number(-2, 2), draw.pick((0.01, 0.02, 0.05, 0.1))
    z, spread = float(w @ x) + bias, float(w.abs().sum())
    if (
        bool((w == 0).any())
        or len(set(w.sign().tolist())) < 2
        or not 0.05 * spread < abs(z) < 0.3 * spread
        or abs(abs(z) - spread * epsilon) < 0.05
    ):
        return None
    attacked = _attacked(w, x, bias, epsilon)
    smallest = abs(z) / (abs(z - attacked) / epsilon)
    away, sign = z - attacked, 1 if z > 0 else -1
    slips = [
        (written(z + away, 4), "This makes the model surer: FGSM moves the logit AGAINST the predicted class."),
        (written(z - sign * epsilon, 4), "Every pixel moves by ε; you moved the logit by ε once."),
        (written(z - sign * epsilon * float(w.norm()), 4), "This is the step of length ε; FGSM moves EVERY pixel by ε, times the sign."),
        (written(z - epsilon * float(w.sum()), 4), "You moved all pixels the same way; each moves against the sign of its own weight."),
        (written(z - sign * epsilon * 4, 4), "The move of a pixel is multiplied by its weight."),
        (written(attacked - bias, 4), "You forgot the bias."),
    ]
    change = " + ".join(written(float(abs(v))) for v in w)
    return Exercise(
        (
            f"A linear model on four pixels: z = w·x + b with b = {minus(str(bias))}. It answers 'cat' if z > 0, else 'dog'. FGSM changes "
            f"every pixel by ε = {epsilon:g}, each in the direction that makes the model's own answer less likely.",
            "What is z after the attack? And what is the smallest ε for which the answer flips (z reaches 0)? Pixels stay within 0 to 1 "
            "here, so nothing is cut off. (Three decimals.)",
        ),
        (
            part("logit", f"z after FGSM with ε = {epsilon:g}", "number", written(attacked, 4), slips, tolerance=0.0006),
            _smallest(w, z, smallest),
        ),
        (
            "z changes by w·(change). Each pixel changes by +ε or −ε, whichever moves z towards 0.",
            f"All four pixels together move z by ε·({change}) = {written(spread)}·ε.",
        ),
        (
            f"Before: z = {minus(written(z, 3))}. After: {minus(written(z, 3))} {'−' if z > 0 else '+'} {epsilon:g}·{written(spread)} = "
            f"{minus(written(attacked, 3))}.",
            f"ε = |z| / Σ|w| = {written(abs(z), 3)} / {written(spread)} = {written(smallest, 3)}.",
        ),
        (
            Grid("w", (tuple(int(v) for v in w),), "signed"),
            Grid("x", (tuple(round(float(v), 1) for v in x),), "picture"),
        ),
        {"w": w.tolist(), "x": x.tolist(), "bias": bias, "epsilon": epsilon},
    )


def _smallest(w: Tensor, z: float, smallest: float) -> Part:
    return part(
        "epsilon",
        "the smallest ε that flips the answer",
        "number",
        written(smallest, 4),
        [
            (written(abs(z) / 4, 4), "Divide by the sum of |w|, not by the number of pixels."),
            (written(abs(z) / float(w.norm()), 4), "This is the shortest change in length (L2); FGSM moves every pixel by ε."),
            (written(abs(z), 4), "|z| is the way to go; each ε goes the sum of |w| of it."),
            *([(written(abs(z / float(w.sum())), 4), "Add the weights without their signs: |w|.")] if float(w.sum()) else []),
        ],
        tolerance=0.0006,
    )


def _attacked(w: Tensor, x: Tensor, bias: float, epsilon: float) -> float:
    """The logit after one step of FGSM against the model's own answer; the other class has the logit 0."""

    def scores(pictures: Tensor) -> Tensor:
        z = pictures.flatten(1) @ w + bias
        return torch.stack((torch.zeros_like(z), z), 1)

    picture = x.view(1, 1, 1, -1)
    label = scores(picture).argmax(1)
    changed = ascend(scores, picture, label, epsilon, norm=NORMS["linf"], steps=1, step=1.0, done=None)
    return float(scores(changed)[0, 1])
