"""One picture attacked at its own size, with the classifier's answers before and after."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..classifier import Classifier
from .attack import attack, scores_of
from .gradient_ascent import cross_entropy, grad_and_logits, targeted_loss
from .own import resolved
from .own_size import AtOwnSize, own_size
from .quantization import SAVED, levels
from .table import access_of

Settings = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """A class with its probability."""

    label: str
    confidence: float


@dataclass(frozen=True, eq=False)
class PictureAttack:
    """A picture, the change and the changed picture, uint8 `(C, H, W)`, with the answers to each.

    `change` is shown around mid-grey: for FGSM the sign of the gradient, else the change, its largest value, `largest` in units of [0, 1],
    at black or white. `exact` is the answer to the changed picture in floats, `answers["after"]` that to the 256 levels of a file.
    `survives` says for the changed picture as it is (`float`) and for each way of saving it whether it is still misclassified.
    """

    pictures: dict[str, Tensor]
    answers: dict[str, Answer]
    exact: Answer
    method: str
    norm: str
    epsilon: float
    largest: float
    survives: dict[str, bool]
    box: str  # white or black
    access: str  # what the attack was given, in words
    sign: str = ""  # what `change` is the sign of, as ∇ₓJ; "" where it is the change itself


def attack_picture(classifier: Classifier, file: Any, *, epsilon: float, method: Any = "fgsm", **settings: Any) -> PictureAttack:
    """Attack the picture in `file` (any input of `decode`), labelled by the classifier's own answer; `settings` are those of `attack`.

    The gradient goes through the resizing, so that the picture keeps its size; all is computed in float32. Raises UnreadableImage, and
    what `attack` raises.
    """
    source = file.read() if hasattr(file, "read") else file
    name, row = resolved(method)
    victim, maker = AtOwnSize(classifier), settings.pop("source", None)
    picture = own_size(classifier, source)[None]
    before = _answer(classifier, classifier.preprocessing.load(source)[None])
    label = torch.tensor([classifier.classes.index(before.label)])
    settings |= {"source": maker and AtOwnSize(maker), "speed": "plain"}
    found = attack(victim, picture, label, epsilon=epsilon, method=method, check=False, curve=False, sure=True, saving=False, **settings)
    changed = found.pictures.cpu()
    sign, change = _direction(name, victim, picture, label, settings)
    if not sign:
        change = changed - picture.float() / 255
    largest = float((changed - picture.float() / 255).abs().max())
    shown = {"before": picture, "change": levels((change / change.abs().max().clamp_min(1e-12) + 1) / 2), "after": levels(changed)}
    exact, *saved = (_answer(victim, values) for values in (changed, *(save(changed) for save in SAVED.values())))
    kinds = dict(zip(("float", *SAVED), (exact, *saved), strict=True))
    survives = {kind: answer.label != before.label for kind, answer in kinds.items()}
    pictures = {kind: rows[0] for kind, rows in shown.items()}
    answers = {"before": before, "change": _answer(victim, shown["change"]), "after": _answer(victim, shown["after"])}
    return PictureAttack(
        pictures, answers, exact, found.method, found.norm, epsilon, largest, survives, *access_of(row, maker is not None), sign
    )  # fmt: skip


def _direction(name: str, victim: Classifier, picture: Tensor, label: Tensor, settings: Settings) -> tuple[str, Tensor]:
    """What the step of FGSM follows, in the signs of each value `(1, C, H, W)`; "" for another attack."""
    if name != "fgsm":
        return "", torch.zeros(1)
    target = settings.get("target")
    aim, loss = (label, cross_entropy) if target is None else (torch.tensor([target]), targeted_loss)
    scores = scores_of(settings["source"] or victim, victim)
    device = victim.device
    gradient, _ = grad_and_logits(scores, picture.to(device).float() / 255, aim.to(device), loss)
    return "∇ₓJ" if target is None else "−∇ₓJ", gradient.sign().cpu()


def _answer(classifier: Classifier, picture: Tensor) -> Answer:
    confidence, index = classifier.probabilities(picture)[0].cpu().max(0)
    return Answer(classifier.classes[int(index)], float(confidence))
