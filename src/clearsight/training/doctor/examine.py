"""All checks of a training in bounded time, on copies: the run's weights, counters and random numbers stay as they are."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from ...base.errors import ClearsightError
from ...base.randomness import accelerators_kept, generators_kept
from ...datasets.dataset import Parts
from ..context import TrainingContext
from ..interrupt import NotFinite, name_the_layer
from ..objectives.objective import Objective
from ..objectives.supervised import Supervised
from . import data, layers, learning_rate, memory, one_batch, pace
from .diagnosis import GOOD, STOP, Diagnosis, Finding, RangeTest
from .trial import Trial, batch_of

SECONDS = 60.0  # for all checks; one step of a large network may take longer than its share
SHARES = {"labels": 0.08, "batch": 0.03, "range": 0.3, "fit": 0.12, "control": 0.12, "solved": 0.4}  # of the time
BATCH, LABELLED = 128, 512  # pictures of a check at most
LONG = 600.0  # seconds of a training from which it is examined without being asked
FEW = 200  # a look at the rate may take a 200th of the training
FEWEST = data.FEWEST  # labelled pictures of the check of labels
LOOKED_AT = 32  # pictures, at most, for that look


@accelerators_kept()
@generators_kept()
def examine(
    context: TrainingContext, objective: Objective, splits: Parts, folder: Path, *, short: bool = False, seconds: float = SECONDS
) -> Diagnosis:
    """The findings on a training that was put together in `context`, for the data in `splits` and a run folder below `folder`.

    `short` leaves out what takes many steps: the range test, fitting one batch, doubling the batch on a GPU.
    """
    begun, recipe = time.monotonic(), context.recipe
    solved = recipe.optimizer == "lbfgs"
    examination = _Examination(context, objective, splits, folder, short, seconds)
    context.log(f"doctor: checks on copies, {seconds:.0f} s at most on an idle machine; the run itself is not touched" * (not short))
    found = tuple(examination.solved() if solved else examination.trained())
    return Diagnosis(splits.name, recipe.model, recipe.recipe, found, round(time.monotonic() - begun, 1), examination.tested)


@dataclasses.dataclass
class _Examination:
    context: TrainingContext
    objective: Objective
    splits: Parts
    folder: Path
    short: bool
    seconds: float
    tested: RangeTest | None = None

    def trained(self) -> Iterator[Finding]:
        """The checks of a network that is trained by steps; after one that must stop the training, no check that needs steps."""
        context, objective, budget = self.context, self.objective, self.seconds
        if broken := layers.weights(context):
            yield broken
            return
        yield (inputs := data.inputs(context, min(BATCH, context.recipe.batch)))
        if inputs.verdict == STOP:
            return
        try:
            yield (room := memory.memory(context, objective, tries=not self.short))
            most = max(2, min(room.figures.get("largest", BATCH), BATCH, context.recipe.batch))
            a_picture = picture_seconds(context, objective, min(8, most))
        except NotFinite as error:
            yield Finding("layers", STOP, f"the first step is not finite, in {error.layer}", "--speed plain or --lr")
            return
        size = int(min(most, max(min(8, most), budget * SHARES["batch"] / a_picture)))
        yield data.labels(context, int(min(LABELLED, max(64, budget * SHARES["labels"] * 3 / a_picture))))
        yield self._first_loss(size)
        yield layers.judge_gradients(layers.gradients(context, objective, size), context.recipe.lr)
        yield layers.units(context, objective, size)
        if not self.short:
            yield from self._by_steps(a_picture, most)
        yield from self._costs(pace.measure(context, objective, size))

    def solved(self) -> Iterator[Finding]:
        """The checks of a head that is solved on features: nothing is trained by steps."""
        context = self.context
        if broken := layers.weights(context):
            yield broken
            return
        yield (inputs := data.inputs(context, BATCH))
        if inputs.verdict == STOP:
            return
        few = pace.measure_features(context, min(4, len(context.train)))  # how many pictures the time allows
        size = max(FEWEST, min(LABELLED, int(self.seconds * SHARES["solved"] * few.network)))
        yield self._features(min(LOOKED_AT, size))
        yield data.labels(context, size)
        yield memory.features_memory(context, sum(self._pictures()))
        yield from self._costs(pace.measure_features(context, min(LOOKED_AT, max(4, size // 4))))

    def _features(self, size: int) -> Finding:
        context = self.context
        index = batch_of(context, size)
        layer = name_the_layer(context.state.model, context.inputs(context.train.batch(index)))
        if layer != "loss":
            return Finding("layers", STOP, f"the features are not finite, in {layer}", "--speed plain")
        return Finding("layers", GOOD, "features are finite; the head is solved to its optimum, without a learning rate")

    def _first_loss(self, size: int) -> Finding:
        context = self.context
        try:
            loss, _ = Trial(context, Supervised(), plain=True).step(batch_of(context, size, labelled=True), 0.0)
        except NotFinite as error:
            return Finding("first loss", STOP, f"not finite, in {error.layer}", "--speed plain")
        kept = bool(context.recipe.from_) and not context.recipe.resize_head
        return one_batch.judge_start(loss, len(context.class_weights), kept)

    def _by_steps(self, a_picture: float, most: int) -> Iterator[Finding]:
        """The range test, and one batch fitted with its own labels and with shuffled ones."""
        context, objective, budget = self.context, self.objective, self.seconds
        batch, steps = learning_rate.affordable(a_picture, budget * SHARES["range"], dataclasses.replace(context.recipe, batch=most))
        self.tested = learning_rate.range_test(context, objective, batch, steps, 2 * budget * SHARES["range"])
        yield learning_rate.judge_rate(self.tested)
        pictures = max(4, min(one_batch.PICTURES, int(budget * SHARES["fit"] / (one_batch.STEPS * a_picture))))
        own = one_batch.fit(context, objective, context.recipe.lr, 2 * budget * SHARES["fit"], pictures=pictures)
        control = one_batch.fit(context, objective, context.recipe.lr, budget * SHARES["control"], pictures=pictures, shuffled=True)
        rate, again = self.tested.suggestion, None
        if not own.fitted and rate:
            again = one_batch.fit(context, objective, rate, budget * SHARES["fit"], pictures=pictures)
        yield one_batch.judge_fit(own, control, again, self.tested)

    def _costs(self, rates: pace.Pace) -> Iterator[Finding]:
        """What limits the rate, the time of the whole training, where pictures are kept, and the disk."""
        train, val = self._pictures()
        yield pace.judge_pace(rates)
        yield pace.judge_time(self.context, pace.training_seconds(self.context, rates, train, val), train)
        yield memory.picture_cache(self.context, self.splits)
        yield memory.disk(self.context, self.folder)

    def _pictures(self) -> tuple[int, int]:
        """How many training and validation pictures the whole data have."""
        parts, used = self.splits.parts, self.context.recipe.unlabelled or self.context.recipe.teacher
        train = len(parts["train"]) + (len(parts["unlabelled"]) if used and "unlabelled" in parts else 0)
        return train, len(parts["val"]) if "val" in parts else 0


def picture_seconds(context: TrainingContext, objective: Objective, size: int) -> float:
    """The time of a step on `size` pictures, for each of them; the second of two steps."""
    trial, index = Trial(context, objective), batch_of(context, size)
    trial.step(index, 0.0)
    begun = time.perf_counter()
    trial.step(index, 0.0)
    if context.device.type == "cuda":
        torch.cuda.synchronize(context.device)
    return max(time.perf_counter() - begun, 1e-9) / len(index)


@accelerators_kept()
@generators_kept()
def is_long(context: TrainingContext, objective: Objective) -> bool:
    """Whether a training is likely to take more than ten minutes, by two steps that take no more than a hundredth of it."""
    recipe, n = context.recipe, len(context.train)
    if recipe.optimizer == "lbfgs" or context.group.world > 1:
        return False
    size = min(LOOKED_AT, n, recipe.batch, n * recipe.epochs // FEW)
    if size < 2:
        return False
    try:
        expected = n * recipe.epochs * objective.repeats * picture_seconds(context, objective, size)
    except (NotFinite, RuntimeError, MemoryError):
        return True
    return min(expected, 60 * recipe.minutes or expected) > LONG


def before_long(context: TrainingContext, objective: Objective, folder: Path, log: Callable[[str], None]) -> None:
    """Make the cheap checks before a training that is likely to be long, and log what is not good; raises ClearsightError for `stop`."""
    if not is_long(context, objective):
        return
    found = examine(context, objective, context.splits, folder, short=True)
    about = next((finding.words for finding in found.findings if finding.check == "time"), "a long training")
    log(f"doctor: {about}; {sum(f.verdict == GOOD for f in found.findings)} of {len(found.findings)} quick checks good")
    for finding in found.findings:
        if finding.verdict != GOOD:
            log(f"doctor: {finding.verdict}: {finding.check}: {finding.words}{f' ({finding.option})' * bool(finding.option)}")
    if found.verdict == STOP:
        worst = next(finding for finding in found.findings if finding.verdict == STOP)
        raise ClearsightError(
            f"this training would fail: {worst.check}: {worst.words}. Change {worst.option or 'the data'}, "
            "see all checks with --doctor, or train without them with --no-doctor."
        )
