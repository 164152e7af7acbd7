"""FGSM on one picture at 33 ε at once: one gradient, and of each ε the answer and how far the layers have moved.

Shapes: a picture `(C, H, W)`, E ε, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..base.compute.undisturbed import undisturbed
from ..base.errors import wrong
from ..classifier import Classifier
from ..images.decode import picture_facts
from .gradient_ascent import NORMS, TINY, ascend, cross_entropy, grad_and_logits, targeted_loss
from .own_size import AtOwnSize, own_size
from .quantization import SAVED

# ε in levels of 255, dense near 0; no level is a whole number and a half, which floats round either way
LEVELS = (
    0, 0.2, 0.4, 0.6, 0.8, 1, 1.4, 2, 2.6, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64,
)  # fmt: skip
MOST_SIDE = 512  # px; a larger picture is fitted first: all its changes are held at once
KEPT = ("png", "jpeg")  # of the ways of saving


@dataclass(frozen=True, eq=False)
class Slider:
    """A picture uint8 `(C, H, W)`, the sign of the step int8 `(C, H, W)` and its name, and the answers at ε = level/255.

    `before` `(K,)` are the probabilities of the picture as `classify` has them, `probabilities` `(E, K)` those of the changed pictures in
    floats. `drift` has for each layer how far its output is from that at ε = 0, as a share of that one's L2 norm, `(E,)`. `fitted` says
    that the picture was too large, and is the network's input.
    """

    picture: Tensor
    sign: Tensor
    direction: str
    classes: tuple[str, ...]
    levels: tuple[float, ...]
    before: Tensor
    probabilities: Tensor
    drift: dict[str, Tensor]
    fitted: bool

    @property
    def label(self) -> int:
        """The index of the class of the unchanged picture."""
        return int(self.before.argmax())

    def first(self, target: int | None = None) -> int | None:
        """The first place of `levels` with another answer than the picture's, or with the `target`; None where there is not one."""
        found = self.probabilities.argmax(1)
        hits = torch.nonzero(found != self.label if target is None else found == target)
        return int(hits[0, 0]) if len(hits) else None

    def pictures(self) -> Tensor:
        """The changed pictures, float32 `(E, C, H, W)` in [0, 1]: the step of the attack itself."""
        return stepped(self.picture, self.sign, self.levels)

    def to_json(self) -> dict[str, Any]:
        """The answers with their two most likely classes, and the drift."""
        shares, best = self.probabilities.topk(min(2, len(self.classes)), 1)
        steps = [
            {
                "level": level, "epsilon": level / 255, "first": float(self.probabilities[k, self.label]),
                "top": [
                    {"label": self.classes[i], "index": i, "confidence": p}
                    for i, p in zip(best[k].tolist(), shares[k].tolist(), strict=True)
                ],
            }
            for k, level in enumerate(self.levels)
        ]  # fmt: skip
        before = {"label": self.classes[self.label], "index": self.label, "confidence": float(self.before[self.label])}
        drift = {name: moved.tolist() for name, moved in self.drift.items()}
        return {
            "before": before, "shape": list(self.picture.shape), "direction": self.direction, "steps": steps, "drift": drift,
            "fitted": self.fitted,
        }  # fmt: skip


def slider(
    classifier: Classifier, source: Any, *, target: int | None = None, layers: Sequence[str] = (), levels: Sequence[float] = LEVELS
) -> Slider:
    """FGSM on the picture in `source` (any input of `decode`) at every ε = level/255, away from its answer or towards `target`.

    `layers` are modules whose drift is wanted. Raises UnreadableImage, and UsageError for scores without a gradient.
    """
    source = source.read() if hasattr(source, "read") else source
    shown, facts = classifier.preprocessing.load(source), picture_facts(source)
    fitted = max(facts.width, facts.height) > MOST_SIDE
    victim, picture = AtOwnSize(classifier), shown if fitted else own_size(classifier, source)
    if target is not None and not 0 <= target < len(classifier.classes):
        raise wrong("target", f"the index of a class, 0 to {len(classifier.classes) - 1}", target)
    if not levels or levels[0] != 0:
        raise wrong("levels", "numbers that begin with 0, which the drift is measured from", list(levels))
    before = classifier.probabilities(shown[None])[0].cpu()
    aim = torch.tensor([int(before.argmax()) if target is None else target], device=classifier.device)
    x = picture[None].to(classifier.device).float() / 255
    with undisturbed(classifier.model, freeze=True):
        gradient, _ = grad_and_logits(victim.scores, x, aim, cross_entropy if target is None else targeted_loss)
        sign = gradient[0].sign().cpu().to(torch.int8)
        found, drift = _answers(victim, stepped(picture, sign, levels), layers)
    direction = "∇ₓJ" if target is None else "−∇ₓJ"
    return Slider(picture, sign, direction, classifier.classes, tuple(levels), before, found, drift, fitted)


def stepped(picture: Tensor, sign: Tensor, levels: Sequence[float]) -> Tensor:
    """A picture uint8 `(C, H, W)` after the step of FGSM with each ε = level/255, float32 `(E, C, H, W)`."""
    n = len(levels)
    x, direction = ((values.float() / scale).expand(n, *picture.shape) for values, scale in ((picture, 255), (sign, 1)))
    none = torch.zeros(n, dtype=torch.int64)

    def unused(_: Tensor) -> Tensor:
        raise AssertionError("the gradient is known: nothing is computed")

    epsilons = torch.tensor([level / 255 for level in levels])
    first = (direction, torch.zeros(n, 1))
    return ascend(unused, x, none, epsilons, norm=NORMS["linf"], steps=1, step=1.0, done=None, first=first)


def saved_answers(classifier: Classifier, found: Slider) -> dict[str, Tensor]:
    """The probabilities `(E, K)` of the changed pictures once they were saved as PNG and as JPEG, and read back."""
    victim, changed = AtOwnSize(classifier), found.pictures()
    return {kind: torch.cat([victim.probabilities(some).cpu() for some in SAVED[kind](changed).split(victim.batch)]) for kind in KEPT}


def _answers(victim: Classifier, changed: Tensor, layers: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
    """The probabilities `(E, K)` of pictures `(E, C, H, W)`, and the drift `(E,)` of each layer from the first of them."""
    seen: dict[str, list[Tensor]] = {name: [] for name in layers}
    origin: dict[str, Tensor] = {}
    batches = 0

    def measure(name: str, output: Any) -> None:
        if isinstance(output, Tensor) and len(seen[name]) < batches:  # of several views the first
            origin.setdefault(name, output[:1].clone())
            size = origin[name].flatten(1).norm(dim=1).clamp_min(TINY)
            seen[name].append(((output - origin[name]).flatten(1).norm(dim=1) / size).float().cpu())

    modules: dict[str, nn.Module] = {name: victim.model.get_submodule(name) for name in layers}
    for name, module in modules.items():
        module.register_forward_hook(lambda _m, _i, output, name=name: measure(name, output))
    answers = []
    for some in changed.split(victim.batch):
        batches += 1
        answers.append(victim.probabilities(some.to(victim.device)).cpu())
    return torch.cat(answers), {name: torch.cat(moved) for name, moved in seen.items() if moved}
