"""Checks layer by layer: values that are not finite, gradients that are missing, zero, vanishing or huge, units that never fire."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ...base.compute.dispatch import DispatchMode
from ...base.errors import listed
from ..context import TrainingContext
from ..interrupt import NotFinite
from ..objectives.objective import Objective
from ..optim import schedule
from .diagnosis import GOOD, LOOK, STOP, Finding
from .trial import Trial, batch_of

STEPS = 4  # updates: layers below weights that begin at zero have a gradient only after one or two
VANISHING, EXPLODING = 1e-10, 1e4  # of the largest layer's gradient; the norm of all gradients together
DEAD, UNITS = 0.5, 8  # share of a layer's units that never fire, of a layer of at least so many
RECTIFIERS = ("relu", "relu_", "hardtanh", "hardtanh_")


@dataclass
class Gradients:
    """Root mean square of each parameter's gradient, the largest of a few steps; None without one; the total norm at first."""

    sizes: dict[str, float | None] = field(default_factory=dict)
    total: float = 0.0
    steps: int = 0
    broken: str = ""  # the layer that was not finite first
    loss: float = float("nan")  # of the first step


def weights(context: TrainingContext) -> Finding | None:
    """The finding on weights that are not finite before the first step, if there are any."""
    bad = [
        name for name, value in context.state.model.state_dict().items() if value.is_floating_point() and not torch.isfinite(value).all()
    ]
    if not bad:
        return None
    return Finding("layers", STOP, f"weights are not finite before the first step: {listed(bad, 4)}", "--from", {"weights": bad})


def gradients(context: TrainingContext, objective: Objective, size: int) -> Gradients:
    """The gradients of the first steps of a copy of the training, at the learning rates that it begins with."""
    trial, found, recipe = Trial(context, objective), Gradients(), context.recipe
    names = {name: p for name, p in trial.model.named_parameters() if p.requires_grad}
    found.sizes = dict.fromkeys(names)
    for step in range(STEPS):
        rate = recipe.lr * schedule.factor(recipe.schedule, step / (context.steps * recipe.epochs), recipe.warmup)
        try:
            loss, _ = trial.step(batch_of(context, size, step), rate)
        except NotFinite as error:
            found.broken = error.layer
            break
        found.steps += 1
        known = {name: p.grad for name, p in names.items() if p.grad is not None}
        if step == 0:
            found.loss = loss
            found.total = float(nn.utils.get_total_norm(list(known.values())))
        for name, gradient in known.items():
            found.sizes[name] = max(found.sizes[name] or 0.0, float(gradient.float().square().mean().sqrt()))
    return found


def judge_gradients(found: Gradients, lr: float) -> Finding:
    """The finding on the gradients of the first steps."""
    known = {name: size for name, size in found.sizes.items() if size is not None}
    figures = {"rms": found.sizes, "norm": found.total, "steps": found.steps}
    if found.broken and not found.steps:
        return Finding("layers", STOP, f"the first step is not finite, in {found.broken}", "--speed plain", figures)
    if found.broken:
        words = f"after {found.steps} steps {found.broken} is not finite"
        return Finding("layers", STOP, words, f"--lr {lr / 10:.2g}", figures)
    missing = [name for name, size in found.sizes.items() if size is None]
    zero = [name for name, size in known.items() if size == 0]
    if not known or len(zero) == len(known):
        return Finding("layers", STOP, "no layer gets a gradient: nothing is learnt", "--model", figures)
    largest = max(known.values())
    small = [name for name, size in known.items() if 0 < size < VANISHING * largest]
    for names, words in (
        (missing, "no gradient at all in"),
        (zero, "the gradient is exactly zero in"),
        (small, f"the gradient is less than {VANISHING:g} of the largest in"),
    ):
        if names:
            return Finding(
                "layers", LOOK, f"{words} {listed(_layers(names), 4)} ({len(names)} of {len(found.sizes)} weights)", "--model", figures
            )
    ends = f"gradients in all {len(known)} weights, root mean square {min(known.values()):.1e} to {largest:.1e}, norm {found.total:.2g}"
    if found.total > EXPLODING:
        return Finding("layers", LOOK, f"{ends}: too large for a step", "--clip 1", figures)
    return Finding("layers", GOOD, ends, figures=figures)


def _layers(names: list[str]) -> list[str]:
    """The layers of these weights."""
    return list(dict.fromkeys(name.rpartition(".")[0] or name for name in names))


def units(context: TrainingContext, objective: Objective, size: int) -> Finding:
    """The share of rectified units that are zero for every picture of a batch, by layer; a batch in training mode."""
    trial = Trial(context, objective, plain=True)
    index = batch_of(context, size)
    with torch.no_grad(), _watched(trial.model) as dead:
        trial.model.train()
        trial.model(trial.context.inputs(context.train.batch(index)))
    return judge_units(dead, len(index))


def judge_units(dead: dict[str, tuple[int, int]], pictures: int) -> Finding:
    """The finding on (dead units, units) by layer."""
    figures = {"dead": {name: {"units": n, "dead": d} for name, (d, n) in dead.items()}}
    if not dead:
        return Finding("units", GOOD, "no rectified units in this network", figures=figures)
    bad = {name: d / n for name, (d, n) in dead.items() if n >= UNITS and d / n > DEAD}
    share = sum(d for d, _ in dead.values()) / sum(n for _, n in dead.values())
    words = f"{share:.1%} of the units never fire on {pictures} pictures" if share else f"every unit fires on some of {pictures} pictures"
    if bad:
        named = listed([f"{name} ({part:.0%})" for name, part in sorted(bad.items(), key=lambda one: -one[1])], 4)
        return Finding("units", LOOK, f"{words}; most of them in {named}", "--lr or --model", figures)
    return Finding("units", GOOD, words, figures=figures)


class _Rectified(DispatchMode):
    """Counts dead units below the modules, so that functional calls are included."""

    def __init__(self, path: list[str], dead: dict[str, tuple[int, int]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.path, self.dead = path, dead

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        if function.overloadpacket.__name__ in RECTIFIERS and isinstance(out, Tensor) and out.ndim > 1:
            axes = [d for d in range(out.ndim) if d != (1 if out.ndim in (2, 4) else out.ndim - 1)]
            alive = (out > 0).sum(axes) > 0
            name, number = self.path[-1] if self.path else "network", 1
            while (key := name if number == 1 else f"{name} ({number})") in self.dead:
                number += 1
            self.dead[key] = (int((~alive).sum()), len(alive))
        return out


@contextmanager
def _watched(model: nn.Module) -> Iterator[dict[str, tuple[int, int]]]:
    """(dead units, units) of each rectified layer that runs inside, by name."""
    path: list[str] = []
    dead: dict[str, tuple[int, int]] = {}
    hooks = []
    for name, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(lambda *_, name=name: path.append(name or "network")))
        hooks.append(module.register_forward_hook(lambda *_: path.pop() and None))
    try:
        with _Rectified(path, dead):
            yield dead
    finally:
        for hook in hooks:
            hook.remove()
