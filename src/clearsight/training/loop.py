"""The training loop, on one screen.

Everything random is a function of (seed, epoch, step or picture), so a run that stops after any step and
goes on from its checkpoint computes the same weights, bit for bit, as one that never stopped.

Shapes: N pictures in this process's share of a batch, K classes.
"""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from ..augment import mix, pipeline
from ..augment import tta as sets
from ..base.progress import Progress
from ..base.randomness import accelerators_kept, generators_kept, key, permutation, seed_generators
from ..datasets.loader import Pictures
from ..images.preprocess import Preprocessing
from ..metrics.accuracy import topk
from . import checkpoint, selection
from .compute import Speed, Working, judging
from .distributed import Team
from .interrupt import Interrupted, NotFinite, OutOfMemory, Stop, name_the_layer, once, out_of_memory, reason
from .objectives import adversarial
from .objectives.adversarial import Adversary
from .objectives.objective import Task
from .optim import schedule
from .optim.loss import judged, judged_mixed
from .recipe import Recipe
from .transfer import freezing


@dataclass
class Job:
    """What one run trains, on what, and how; `class_weights` is float32 `(K,)` with mean 1 over the pictures."""

    recipe: Recipe
    state: checkpoint.State
    train: Pictures
    val: Pictures
    preprocessing: Preprocessing
    ops: tuple[pipeline.Op, ...]
    class_weights: Tensor
    speed: Speed
    device: torch.device
    team: Team
    quiet: bool = False
    say: Callable[[str], None] = print
    lineage: dict[str, str] = field(default_factory=dict)  # which trained weights it starts from, for the artefact
    task: Task | None = None  # what is learnt in place of the labels

    @property
    def perturbation(self) -> adversarial.Perturbation | None:
        """How training pictures are changed so that the network misses them, if the recipe says so."""
        return adversarial.parse(self.recipe.perturb)

    @property
    def mixes(self) -> tuple[mix.Mix, ...]:
        """How training pictures are mixed, if the recipe says so."""
        return mix.parse(self.recipe.mix)

    @property
    def cost(self) -> float:
        """Forward and backward passes that a picture takes, in units of a plain step."""
        return self.task.cost if self.task else self.perturbation.cost if self.perturbation else 1

    @property
    def parts(self) -> int:
        """How many parts a batch is computed in: as the recipe says, or more since memory ran out."""
        return max(self.recipe.accumulate, self.state.counters.accumulate)

    @property
    def steps(self) -> int:
        """Steps in an epoch, such that no process ever computes on a single picture (batch norm cannot)."""
        n, least = len(self.train), 2 * self.team.world
        return max(1, min(math.ceil(n / self.recipe.batch), n // least))

    def prepared(self, indices: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Augmented, normalised inputs float32 `(N, C, H, W)` and labels `(N,)` of training pictures, on the device."""
        moved = pictures.to(self.device, non_blocking=True)
        seed, epoch = self.recipe.seed, self.state.counters.epoch
        inputs = pipeline.inputs(self.ops, moved, indices.to(self.device), seed, epoch, self.preprocessing, self.speed.memory_format)
        return inputs, self.train.labels[indices].to(self.device)


@accelerators_kept()
@generators_kept()
def fit(job: Job, save: Callable[[], None], on_epoch: Callable[[], None], stop: Stop) -> None:
    """Train until the recipe's last epoch, or until patience runs out; `save` writes a checkpoint.

    Raises NotFinite when a loss or gradient is not a number, Interrupted (after saving) when asked to stop.
    """
    recipe, counters, model = job.recipe, job.state.counters, job.state.model
    net: Working | None = None
    saved = time.monotonic()
    while counters.epoch < recipe.epochs and not out_of_patience(job) and (recipe.keep == "last" or not _collapsed(job)):
        thawed, resting = freezing.thaw(job.state, recipe)
        if thawed or net is None:
            net = Working(model, job.speed, job.device, job.team.world, resting)
        batches = permutation(recipe.seed, counters.epoch, len(job.train)).tensor_split(job.steps)[counters.step :]
        shares = [job.team.share(batch) for batch in batches]
        label = f"epoch {counters.epoch + 1}/{recipe.epochs}"
        with Progress(label, len(job.train), quiet=job.quiet or not job.team.leads) as progress:
            progress.skip(counters.seen)
            start = time.perf_counter()
            for batch, share, pictures in zip(batches, shares, job.train.batches(shares), strict=True):
                loss, correct, asked = _fitting_step(job, net, share, pictures, len(batch), stop)
                counters.step += 1
                counters.seen += len(batch)
                counters.loss += loss
                counters.correct += correct
                counters.pictures += len(batch)
                now = time.perf_counter()
                counters.seconds, start = counters.seconds + now - start, now
                progress.update(len(batch), f"loss {counters.loss / counters.seen:.3f} · accuracy {counters.correct / counters.seen:.1%}")
                if asked:
                    save()
                    stop.leave()
                if job.team.leads and time.monotonic() - saved > 60 * recipe.checkpoint_minutes:
                    save()
                    saved = time.monotonic()
        _agree(job)
        if not _worth_judging(job):
            _add_to_soup(job)
            _next_epoch(counters)
            continue
        try:
            _end_epoch(job, stop)
        except Interrupted:
            save()  # every step of the epoch is done: it goes on with the validation
            raise
        on_epoch()
        save()
        saved = time.monotonic()
        stop.check()
    if job.state.soup:
        _taste(job, stop)


def _agree(job: Job) -> None:
    """Statistics of batch norm, each process's own, become the first one's in all of them: those of the weights and of their average."""
    buffers = dict(job.state.model.named_buffers())
    job.team.same(buffers.values())
    job.team.same(value for name, value in job.state.averaged.items() if name in buffers)


def _worth_judging(job: Job) -> bool:
    """Whether validation is computed after this epoch: where it decides nothing, not before as many pictures were learnt from as it has."""
    recipe, counters = job.recipe, job.state.counters
    judged = counters.rows[-1]["epoch"] if counters.rows else 0
    learnt = (counters.epoch + 1 - judged) * len(job.train)
    return recipe.keep != "last" or counters.epoch + 1 == recipe.epochs or learnt >= len(job.val)


def _fitting_step(job: Job, net: Working, share: Tensor, pictures: Tensor, whole: int, stop: Stop) -> tuple[float, int, bool]:
    """`_step`, in twice as many parts each time that memory runs out; batch norm then sees smaller parts, and so it is said."""
    norms = [value for module in job.state.model.modules() if isinstance(module, freezing.NORMS) for value in module.buffers()]
    before = [value.clone() for value in norms]
    while True:
        try:
            return _step(job, net, share, pictures, whole, stop)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            why = reason(error)
        # outside of the handler, which would keep the failed step's tensors alive
        most = len(share) // 2
        if job.team.world > 1 or job.parts >= most:
            raise OutOfMemory(whole, job.parts, why)
        for value, was in zip(norms, before, strict=True):  # the parts that fitted have moved them
            value.copy_(was)
        job.state.counters.accumulate = min(2 * job.parts, most)
        job.say(f"out of memory: from here each batch of {job.recipe.batch} is computed in {job.parts} parts (as --accumulate {job.parts})")


def _step(job: Job, net: Working, share: Tensor, pictures: Tensor, whole: int, stop: Stop) -> tuple[float, int, bool]:
    """One step on this process's `share` of a batch of `whole` pictures; returns the batch's loss sum, hits, and whether to stop."""
    recipe, counters, state = job.recipe, job.state.counters, job.state
    how = job.perturbation
    adversary = Adversary(how, net, job.preprocessing, recipe.seed, counters.epoch) if how else None
    for group in state.optimizer.param_groups:
        group["lr"] = _lr(job, counters.step) * group.get("lr_scale", 1.0)
    seed_generators(key(recipe.seed, counters.epoch, counters.step, job.team.rank, "dropout"), job.device)
    if adversary:
        job.team.same(state.model.buffers())  # its search is in evaluation mode
    for turn in range(how.method.turns if how else 1):
        with once(whole, job.parts) if turn else nullcontext():
            loss_sum, correct = _turn(job, net, share, pictures, whole, adversary)
    numbers = torch.tensor([loss_sum, correct, float(stop.asked)], dtype=torch.float64)
    loss_total, correct_total, asked = job.team.total(numbers).tolist()
    return loss_total, int(correct_total), asked > 0


def _turn(job: Job, net: Working, share: Tensor, pictures: Tensor, whole: int, adversary: Adversary | None) -> tuple[float, int]:
    """Gradients of a batch, part by part, and one update; returns this process's loss sum and hits."""
    loss_sum, correct = 0.0, 0
    indices = share.tensor_split(max(1, min(job.parts, len(share) // 2)))
    parts = pictures.split([len(part) for part in indices])
    net.begin()
    for i, (index, part) in enumerate(zip(indices, parts, strict=True)):
        with net.alone(i == len(indices) - 1):
            loss, hits = job.task.loss(job, net, index, part) if job.task else _supervised(job, net, i, index, part, adversary)
            (loss * (job.team.world / whole)).backward()  # data parallel averages over the processes
        if adversary:
            adversary.learnt(i)
        loss_sum += float(loss.detach())
        correct += hits
    net.end()
    _update(job, loss_sum, index, part)
    return loss_sum, correct


def _supervised(job: Job, net: Working, i: int, index: Tensor, part: Tensor, adversary: Adversary | None) -> tuple[Tensor, int]:
    """The loss by the labels, summed over part `i` of a batch, and how many pictures are right."""
    inputs, labels = job.prepared(index, part)
    smoothing = job.recipe.label_smoothing
    if adversary:
        logits, losses = adversary.losses(i, index, inputs, labels, smoothing)
    elif job.mixes:
        inputs, other, shares = mix.mixed(inputs, index, job.mixes, job.recipe.seed, job.state.counters.epoch)
        logits, losses = judged_mixed(net.outputs(inputs), labels, labels[other], shares, smoothing)
    else:
        logits, losses = judged(net.outputs(inputs), labels, smoothing)
    return (losses * job.class_weights[labels]).sum(), int((logits.detach().argmax(1) == labels).sum())


def _update(job: Job, loss: float, index: Tensor, part: Tensor) -> None:
    recipe, state = job.recipe, job.state
    if state.start:
        freezing.pull(state, recipe.l2sp)
    gradients = [p.grad for p in state.model.parameters() if p.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    if not math.isfinite(loss) or not torch.isfinite(norm):
        where = name_the_layer(state.model, job.prepared(index, part)[0])
        raise NotFinite(state.counters.epoch, state.counters.step, where, loss, recipe.lr, job.speed.bf16)
    if recipe.clip:
        nn.utils.clip_grads_with_norm_([p for p in state.model.parameters() if p.grad is not None], recipe.clip, norm)
    with once(recipe.batch, job.parts):
        state.optimizer.step()
        if recipe.ema:
            # early on the average follows quickly, so that it forgets the first random weights
            steps = state.counters.epoch * job.steps + state.counters.step
            blend(state.averaged, state.model.state_dict(), 1 - min(recipe.ema, (1 + steps) / (10 + steps)))


def blend(mean: dict[str, Tensor], values: dict[str, Tensor], share: float) -> None:
    """Move the `mean` by `share` of the way to `values`; what is no fraction is taken over."""
    for name, value in values.items():
        if name not in mean:
            mean[name] = value.detach().clone()
        elif value.is_floating_point():
            mean[name].lerp_(value.detach(), share)
        else:
            mean[name].copy_(value)


def _lr(job: Job, step: int) -> float:
    """The learning rate of step `step` of this epoch."""
    counters, recipe = job.state.counters, job.recipe
    progress = (counters.epoch + step / job.steps) / recipe.epochs
    drops = selection.drops(selection.points(counters.rows), _judges(job), recipe.plateau) if recipe.schedule == "plateau" else 0
    return recipe.lr * schedule.factor(recipe.schedule, progress, recipe.warmup, drops)


def _end_epoch(job: Job, stop: Stop) -> None:
    """Judge the epoch on validation, and close it."""
    state, recipe = job.state, job.recipe
    weights = state.averaged or None
    facts: dict[str, Any] = {"lr": _lr(job, job.steps - 1)}
    facts |= job.task.judge(job, weights, stop) if job.task else scores(validate(job, weights, stop), job.val.labels)
    if job.perturbation and not job.perturbation.method.noise:
        facts["robust_accuracy"] = _robust_accuracy(job, job.perturbation, weights)
    _add_to_soup(job)
    before = _collapsed(job)
    close_epoch(job, facts)
    if _collapsed(job) and not before:
        stops = f"stopped; epoch {state.counters.best_epoch} is kept"
        does = "validation decides nothing, so it trains on" if recipe.keep == "last" else stops
        job.say(f"the network has overfitted to its own attack (robust accuracy fell by half): {does}")


def _add_to_soup(job: Job) -> None:
    state, soup = job.state, job.recipe.soup
    place = state.counters.epoch - max(0, job.recipe.epochs - soup)
    if soup and place >= 0:
        blend(state.soup, state.averaged or state.model.state_dict(), 1 / (1 + place))


def _taste(job: Job, stop: Stop) -> None:
    """Keep the mean of the last epochs' weights if validation finds it no worse than the best epoch, or decides nothing."""
    counters, state = job.state.counters, job.state
    accuracy, epochs = topk(validate(job, state.soup, stop), job.val.labels, 1), min(job.recipe.soup, job.recipe.epochs)
    alike = accuracy >= counters.best or selection.tied(accuracy, counters.best, len(job.val.labels)) or job.recipe.keep == "last"
    job.say(
        f"soup of the last {epochs} epochs: validation accuracy {accuracy:.2%}, the best epoch {counters.best:.2%}: "
        f"{'the soup' if alike else 'that epoch'} is kept"
    )
    if alike:
        counters.best, counters.souped, state.kept = accuracy, epochs, state.soup


def _robust_accuracy(job: Job, how: adversarial.Perturbation, weights: dict[str, Tensor] | None) -> float:
    """The share of some validation pictures, the same in each epoch, that PGD leaves right."""
    model, chosen = job.state.model, permutation(job.recipe.seed, -3, len(job.val))[: adversarial.PROBED]

    def scores(pictures: Tensor) -> Tensor:
        inputs = job.preprocessing.normalise(pictures)
        found: Tensor = functional_call(model, weights, (inputs,)) if weights else model(inputs)
        return found

    needs = [p for p in model.parameters() if p.requires_grad]
    for p in needs:
        p.requires_grad_(False)
    try:
        pictures = job.val.batch(chosen).to(job.device).float() / 255
        return adversarial.probe(how, scores, pictures, job.val.labels[chosen].to(job.device), job.recipe.seed)
    finally:
        for p in needs:
            p.requires_grad_(True)


def _collapsed(job: Job) -> bool:
    """Whether adversarial training has come to catastrophic overfitting, as far as so many pictures can tell."""
    return adversarial.collapsed([row["robust_accuracy"] for row in job.state.counters.rows if "robust_accuracy" in row], _judges(job))


def _judges(job: Job) -> int:
    """How many validation pictures decide: of a training that is to be robust, those that are attacked."""
    n = len(job.val.labels)
    return min(adversarial.PROBED, n) if job.perturbation and not job.perturbation.method.noise else n


def scores(logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """What logits `(n, K)` are worth on validation."""
    return {"val_loss": float(F.cross_entropy(logits, labels)), "val_accuracy": topk(logits, labels, 1)}


def close_epoch(job: Job, facts: dict[str, Any]) -> None:
    """Keep the weights if validation finds them the best so far, write the epoch's row with `facts`, begin the next."""
    counters, state, point = job.state.counters, job.state, selection.point(facts)
    kept = selection.kept(counters.rows, counters.best_epoch, counters.best)
    if job.recipe.keep == "last" or selection.replaces(point, kept, counters.best, _judges(job)):
        counters.best_epoch = counters.epoch + 1
        state.kept = {name: value.detach().clone() for name, value in (state.averaged or state.model.state_dict()).items()}
    counters.best = point.accuracy if job.recipe.keep == "last" else max(counters.best, point.accuracy)
    counters.rows.append(
        {
            "epoch": counters.epoch + 1,
            **facts,
            "loss": counters.loss / counters.seen,
            "accuracy": counters.correct / counters.seen,
            "pictures_per_second": round(counters.pictures / max(counters.seconds, 1e-9), 1),
            "seconds": round(counters.seconds, 3),
        }
    )
    _next_epoch(counters)


def _next_epoch(counters: checkpoint.Counters) -> None:
    counters.epoch += 1
    counters.step = counters.seen = counters.correct = 0
    counters.loss = 0.0


def validate(
    job: Job, weights: dict[str, Tensor] | None, stop: Stop | None = None, *, views: str = "", speed: Speed | None = None
) -> Tensor:
    """Logits float32 `(n, K)` of all validation pictures, each computed by one of the processes; Interrupted when asked to stop.

    They are the mean over `views`, and computed as the job's steps are, or with another `speed`.
    """
    model, sides = job.state.model, sets.parse(views)
    everything = torch.arange(len(job.val))
    counts = [len(part) for part in everything.tensor_split(job.team.world)]
    batches = job.team.share(everything).split(max(1, min(512, 2 * job.recipe.batch // job.parts)))
    rows = []
    outputs = judging(model.eval(), weights, speed or job.speed, job.device)
    with torch.inference_mode():
        for pictures in job.val.batches(batches):
            if stop:
                stop.check()
            inputs = job.preprocessing.normalise(pictures.to(job.device)).contiguous(memory_format=job.speed.memory_format)
            rows.append(sets.mean(sides, inputs, outputs).cpu())
    empty = torch.empty(0, model.head.out_features)  # type: ignore[union-attr,arg-type]
    return job.team.gathered(torch.cat(rows) if rows else empty, counts)


def out_of_patience(job: Job) -> bool:
    """Whether validation has not become better for as many epochs as the recipe waits."""
    return 0 < job.recipe.patience <= selection.stale(selection.points(job.state.counters.rows), _judges(job))
