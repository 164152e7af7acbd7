"""The training loop.

Everything random is a function of (seed, epoch, step or image), so a run that stops after any step and resumes from its checkpoint
computes the same weights, bit for bit, as one that never stopped.
"""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import torch
from torch import Tensor, nn

from ..base.progress import Progress
from ..base.randomness import accelerators_kept, generators_kept, key, seed_generators
from . import order
from .compute import loss_scale
from .compute.out_of_memory import in_smaller_parts, without_retry
from .compute.training_model import TrainingModel
from .context import TrainingContext
from .interrupt import Interrupted, NotFinite, Stop, name_the_layer
from .objectives.objective import Objective
from .optim import schedule
from .optim.averaging import update_ema
from .transfer.freezing import Freezing
from .validation import selection
from .validation.soup import add_to_soup, select_soup
from .validation.validate import close_epoch, is_due, out_of_patience


@accelerators_kept()
@generators_kept()
def fit(
    context: TrainingContext, objective: Objective, freezing: Freezing, save: Callable[[], None], on_epoch: Callable[[], None], stop: Stop
) -> None:
    """Train until the recipe's last epoch, or until an early stop; `save` writes a checkpoint, `on_epoch` reports an epoch's row.

    Raises NotFinite for a loss or gradient that is not finite, and Interrupted (after saving) on a signal.
    """
    recipe, state, counters, group = context.recipe, context.state, context.state.counters, context.group
    net: TrainingModel | None = None
    saved = time.monotonic()
    while counters.epoch < recipe.epochs and not out_of_patience(context) and not (recipe.keep != "last" and objective.failed(context)):
        # Freezing: with gradual unfreezing each epoch trains more stages than the one before.
        changed, resting = freezing.unfreeze(state)
        if changed or net is None:
            net = TrainingModel(state.model, context.speed, context.device, group.world, resting, recipe.sync_norm)

        # Batches: the order of the images follows from seed and epoch; a resumed run skips the batches it has trained on.
        batches = order.batches(context)[counters.step :]
        shards = [group.shard(batch) for batch in batches]

        # Steps: a signal stops the run between two of them, after a checkpoint; others are written every few minutes.
        with Progress(f"epoch {counters.epoch + 1}/{recipe.epochs}", context.draws, quiet=context.quiet or not group.is_main) as bar:
            bar.skip(counters.seen)
            start = time.perf_counter()
            for batch, shard, images in zip(batches, shards, context.batches(shards), strict=True):
                step = partial(_step, context, objective, freezing, net, shard, images, len(batch), stop)
                loss, correct, asked = in_smaller_parts(context, len(shard), len(batch), step)
                start = counters.add(len(batch), loss, correct, start)
                bar.update(len(batch), f"loss {counters.loss / counters.seen:.3f} · accuracy {counters.correct / counters.seen:.1%}")
                context.live.step(counters, context.steps, partial(_lr, context, counters.step - 1))
                if asked:
                    save()
                    stop.leave()
                if group.is_main and time.monotonic() - saved > 60 * recipe.checkpoint_minutes:
                    save()
                    saved = time.monotonic()

        # Batch-norm statistics differ between processes: all take those of the first, in the weights and in their moving average.
        buffers = dict(state.model.named_buffers())
        group.broadcast_tensors([*buffers.values(), *(value for name, value in state.averaged.items() if name in buffers)])

        # Validation: keeps the weights of the best epoch. A signal here leaves a checkpoint from which the run resumes with it.
        if not is_due(context):
            add_to_soup(context)
            counters.next_epoch()
            continue
        try:
            scores = {"lr": _lr(context, context.steps - 1), **objective.judge(context, state.averaged or None, stop)}
        except Interrupted:
            save()
            raise
        add_to_soup(context)
        close_epoch(context, scores)
        objective.after_epoch(context)
        on_epoch()
        save()
        saved = time.monotonic()
        stop.check()
    if state.soup:
        select_soup(context, stop)


