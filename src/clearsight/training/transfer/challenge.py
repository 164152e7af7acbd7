"""Tuning as a challenger of the solved head: the upper stages are tuned on stored maps, and kept only where that is clearly better.

Better is a log loss on held-out pictures that is lower by more than one standard error of the paired difference, and by more than 5 %: the
answers of cross-validation, which give "none of these" its limit, are lost with tuned weights. The folds are those of
the head's cross-validation: in each, tuning begins at the head that is solved on the others, so that the two differ by tuning alone.

Shapes: N pictures, K classes, V views (a picture, and its mirror image where mirrored ones mean the same).
"""

import copy
import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...base.progress import Progress, duration
from ...base.randomness import permutation, uniform
from ...heads.cross_validation import folds_of_groups
from ...heads.lbfgs import Problem, solve
from ...models.readout import Readout
from ..context import TrainingContext
from ..interrupt import Stop
from ..resolve import characters
from .upper import Upper, maps_at, upper

FROM = 1000  # training pictures; with fewer, tuning lost to the head on every set that was measured
MINUTES = 3.0  # for a set of that size, unless --minutes says otherwise
EPOCHS, LEAST = 6, 2
BATCH, LR, MOMENTUM = 32, 0.01, 0.9
MEMORY = 2 * 2**30  # bytes of stored maps
WORTH = 0.05  # share of the head's log loss that tuning has to take off
USABLE = 0.9  # share of the time left that is planned with

Outcome = dict[str, Any]  # the entry `tuning` of a run's facts


@dataclass(frozen=True)
class _Job:
    """Upper stages with stored maps float32 `(V, N, C, H, W)`, labels `(N,)`, and the fold of each picture (-1: trained on in all)."""

    upper: Upper
    maps: Tensor
    labels: Tensor
    fold: Tensor
    context: TrainingContext
    stop: Stop

    @property
    def folds(self) -> int:
        """The number of folds."""
        return int(self.fold.max()) + 1


def challenge(context: TrainingContext, since: float, stop: Stop) -> Outcome | None:
    """Tune the upper stages in the time left `since` (a `time.monotonic`), and keep them if that is better; None where nothing is asked.

    Returns what was tried, the paired difference, and what is kept; the state's kept weights and the answers held out are then those.
    Raises Interrupted, and leaves the state as it was.
    """
    if not context.recipe.challenge or context.held_out is None:
        return None
    begun = time.monotonic()
    why = _not_tried(context)
    job = None if why else _prepared(context, stop)
    if why or job is None:
        return _head(why or "the upper stages of this network cannot be computed from stored maps")
    left = 60 * (context.recipe.minutes or MINUTES) - (time.monotonic() - since)
    second = _seconds(job)
    epochs = min(EPOCHS, int(USABLE * left / (second * job.folds * len(job.labels))))
    if epochs < LEAST:
        minutes = math.ceil((LEAST * second * job.folds * len(job.labels) / USABLE + time.monotonic() - since) / 60)
        return _head(f"it takes about {minutes:,} min in all, and {duration(max(left, 0))} are left: --minutes {minutes} tries it")
    found = _compared(job, epochs, second)
    if found["kept"] == "tuned":
        whole = torch.arange(len(job.labels))
        with Progress("tuning on all labels", epochs * len(whole), quiet=context.quiet) as progress:
            tuned = _tuned(job, whole, epochs, progress)
        own = context.state.model.state_dict()
        context.state.kept = {name: tuned.network.state_dict().get(name, value).detach().clone() for name, value in own.items()}
    return {**found, "seconds": round(time.monotonic() - begun, 1)}


def _not_tried(context: TrainingContext) -> str:
    """Why tuning is not tried at all; empty if it is."""
    recipe, n = context.recipe, int((context.train.labels >= 0).sum())
    if recipe.unlabelled:
        return "pictures without a label have a part in the head"
    if recipe.views:
        return "there are few labels of each class"
    if not recipe.minutes and n < FROM:
        return f"with fewer than {FROM:,} pictures (here {n:,}) it has not paid; --minutes tries it"
    return ""


