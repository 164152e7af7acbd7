"""How fast pictures are decoded, augmented and trained on, which of these is the limit, and how long the whole training takes."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from ...base.compute.undisturbed import undisturbed
from ...datasets.dataset import Dataset
from ...datasets.loader import Streamed
from ..context import TrainingContext
from ..objectives.objective import Objective
from .diagnosis import GOOD, LOOK, Finding, duration
from .trial import Trial, batch_of

DECODED = 32  # pictures
AUGMENTED = 0.5  # share of a step's time from which augmentation is worth a look
LONG = 24 * 3600.0  # seconds from which the time is worth a look
VALIDATION = 3  # forward passes in the time of a step


@dataclass(frozen=True)
class Pace:
    """Pictures per second of decoding (0: nothing to decode), of augmentation, and of the network; `streamed`: decoded in every epoch."""

    decode: float
    augment: float
    network: float
    streamed: bool

    @property
    def computed(self) -> float:
        """Pictures per second of augmentation and network, one after the other."""
        return 1 / (1 / self.augment + 1 / self.network)

    @property
    def whole(self) -> float:
        """Pictures per second of the training: decoding runs at the same time."""
        return min(self.decode, self.computed) if self.streamed else self.computed


def measure(context: TrainingContext, objective: Objective, size: int) -> Pace:
    """The rates of a copy of the training on batches of `size`, the better of two."""
    trial = Trial(context, objective)
    index = batch_of(context, size)
    pictures = context.train.batch(index)
    trial.step(index[: max(2, len(index) // 4)], 0.0)  # what is only slow at first
    augment = min(_timed(lambda: trial.context.prepared(index, pictures), context.device) for _ in range(2))
    step = min(_timed(lambda: trial.step(index, 0.0, pictures), context.device) for _ in range(2))
    streamed = isinstance(context.train, Streamed)
    network = max(step - augment, 0.05 * step) * objective.repeats
    return Pace(decoding(context, context.splits.parts["train"]), len(index) / augment, len(index) / network, streamed)


def measure_features(context: TrainingContext, size: int) -> Pace:
    """The rates where only features are computed, in evaluation mode."""
    index = batch_of(context, size)
    pictures, model = context.train.batch(index), context.state.model
    with undisturbed(model), torch.no_grad():
        model(context.inputs(pictures[:2]))
        network = min(_timed(lambda: model(context.inputs(pictures)), context.device) for _ in range(2))
    streamed = isinstance(context.train, Streamed)
    return Pace(decoding(context, context.splits.parts["train"]), float("inf"), len(index) / network, streamed)


def decoding(context: TrainingContext, images: Dataset) -> float:
    """Files decoded and resized per second by the recipe's threads; 0 for arrays."""
    if images.pictures is not None or not len(images):
        return 0.0
    workers = context.recipe.workers or os.cpu_count() or 1
    chosen = [i * len(images) // min(DECODED, len(images)) for i in range(min(DECODED, len(images)))]
    with ThreadPoolExecutor(workers) as pool:
        seconds = _timed(lambda: list(pool.map(lambda i: context.preprocessing.load(images.picture(i)), chosen)), torch.device("cpu"))
    return len(chosen) / seconds


def _timed(work: Callable[[], object], device: torch.device) -> float:
    begun = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return max(time.perf_counter() - begun, 1e-9)


def judge_pace(pace: Pace) -> Finding:
    """The finding on what limits the rate."""
    rates = [("decoding", pace.decode), ("augmentation", pace.augment), ("network", pace.network)]
    words = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates if 0 < rate < float("inf")) + " pictures/s"
    figures = {"decode": pace.decode, "augment": pace.augment, "network": pace.network, "whole": pace.whole, "streamed": pace.streamed}
    once = "" if pace.streamed or not pace.decode else "; decoded once"
    if pace.streamed and pace.decode < pace.computed:
        words = f"{words}: decoding is the limit, the network would take {pace.computed:,.0f}"
        return Finding("bottleneck", LOOK, words, "--cache disk, or --workers", figures)
    if pace.computed / pace.augment > AUGMENTED:
        return Finding("bottleneck", LOOK, f"{words}{once}: augmentation is the limit", "--augment", figures)
    return Finding("bottleneck", GOOD, f"{words}{once}: the network is the limit", figures=figures)


def training_seconds(context: TrainingContext, pace: Pace, train: int, val: int) -> float:
    """The time of all epochs on `train` pictures with validation on `val`, and of decoding them once."""
    recipe = context.recipe
    once = 0.0 if pace.streamed or not pace.decode else (train + val) / pace.decode
    if recipe.optimizer == "lbfgs":
        return once + (train + val) / pace.whole
    whole = once + recipe.epochs * (train / pace.whole + val / (VALIDATION * pace.network))
    return min(whole, 60 * recipe.minutes + once) if recipe.minutes else whole


def judge_time(context: TrainingContext, seconds: float, train: int) -> Finding:
    """The finding on the time of the whole training."""
    recipe = context.recipe
    seconds *= recipe.ensemble
    solved = recipe.optimizer == "lbfgs"
    of = f"features of {train:,} pictures, and a head" if solved else f"{recipe.epochs} epochs of {train:,} pictures"
    members = f", {recipe.ensemble} networks" if recipe.ensemble > 1 else ""
    words, figures = f"about {duration(seconds)} for {of}{members}", {"seconds": seconds}
    if seconds > LONG:
        return Finding("time", LOOK, words, "--minutes" if not solved else "--model", figures)
    return Finding("time", GOOD, words, figures=figures)
