"""Tuning a trained network on other pictures: what of it learns, how fast, and how far from where it began.

First the head, then all: A. Kumar et al., Fine-tuning can distort pretrained features and underperform out-of-distribution, ICLR 2022.
Gradual thawing: J. Howard, S. Ruder, Universal language model fine-tuning for text classification, ACL 2018, section 3.3.
The pull toward the start: X. Li, Y. Grandvalet, F. Davoine, Explicit inductive bias for transfer learning with convolutional
networks (L2-SP), ICML 2018. Recipes by size: A. Kolesnikov et al., Big Transfer (BiT), ECCV 2020, section 3.3.

A stage is what the network names in `STAGES`; its depth counts the stages from the head, which has depth 0, down to the pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ... import weights
from ...models.base import Model
from ..optim.optimizer import Optimizer
from ..recipe import Recipe

if TYPE_CHECKING:
    from ..checkpoint import State

NORMS = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True)
class Rule:
    """How long and how a training set of fewer than `below` pictures is tuned on."""

    below: float
    name: str
    steps: int
    batch: int
    mix: str
    layer_decay: float


# BiT's rule: the steps and MixUp follow the size of the set. Its 500, 10,000 and 20,000 steps of 512 pictures are for accelerators, and
# its learning rate of 0.003 for those leaves a small network in a few hundred steps where it was: from 6 classes of fashion-mnist to the
# other 4, with 20 labels each, 66 % of test pictures were right, and 86 % to 89 % with rates like these.
LR = 0.16  # of sgd, for a batch of 512, and in proportion for others
MOST = 100  # epochs: of a few dozen pictures more are none the wiser
RULES = (
    Rule(2_000, "small", 500, 32, "", 0.7),
    Rule(20_000, "medium", 1_000, 64, "", 0.7),
    Rule(math.inf, "large", 5_000, 128, "mixup:0.1", 0.9),
)


def rule(pictures: int) -> Rule:
    """The row for a training set of `pictures`."""
    return next(row for row in RULES if pictures < row.below)


def settings(pictures: int, given: dict[str, Any]) -> dict[str, Any]:
    """What the rule says of a training set of `pictures`, under what is `given`."""
    row = rule(pictures)
    batch = given.get("batch", row.batch)
    epochs = min(MOST, math.ceil(row.steps / math.ceil(pictures / batch)))
    told = {"batch": batch, "epochs": epochs, "lr": LR * batch / 512, "mix": row.mix, "layer_decay": row.layer_decay}
    return {**told, **given}


def said(recipe: Recipe, pictures: int) -> str:
    """One line on the recipe that the size of the training set has chosen."""
    mix = f", {recipe.mix}" if recipe.mix else ""
    return (
        f"tuned by the rule for a {rule(pictures).name} set ({pictures:,} pictures): {recipe.epochs} epochs of {recipe.optimizer}, "
        f"batch {recipe.batch}, lr {recipe.lr:g}, times {recipe.layer_decay:g} a stage down{mix}; batch norm {recipe.batchnorm}"
    )


def depths(model: Model) -> dict[str, int]:
    """The depth of each value in the network's state, by name; what is of no stage has that of the value before it."""
    names = [*(name for name in _stages(model) if name != model.HEAD), model.HEAD]
    found, stage = {}, names[0]
    for key in model.state_dict():
        stage = max((name for name in names if key.startswith(f"{name}.")), key=len, default=stage)
        found[key] = stage
    used = [name for name in names if name in found.values()]
    return {key: len(used) - 1 - used.index(stage) for key, stage in found.items()}


def _stages(model: nn.Module) -> tuple[str, ...]:
    """The network's own, or where it names none, the parts it is made of."""
    own: tuple[str, ...] = getattr(model, "STAGES", ())
    if len(own) > 1:
        return own
    path, children = "", dict(model.named_children())
    while len(children) == 1:  # a network in a wrapping
        (name, child), *_ = children.items()
        path, children = f"{path}{name}.", dict(child.named_children())
    return tuple(f"{path}{name}" for name in children)


def regroup(optimizer: Optimizer, model: Model, recipe: Recipe) -> None:
    """Split the optimizer's groups so that the learning rate falls by `layer_decay` a stage, from the head down.

    With `l2sp`, what is pulled toward the start is not decayed: that is all but a head that is made anew.
    """
    if recipe.layer_decay == 1 and not recipe.l2sp:
        return
    size = {"channels": recipe.channels, "height": recipe.size, "width": recipe.size}
    heads = weights.heads(recipe.model, **size) if recipe.resize_head else set()
    depth, names, groups = depths(model), {p: name for name, p in model.named_parameters()}, []
    for group in optimizer.param_groups:
        parts: dict[tuple[float, float], list[Tensor]] = {}
        for p in group["params"]:
            decay = 0.0 if recipe.l2sp and names[p] not in heads else group.get("weight_decay", 0.0)
            parts.setdefault((group.get("lr_scale", 1.0) * recipe.layer_decay ** depth[names[p]], decay), []).append(p)
        groups += [{**group, "params": some, "lr_scale": scale, "weight_decay": decay} for (scale, decay), some in parts.items()]
    optimizer.param_groups = groups


def learning(recipe: Recipe, epoch: int, deepest: int) -> int:
    """The depth down to which stages learn in `epoch`: with gradual thawing one more each epoch, and all from half of the run on."""
    if recipe.tune != "gradual":
        return deepest
    turns = min(deepest, max(1, recipe.epochs // 2))
    return min(deepest, epoch * deepest // max(1, turns))


def thaw(state: State, recipe: Recipe) -> tuple[bool, tuple[str, ...]]:
    """Let the stages learn whose turn it is in this epoch; whether others than before, and the names of the batch norms at rest.

    What is below the lowest of them costs nothing in the backward pass. A batch norm at rest keeps its statistics, and normalises by
    them: in a stage that does not learn yet, and everywhere where the recipe says so.
    """
    model = state.model
    if not recipe.from_:
        return False, ()
    depth = depths(model)  # type: ignore[arg-type]
    line = learning(recipe, state.counters.epoch, max(depth.values()))
    moved, changed = set(state.optimizer.parameters), False
    for name, p in model.named_parameters():
        if p in moved and p.requires_grad != (depth[name] <= line):
            p.requires_grad_(not p.requires_grad)
            changed = True
    norms = [name for name, module in model.named_modules() if isinstance(module, NORMS) and module.track_running_stats]
    return changed, tuple(name for name in norms if recipe.batchnorm == "frozen" or depth[f"{name}.running_mean"] > line)


def starts(model: nn.Module, known: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies of the weights that learn and came with the `known` values: what L2-SP pulls toward."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad and name in known}


@torch.no_grad()
def pull(state: State, strength: float) -> None:
    """Add the gradient of L2-SP, strength/2·‖w - w⁰‖² with w⁰ the start, to the gradients of what learns."""
    pairs = [(p, state.start[name]) for name, p in state.model.named_parameters() if name in state.start and p.grad is not None]
    if pairs:
        own, start = (list(side) for side in zip(*pairs, strict=True))
        torch._foreach_add_([p.grad for p in own], torch._foreach_sub(own, start), alpha=strength)