def _head(why: str) -> Outcome:
    return {"tried": False, "kept": "head", "says": f"tuning the upper stages is not tried: {why}. The solved head is kept"}


@torch.no_grad()
def _prepared(context: TrainingContext, stop: Stop) -> _Job | None:
    """The maps of all labelled pictures at the stage below the upper ones; None where they take too much memory, or do not suffice."""
    network, held_out, train = cast(Readout, context.state.model).eval(), context.held_out, context.train
    labelled = torch.nonzero(train.labels >= 0)[:, 0]
    first = context.inputs(train.batch(labelled[:4]))
    top = upper(network, first)
    if top is None or held_out is None:
        return None
    maps_of, sides = maps_at(network, top.stage), 1 if characters(context.splits.classes) else 2
    one = maps_of(first)[0]
    if sides * len(labelled) * one.numel() * one.element_size() > MEMORY:
        return None
    maps = torch.empty(sides, len(labelled), *one.shape)
    done = 0
    with Progress("maps", len(labelled), quiet=context.quiet) as progress:
        for some in train.batches(labelled.split(BATCH)):
            stop.check()
            inputs = context.inputs(some)
            for side in range(sides):
                maps[side, done : done + len(some)] = maps_of(inputs.flip(3) if side else inputs).cpu()
            done += len(some)
            progress.update(len(some))
    fold = torch.full((len(train.labels),), -1)
    fold[held_out.places] = folds_of_groups(held_out.labels, held_out.groups, context.recipe.seed)
    return _Job(top, maps, train.labels[labelled], fold[labelled], context, stop)


def _compared(job: _Job, epochs: int, second: float) -> Outcome:
    """The log loss of the head and of tuning on pictures held out in turn, and which of the two is kept."""
    context, n = job.context, len(job.labels)
    asked = torch.nonzero(job.fold >= 0)[:, 0]
    before, after = (torch.empty(n, len(context.splits.classes)) for _ in range(2))
    context.log(
        f"tuning the stages above {job.upper.stage} on stored maps, as a challenger of the head: {epochs} epochs in {job.folds} folds and "
        f"on all {n:,} pictures, about {duration(second * epochs * job.folds * n)}"
    )
    with Progress(
        "tuning in folds", epochs * ((job.folds - 1) * len(asked) + job.folds * (n - len(asked))), quiet=context.quiet
    ) as progress:
        for k in range(job.folds):
            known, out = (torch.nonzero(side)[:, 0] for side in (job.fold != k, job.fold == k))
            before[out] = _answers(_begun(job, known), job.maps[0, out], context.device)
            after[out] = _answers(_tuned(job, known, epochs, progress), job.maps[0, out], context.device)
    truth = job.labels[asked]
    head, tuned = (F.cross_entropy(logits[asked], truth, reduction="none") for logits in (before, after))
    gain, error = gains(head, tuned)
    reason = _too_little(gain, error, float(head.mean()))
    kept = "head" if reason else "tuned"
    right = [float((logits[asked].argmax(1) == truth).float().mean()) for logits in (before, after)]
    if kept == "tuned" and context.held_out:
        places = {place: i for i, place in enumerate(context.held_out.places.tolist())}
        rows = torch.tensor([places[int(place)] for place in torch.nonzero(context.train.labels >= 0)[:, 0][asked]])
        logits = context.held_out.logits.clone()
        logits[rows] = after[asked]
        context.held_out = dataclasses.replace(context.held_out, logits=logits)
    facts = {"stage": job.upper.stage, "epochs": epochs, "folds": job.folds, "n": len(asked), "gain": gain, "standard_error": error}
    losses = {"head_nll": float(head.mean()), "tuned_nll": float(tuned.mean()), "head_accuracy": right[0], "tuned_accuracy": right[1]}
    return {"tried": True, "kept": kept, **facts, **losses, "says": _sentence(reason, losses, gain, error, len(asked))}


def gains(head: Tensor, tuned: Tensor) -> tuple[float, float]:
    """The mean of paired losses `(N,)` of the head minus those of tuning, and its standard error."""
    lower = head.double() - tuned.double()
    return float(lower.mean()), float(lower.std()) / len(lower) ** 0.5