def _step(
    context: TrainingContext, objective: Objective, freezing: Freezing, net: TrainingModel, shard: Tensor, images: Tensor, batch: int,
    stop: Stop,
) -> tuple[float, int, bool]:  # fmt: skip
    """One step on this process's `shard` of a batch of `batch` images: the batch's summed loss, its hits, and whether to stop."""
    counters, state, group = context.state.counters, context.state, context.group
    for parameters in state.optimizer.param_groups:
        parameters["lr"] = _lr(context, counters.step) * parameters.get("lr_scale", 1.0)
    seed_generators(key(context.recipe.seed, counters.epoch, counters.step, group.rank, "dropout"), context.device)
    objective.before_step(context, net)
    for repeat in range(objective.repeats):
        with without_retry(batch, context.micro_batches) if repeat else nullcontext():
            loss_sum, correct = update(context, objective, freezing, net, shard, images, batch)
    # one message: loss and hits summed over the processes, and whether any of them has received a signal
    sums = torch.tensor([loss_sum, correct, float(stop.asked)], dtype=torch.float64)
    loss_total, correct_total, asked = group.all_reduce(sums).tolist()
    return loss_total, int(correct_total), asked > 0


def update(
    context: TrainingContext, objective: Objective, freezing: Freezing, net: TrainingModel, shard: Tensor, images: Tensor, batch: int
) -> tuple[float, int]:
    """Gradients of a batch, one micro-batch at a time, and one update of the weights; this process's summed loss and hits."""
    recipe, state, counters = context.recipe, context.state, context.state.counters
    # forward and backward, one micro-batch at a time: their gradients add up
    indices = shard.tensor_split(max(1, min(context.micro_batches, len(shard) // 2)))
    loss_sum, correct, scale = 0.0, 0, loss_scale.current(counters, context.speed.fp16)
    net.begin()
    for i, (index, part) in enumerate(zip(indices, images.split([len(index) for index in indices]), strict=True)):
        with net.alone(i == len(indices) - 1):
            loss, hits = objective.loss(context, net, index, part)
            (loss * (context.group.world / batch * scale)).backward()  # data parallel averages over the processes
        objective.after_backward(index)
        loss_sum += float(loss.detach())
        correct += hits
    net.end()
    loss_scale.unscale([p.grad for p in state.model.parameters() if p.grad is not None], scale)
    # the L2-SP penalty; then a loss or gradient that is not finite stops the run, before it reaches the weights
    freezing.add_l2sp_grad(state)
    norm = nn.utils.get_total_norm([p.grad for p in state.model.parameters() if p.grad is not None])
    finite = math.isfinite(loss_sum)
    if context.speed.fp16 and finite and loss_scale.skipped(counters, bool(torch.isfinite(norm)), context.log):
        return loss_sum, correct
    if not finite or not torch.isfinite(norm):
        where = name_the_layer(state.model, context.prepared(index, part)[0])
        raise NotFinite(counters.epoch, counters.step, where, loss_sum, recipe.lr, context.speed.half is not None)
    if recipe.clip:
        nn.utils.clip_grads_with_norm_([p for p in state.model.parameters() if p.grad is not None], recipe.clip, norm)
    with without_retry(recipe.batch, context.micro_batches):
        state.optimizer.step()
        if recipe.ema:
            update_ema(state.averaged, state.model.state_dict(), recipe.ema, counters.epoch * context.steps + counters.step)
    return loss_sum, correct


def _lr(context: TrainingContext, step: int) -> float:
    """The learning rate of step `step` of this epoch."""
    counters, recipe = context.state.counters, context.recipe
    progress = (counters.epoch + step / context.steps) / recipe.epochs
    drops = selection.drops(selection.points(counters.rows), context.deciding, recipe.plateau) if recipe.schedule == "plateau" else 0
    return recipe.lr * schedule.factor(recipe.schedule, progress, recipe.warmup, drops)
