"""FGSM on one picture at a row of ε: one gradient, one answer for each ε."""

from dataclasses import dataclass
from typing import Any, TypedDict

import torch
from torch import Tensor

from ..base.errors import wrong
from ..classifier import Classifier
from .own_size import AtOwnSize
from .picture import PictureAttack

STEPS = 21  # an odd number, so that the ε of the attack is one of them


class SweepStep(TypedDict):
    """The answer at an ε, its probability, and `first`, the probability of the answer to the unchanged picture."""

    epsilon: float
    label: str
    confidence: float
    first: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """The picture, uint8 `(C, H, W)`; the direction of the step, int8, and its name, as ∇ₓJ; the answers at ε from 0, evenly spaced."""

    picture: Tensor
    sign: Tensor
    direction: str
    steps: list[SweepStep]

    def to_json(self) -> dict[str, Any]:
        """The shape `(C, H, W)`, the direction's name and the steps."""
        return {"shape": list(self.picture.shape), "direction": self.direction, "steps": self.steps}


def sweep(classifier: Classifier, found: PictureAttack, steps: int = STEPS) -> Sweep:
    """The answers, in floats, to x + ε·sign from 0 to twice the ε of an attack by FGSM; raises UsageError for another attack."""
    if not found.sign:
        raise wrong("method", "fgsm, whose change has one direction for every ε", found.method)
    shown = found.pictures["change"]
    sign = (shown == 255).to(torch.int8) - (shown == 0).to(torch.int8)
    picture, victim = found.pictures["before"], AtOwnSize(classifier)
    epsilons = torch.linspace(0, 2 * found.epsilon, steps, dtype=torch.float64).tolist()
    answers = torch.cat([victim.probabilities((picture / 255 + epsilon * sign).clamp(0, 1)[None]).cpu() for epsilon in epsilons])
    best = answers.argmax(1).tolist()
    rows: list[SweepStep] = [
        {"epsilon": epsilon, "label": classifier.classes[place], "confidence": float(row[place]), "first": float(row[best[0]])}
        for epsilon, place, row in zip(epsilons, best, answers, strict=True)
    ]
    return Sweep(picture, sign, found.sign, rows)
