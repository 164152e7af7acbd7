"""Fine-tuning: which layers are trained, at which rates, and how far from the pretrained weights.

First the head, then all: A. Kumar et al., Fine-tuning can distort pretrained features and underperform out-of-distribution, ICLR 2022.
Gradual unfreezing: J. Howard, S. Ruder, Universal language model fine-tuning for text classification, ACL 2018, section 3.3.
The pull toward the start: X. Li, Y. Grandvalet, F. Davoine, Explicit inductive bias for transfer learning with convolutional
networks (L2-SP), ICML 2018. Recipes by size: A. Kolesnikov et al., Big Transfer (BiT), ECCV 2020, section 3.3.

A stage is what the network names in `STAGES`; its depth counts the stages from the head, which has depth 0, down to the pictures.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ... import weights
from ...models.base import Model
from ...recipes.recipe import Recipe, Settings
from ..optim.optimizer import Group, Optimizer
from ..storage.checkpoint import State

NORMS = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True)
class Rule:
    """Fine-tuning settings for a training set of fewer than `below` pictures."""

    below: float
    name: str
    steps: int
    batch: int
    mix: str
    layer_decay: float


# BiT's rule: the steps and MixUp follow the size of the set. Its 500, 10,000 and 20,000 steps of 512 pictures are for accelerators, and
# its learning rate of 0.003 hardly changes a small network in a few hundred steps: from 6 classes of fashion-mnist to the
# other 4, with 20 labels each, 66 % of test pictures were right, and 86 % to 89 % with rates like these.
LR = 0.16  # of sgd, for a batch of 512, and in proportion for others
MAX_EPOCHS = 100  # epochs: more epochs on a few dozen images do not help
PHOTOGRAPH_EPOCHS = (30, 10)  # 100 epochs of 120 photographs are 25 minutes on two cores; after a solved head fewer do
RULES = (
    Rule(2_000, "small", 500, 32, "", 0.7),
    Rule(20_000, "medium", 1_000, 64, "", 0.7),
    Rule(math.inf, "large", 5_000, 128, "mixup:0.1", 0.9),
)


def rule(pictures: int) -> Rule:
    """The row for a training set of `pictures`."""
    return next(row for row in RULES if pictures < row.below)


def settings(pictures: int, given: Mapping[str, Any], *, photographs: bool = False) -> Settings:
    """The settings of the rule for a training set of `pictures`, overridden by those `given`."""
    row = rule(pictures)
    batch = given.get("batch", row.batch)
    most = PHOTOGRAPH_EPOCHS[given.get("tune") == "head-then-all"] if photographs else MAX_EPOCHS
    epochs = min(most, math.ceil(row.steps / math.ceil(pictures / batch)))
    told = {"batch": batch, "epochs": epochs, "lr": LR * batch / 512, "mix": row.mix, "layer_decay": row.layer_decay}
    return {**told, **given}


def describe(recipe: Recipe, pictures: int) -> str:
    """One line on the recipe that the size of the training set has chosen."""
    mix = f", {recipe.mix}" if recipe.mix else ""
    return (
        f"tuned by the rule for a {rule(pictures).name} set ({pictures:,} pictures): {recipe.epochs} epochs of {recipe.optimizer}, "
        f"batch {recipe.batch}, lr {recipe.lr:g}, times {recipe.layer_decay:g} a stage down{mix}; batch norm {recipe.batchnorm}"
    )


def depths(model: Model) -> dict[str, int]:
    """The depth of each tensor of the network's state, by name; a tensor outside of all stages has that of the one before it."""
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

    With `l2sp` only a new head has weight decay; the penalty replaces it elsewhere.
    """
    if recipe.layer_decay == 1 and not recipe.l2sp:
        return
    size = {"channels": recipe.channels, "height": recipe.size, "width": recipe.size}
    heads = weights.heads(recipe.model, **size) if recipe.resize_head else set()
    depth = depths(model)
    groups: list[Group] = []
    names: dict[Tensor, str] = {p: name for name, p in model.named_parameters()}
    for group in optimizer.param_groups:
        parts: dict[tuple[float, float], list[Tensor]] = {}
        for p in group["params"]:
            decay = 0.0 if recipe.l2sp and names[p] not in heads else group.get("weight_decay", 0.0)
            parts.setdefault((group.get("lr_scale", 1.0) * recipe.layer_decay ** depth[names[p]], decay), []).append(p)
        groups += [{**group, "params": some, "lr_scale": scale, "weight_decay": decay} for (scale, decay), some in parts.items()]
    optimizer.param_groups = groups


def learning(recipe: Recipe, epoch: int, deepest: int) -> int:
    """The depth down to which stages learn in `epoch`: with gradual unfreezing one more each epoch, and all from half of the run on."""
    if recipe.tune != "gradual":
        return deepest
    turns = min(deepest, max(1, recipe.epochs // 2))
    return min(deepest, epoch * deepest // max(1, turns))


@dataclass(frozen=True)
class Freezing:
    """Which stages of a network are trained in an epoch, and how far the weights may go from the pretrained ones."""

    recipe: Recipe

    def unfreeze(self, state: State) -> tuple[bool, tuple[str, ...]]:
        """Train the stages whose turn it is in this epoch; whether they have changed, and the names of the batch norms at rest.

        Stages below the lowest of them cost nothing in the backward pass. A batch norm at rest keeps its statistics and normalises
        by them: in a stage that is not trained yet, and everywhere with `batchnorm = "frozen"`.
        """
        model = state.model
        if not self.recipe.from_:
            return False, ()
        depth = depths(model)  # type: ignore[arg-type]
        line = learning(self.recipe, state.counters.epoch, max(depth.values()))
        moved, changed = set(state.optimizer.parameters), False
        for name, p in model.named_parameters():
            if p in moved and p.requires_grad != (depth[name] <= line):
                p.requires_grad_(not p.requires_grad)
                changed = True
        norms = [name for name, module in model.named_modules() if isinstance(module, NORMS) and module.track_running_stats]
        frozen = self.recipe.batchnorm == "frozen"
        return changed, tuple(name for name in norms if frozen or depth[f"{name}.running_mean"] > line)

    @torch.no_grad()
    def add_l2sp_grad(self, state: State) -> None:
        """Add the gradient of L2-SP, strength/2·‖w - w⁰‖² with w⁰ the pretrained weights, to those of the trained weights."""
        pairs = [(p, state.start[name]) for name, p in state.model.named_parameters() if name in state.start and p.grad is not None]
        if pairs:
            own, start = (list(side) for side in zip(*pairs, strict=True))
            torch._foreach_add_([p.grad for p in own], torch._foreach_sub(own, start), alpha=self.recipe.l2sp)


def reference_weights(model: nn.Module, known: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies of the trained weights that came with the `known` values: what L2-SP pulls toward."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad and name in known}