def _too_little(gain: float, error: float, loss: float) -> str:
    """Why a gain over the head's log loss is not enough; empty if it is."""
    if not gain > error:
        return "not lower by more than one standard error"
    return "" if gain > WORTH * loss else f"not lower by {100 * WORTH:g} %"


def _sentence(reason: str, losses: Mapping[str, float], gain: float, error: float, n: int) -> str:
    verdict = f"{reason}: the solved head is kept" if reason else "tuned weights are kept"
    head, tuned = losses["head_nll"], losses["tuned_nll"]
    return (
        f"tuning the upper stages: log loss on {n:,} held-out pictures {head:.3f} of the head, {tuned:.3f} tuned, lower by {gain:.1g} "
        f"(standard error {error:.1g}); {verdict}"
    )


def _begun(job: _Job, known: Tensor) -> Upper:
    """The upper stages as they were trained before, with a head that is solved on the `known` pictures `(n,)`."""
    net, device, l2 = copy.deepcopy(job.upper), job.context.device, job.context.state.counters.rows[-1]["l2"]
    with torch.no_grad():
        features = torch.cat([net.features(job.maps[0, rows].to(device)) for rows in known.split(BATCH)])
        labels = job.labels[known].to(device)
        counts = job.context.class_weights[labels] if job.context.recipe.class_weights != "none" else None
        found = solve(Problem(features, labels, net.network.head.out_features, counts), l2, None, True, job.stop.check)
        net.network.head.weight.copy_(found.weight)
        net.network.head.bias.copy_(found.bias)
    return net


def _tuned(job: _Job, known: Tensor, epochs: int, progress: Progress | None) -> Upper:
    """The upper stages and the head after `epochs` on the `known` pictures `(n,)`: SGD, a cosine, batch norm and dropout at rest."""
    net, seed, weights = _begun(job, known), job.context.recipe.seed, job.context.class_weights
    optimizer = _optimizer(net, job.context.state.counters.rows[-1]["l2"])
    steps, step = epochs * math.ceil(len(known) / BATCH), 0
    for epoch in range(epochs):
        for rows in known[permutation(seed, -(10 + epoch), len(known))].split(BATCH):
            job.stop.check()
            for group in optimizer.param_groups:
                group["lr"] = LR * (1 + math.cos(math.pi * step / steps)) / 2
            sides = (uniform(seed, epoch, rows, "challenge")[:, 0] * len(job.maps)).long().clamp_max(len(job.maps) - 1)
            _step(net, optimizer, job.maps[sides, rows].to(job.context.device), job.labels[rows].to(job.context.device), weights)
            step += 1
            if progress:
                progress.update(len(rows))
    return net


def _optimizer(net: Upper, l2: float) -> torch.optim.SGD:
    """SGD on the upper stages, and on the head with the penalty it was solved with."""
    head = list(net.network.head.parameters())
    others = [p for p in net.parameters() if not any(p is one for one in head)]
    groups: list[dict[str, Any]] = [{"params": others}, {"params": head, "weight_decay": l2}]
    return torch.optim.SGD(groups, lr=LR, momentum=MOMENTUM, nesterov=True)


def _step(net: Upper, optimizer: torch.optim.SGD, maps: Tensor, labels: Tensor, weights: Tensor) -> None:
    optimizer.zero_grad()
    F.cross_entropy(net.logits(maps), labels, weight=weights).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()


@torch.no_grad()
def _answers(net: Upper, maps: Tensor, device: torch.device) -> Tensor:
    """Logits float32 `(n, K)` for maps `(n, C, H, W)`."""
    return torch.cat([net.logits(some.to(device)).cpu() for some in maps.split(BATCH)])


def _seconds(job: _Job) -> float:
    """Seconds of a step per picture: the second of two."""
    net, device = copy.deepcopy(job.upper), job.context.device
    optimizer = _optimizer(net, 0.0)
    rows = torch.arange(len(job.labels))[:BATCH]
    took = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        _step(net, optimizer, job.maps[0, rows].to(device), job.labels[rows].to(device), job.context.class_weights)
        took = time.perf_counter() - begun
    return took / len(rows)
