"""What the screen Break asks about one picture: attacks at every ε at once, and the answers to it under every corruption."""

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from ...attacks.picture import attack_picture
from ...attacks.quantization import encoded as encoded_file
from ...attacks.slider import Slider, saved_answers
from ...attacks.slider import slider as computed
from ...attacks.table import ATTACKS
from ...base.compute.undisturbed import undisturbed
from ...base.errors import UsageError, unknown, wrong
from ...classifier import Classifier
from ...corruptions import CORRUPTIONS
from ...corruptions.challenges import CHALLENGES
from ...look.capture import stages as stages_of
from ...look.challenges import challenges, combined
from .pictures import encoded, thumbnail, tiled
from .session import Session

# attacks that answer for one picture in a moment, with fewer steps than their own where these take minutes (0: their own)
QUICK = {
    "fgsm": 0, "fgsm-l2": 0, "bim": 0, "mi-fgsm": 0, "pgd": 0, "pgd-l2": 0, "apgd-ce": 0, "deepfool": 0, "noise": 0, "square": 300,
    "rays": 100, "spatial": 0,
}  # fmt: skip
LAYERS, TOP = 12, 5  # layers whose drift is shown, classes of an answer
ROWS = 6  # changes of a part of the panel


def victim(session: Session, words: str) -> Classifier:
    """What is attacked: the network as a classifier, also one that is not trained, whose classes may be numbers."""
    return session.victims.of(words, lambda: _victim(session, words))  # type: ignore[no-any-return]


def _victim(session: Session, words: str) -> Classifier:
    if (found := session.classifier(words)) is not None:
        return found
    one = session.network(words)[0]
    with undisturbed(one.model), torch.no_grad():
        count = one.model(torch.zeros(1, *one.input_size)).shape[1]
    return Classifier(one.model, one.preprocessing, [one.label(k) for k in range(count)], temperature=one.temperature)


def trained(session: Session, words: str) -> bool:
    """Whether the network has learnt anything."""
    return session.classifier(words) is not None


def methods(white: bool) -> list[dict[str, Any]]:
    """The quick attacks: those without a gradient alone, unless `white`."""
    return [
        {"name": name, "norm": row.norm, "white": row.white_box, "says": row.description, "steps": QUICK[name]}
        for name, row in ((name, ATTACKS[name]) for name in QUICK)
        if white or not row.white_box
    ]


def slider(session: Session, words: str, file: str, target: int | None) -> dict[str, Any]:
    """FGSM at every ε, with the picture and the sign of each value as bytes; where there is no gradient, why, and what is left."""
    attacked = victim(session, words)
    common = {"trained": trained(session, words), "classes": list(attacked.classes)}
    try:
        found = _slider(session, words, file, target)
    except UsageError as error:
        if target is not None:
            raise
        return {**common, "gradient": False, "reason": str(error), "methods": methods(False)}
    return {
        **common, "gradient": True, "methods": methods(True), **found.to_json(), "fooled": found.first(), "reached": found.first(target),
        "picture": _bytes(found.picture), "sign": _bytes(found.sign), "aim": _aim(attacked, target),
    }  # fmt: skip


def _slider(session: Session, words: str, file: str, target: int | None) -> Slider:
    attacked = victim(session, words)
    layers = _layers(attacked) if attacked.engine == "torch" else []
    return session.sliders.of(  # type: ignore[no-any-return]
        (words, file, target), lambda: computed(attacked, file, target=target, layers=layers)
    )


def _layers(attacked: Classifier) -> list[str]:
    """At most 12 stages, evenly spaced, with the first and the last."""
    names = stages_of(attacked.model)
    if len(names) <= LAYERS:
        return list(names)
    return [names[round(k * (len(names) - 1) / (LAYERS - 1))] for k in range(LAYERS)]


def survival(session: Session, words: str, file: str, target: int | None) -> dict[str, Any]:
    """At every ε the answer once the changed picture was saved and read back: by format, class and probability."""
    found, attacked = _slider(session, words, file, target), victim(session, words)
    return {kind: [_best(attacked, one) for one in answers] for kind, answers in saved_answers(attacked, found).items()}


