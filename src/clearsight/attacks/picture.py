"""One picture attacked, with the classifier's answers before and after."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..classifier import Classifier
from .attack import attack
from .quantization import levels


@dataclass(frozen=True, eq=False)
class Answer:
    """A class with its probability."""

    label: str
    confidence: float


@dataclass(frozen=True, eq=False)
class PictureAttack:
    """A picture, the change and the changed picture, uint8 `(C, H, W)`, with the answers to each.

    `change` is shown around mid-grey, its largest value, `largest` in units of [0, 1], at black or white. `survives` says for the changed
    picture as it is (`float`) and for each way of saving it whether it is still misclassified.
    """

    pictures: dict[str, Tensor]
    answers: dict[str, Answer]
    method: str
    norm: str
    epsilon: float
    largest: float
    survives: dict[str, bool]


def attack_picture(classifier: Classifier, file: Any, *, epsilon: float, **settings: Any) -> PictureAttack:
    """Attack the picture in `file` (any input of `decode`), labelled by the classifier's own answer; `settings` are those of `attack`.

    Raises UnreadableImage, and what `attack` raises.
    """
    picture = classifier.preprocessing.load(file)[None]
    with torch.no_grad():
        label = classifier.scores(picture).argmax(1).cpu()
    found = attack(classifier, picture, label, epsilon=epsilon, check=False, curve=False, sure=True, **settings)
    changed = found.pictures.cpu()
    change = changed - picture.float() / 255
    largest = float(change.abs().max())
    shown = {"before": picture, "change": levels((change / max(largest, 1e-12) + 1) / 2), "after": levels(changed)}
    survives = {"float": not bool(found.robust[0]), **{kind: not bool(saved[0]) for kind, saved in found.saved.items()}}
    pictures = {name: rows[0] for name, rows in shown.items()}
    answers = {name: _answer(classifier, rows) for name, rows in shown.items()}
    return PictureAttack(pictures, answers, found.method, found.norm, epsilon, largest, survives)


def _answer(classifier: Classifier, picture: Tensor) -> Answer:
    confidence, index = classifier.probabilities(picture)[0].cpu().max(0)
    return Answer(classifier.classes[int(index)], float(confidence))