def _best(attacked: Classifier, shares: Tensor) -> dict[str, Any]:
    index = int(shares.argmax())
    return {"label": attacked.classes[index], "index": index, "confidence": float(shares[index])}


def attacked(session: Session, words: str, file: str, method: str, epsilon: float, target: int | None) -> dict[str, Any]:
    """One attack at an ε in the norm of the attack: as `clearsight attack PICTURE` has it, with the three pictures."""
    if method not in QUICK:
        raise unknown("attack of this screen", method, QUICK)
    one, settings = victim(session, words), {"target": target} if target is not None else {}
    if target is not None and not 0 <= target < len(one.classes):
        raise wrong("target", f"the index of a class, 0 to {len(one.classes) - 1}", target)
    found = attack_picture(one, file, epsilon=epsilon, method=method, steps=QUICK[method], **settings)
    shown = {name: base64.b64encode(encoded_file(_small(picture), "PNG")).decode() for name, picture in found.pictures.items()}
    answers = {name: asdict(answer) for name, answer in found.answers.items()}
    magnified = 0.5 / found.largest if found.largest else 0.0
    return {
        "pictures": shown, "answers": answers, "exact": asdict(found.exact), "method": found.method, "norm": found.norm,
        "epsilon": found.epsilon, "largest": found.largest, "magnified": magnified, "survives": found.survives, "box": found.box,
        "access": found.access, "size": list(found.pictures["before"].shape[1:]), "steps": QUICK[method],
        "aim": _aim(one, target), "trained": trained(session, words),
    }  # fmt: skip


def _aim(one: Classifier, target: int | None) -> str:
    """The name of the class of a targeted attack, '' without one."""
    return "" if target is None else one.classes[target]


def _small(picture: Tensor) -> Tensor:
    """A picture uint8 `(C, H, W)` of at most 640 px, by leaving pixels out: its levels stay what they are."""
    every = max(1, math.ceil(max(picture.shape[1:]) / 640))
    return picture[:, ::every, ::every]


def panel(session: Session, words: str, file: str, index: int, part: int) -> dict[str, Any]:
    """The answers to a picture under a part of the corruptions and challenges at five strengths, with these pictures as one, small.

    In parts, since a large network takes a second for each picture; `names` has all of them.
    """
    one = victim(session, words)
    names = [*(name for name, row in CORRUPTIONS.items() if one.preprocessing.channels == 3 or not row.colour), *CHALLENGES]
    parts = math.ceil(len(names) / ROWS)
    if not 0 <= part < parts:
        raise wrong("part", f"from 0 to {parts - 1}", part)
    found = challenges(one, file, names[part * ROWS : (part + 1) * ROWS], seed=index)
    told = found.to_json()
    for row in told["challenges"]:
        row["corruption"] = row["challenge"] in CORRUPTIONS
    columns = len(found.rows[0].trials)
    sheet, side, boxes = tiled([thumbnail(trial.picture) for row in found.rows for trial in row.trials], columns)
    return {
        **told, "trained": trained(session, words), "sheet": sheet, "side": side, "boxes": boxes, "columns": columns, "parts": parts,
        "names": names,
    }  # fmt: skip


def mixed(session: Session, words: str, file: str, changes: Sequence[Sequence[Any]], index: int) -> dict[str, Any]:
    """A picture under changes one after another, each a name and its step from 1 to 5, and its most likely classes."""
    one = victim(session, words)
    picture, shares = combined(one, file, [(name, step) for name, step in changes], seed=index)
    best = shares.argsort(descending=True)[:TOP].tolist()
    return {
        "image": encoded(picture), "size": [picture.shape[1], picture.shape[0]],
        "top": [{"label": one.classes[k], "index": k, "confidence": float(shares[k])} for k in best],
    }  # fmt: skip


def _bytes(values: Tensor) -> str:
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "slider": slider, "survival": survival, "attacked": attacked, "panel": panel, "mixed": mixed,
}  # fmt: skip
