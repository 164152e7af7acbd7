"""Learning from pictures without labels beside a few with: FixMatch, and a teacher's answers.

FixMatch: K. Sohn et al., FixMatch: simplifying semi-supervised learning with consistency and confidence, NeurIPS 2020. A teacher: T. Chen,
S. Kornblith, K. Swersky, M. Norouzi, G. Hinton, Big self-supervised models are strong semi-supervised learners, NeurIPS 2020, section 2.

Shapes: N pictures of a part of a batch, L labelled ones beside them, K classes.
"""

import dataclasses
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import classifier
from ...augment import pipeline
from ...base.errors import ClearsightError, UsageError, listed, unknown, wrong
from ...base.randomness import key, permutation
from ...base.words import Word
from ...classifier import Classifier, validation
from ...classifier.features import extract_features
from ...datasets.dataset import Dataset, Parts, joined
from ...datasets.loader import Pictures, load
from ...models.base import Model
from ...weights.licence import inherited
from ..compute import Working
from ..interrupt import Stop
from ..loop import Job, scores, validate
from ..optim.loss import judged
from ..recipe import Recipe
from ..resolve import designed
from ..transfer.pretrained import Start
from .label_spreading import aligned, spread

NO_LABEL = -1
RATIO = 7  # pictures without a label for each with one, as in the paper


def parse(recipe: Recipe) -> float:
    """The threshold of FixMatch; raises UsageError for other words, and for what does not go with learning without labels."""
    for name, off in (("mix", ""), ("perturb", ""), ("class_weights", "none")):
        if getattr(recipe, name) != off:
            raise UsageError(f"--{name.replace('_', '-')} {getattr(recipe, name)!r} goes without --unlabelled and --teacher: leave it out.")
    if recipe.optimizer == "lbfgs":
        raise UsageError("--optimizer lbfgs solves the head on labels: leave out --unlabelled and --teacher.")
    if not recipe.unlabelled:
        return 0.0
    word = Word.of(recipe.unlabelled)
    if word.name != "fixmatch":
        raise unknown("way to learn without labels", word.name, ("fixmatch",))
    threshold = word.number(0.95)
    if not 0 <= threshold < 1:
        raise wrong("the threshold of fixmatch", "at least 0 and below 1, as in fixmatch:0.95", word.argument)
    return threshold


def everything(recipe: Recipe, parts: Parts) -> Dataset:
    """The pictures that a step may be made of: the labelled ones first, then those without a label where the recipe uses them."""
    train = parts.parts["train"]
    if not (recipe.unlabelled or recipe.teacher):
        return train
    if "unlabelled" not in parts.parts:
        if recipe.unlabelled:
            raise UsageError("--unlabelled needs pictures without labels: say with --labels how many have one, as in --labels 10.")
        return train
    return joined(train, parts.parts["unlabelled"])


def without_labels(pictures: Pictures, labelled: int) -> Pictures:
    """The same `pictures` with the labels of all but the first `labelled` gone, so that nothing can read them."""
    labels = pictures.labels.clone()
    labels[labelled:] = NO_LABEL
    pictures.labels = labels
    return pictures


class _Judged:
    """What both ways have in common: an epoch is judged as one with labels is."""

    def judge(self, job: Job, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, Any]:
        """Loss and accuracy on validation."""
        return scores(validate(job, weights, stop), job.val.labels)


class FixMatch(_Judged):
    """The task: the labels of a few, and for each of the others the answer to a mild view, if it is sure, learnt on a strong one."""

    cost = 2 + 1 / RATIO

    def __init__(self, threshold: float, labelled: int, strong: str) -> None:
        self.threshold, self.labelled, self.strong = threshold, labelled, pipeline.parse(strong)

    def loss(self, job: Job, net: Working, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """Cross-entropy of labelled pictures, drawn for this part, plus that of the others by their own answers; and the labelled hits."""
        recipe, n = job.recipe, len(index)
        known, inputs = self._labelled(job, index)
        labels = job.train.labels[known].to(job.device)
        mild, _ = job.prepared(index, pictures)
        strong = self._views(job, self.strong, pictures, index, key(recipe.seed, "strong"))
        outputs = net.outputs(torch.cat([inputs, mild, strong]))
        logits, losses = judged(outputs[..., : len(known), :], labels, recipe.label_smoothing)
        sure, guessed = judged_mild(outputs[..., len(known) : len(known) + n, :].detach())
        _, others = judged(outputs[..., len(known) + n :, :], guessed)
        loss = losses.mean() + (others * (sure >= self.threshold)).mean()
        hits = (logits.detach().argmax(1) == labels).float().mean()
        return n * loss, round(n * float(hits))

    def _labelled(self, job: Job, index: Tensor) -> tuple[Tensor, Tensor]:
        """Which labelled pictures stand beside those at `index`, int64 `(L,)`, and mild views of them: a step draws its own of both."""
        counters = job.state.counters
        drawn = key(job.recipe.seed, "labelled", counters.step, int(index[0]))
        place = torch.arange(max(1, len(index) // RATIO))
        known = permutation(drawn, counters.epoch, self.labelled)[place % self.labelled]
        copies = known + place // self.labelled * len(job.train)  # a picture that comes twice is changed in two ways
        return known, self._views(job, job.ops, job.train.batch(known), copies, drawn)

    def _views(self, job: Job, ops: tuple[pipeline.Op, ...], pictures: Tensor, places: Tensor, seed: int) -> Tensor:
        moved, epoch = pictures.to(job.device, non_blocking=True), job.state.counters.epoch
        return pipeline.inputs(ops, moved, places.to(job.device), seed, epoch, job.preprocessing, job.speed.memory_format)


def judged_mild(outputs: Tensor) -> tuple[Tensor, Tensor]:
    """How sure the outputs of mild views are `(N,)`, and of which class `(N,)`."""
    logits = outputs[0] if outputs.ndim == 3 else outputs
    sure, guessed = logits.softmax(1).max(1)
    return sure, guessed


class Taught(_Judged):
    """The task: a teacher's probabilities, computed once, for every training picture; where there is a label, it counts as much.

    Twice the loss of the paper's equation 3 with α = ½, so that a picture without a label weighs as one does in a plain training.
    """

    cost = 1.0

    def __init__(self, answers: Tensor) -> None:
        self.answers = answers

    def loss(self, job: Job, net: Working, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """Cross-entropy by the answers float32 `(N, K)`, and how many agree with the teacher."""
        inputs, labels = job.prepared(index, pictures)
        outputs, answers = net.outputs(inputs), self.answers[index].to(job.device)
        logits = outputs[0] if outputs.ndim == 3 else outputs
        losses = F.cross_entropy(logits, answers, reduction="none")
        smoothing = job.recipe.label_smoothing
        losses = losses + F.cross_entropy(logits, labels, reduction="none", ignore_index=NO_LABEL, label_smoothing=smoothing)
        return losses.sum(), int((logits.detach().argmax(1) == answers.argmax(1)).sum())


def set_task(job: Job, parts: Parts, start: Start | None) -> Job:
    """The job with the task that its recipe names, if any; `start` is what the training begins with.

    Raises UsageError for a teacher of other classes, and for features that are not there to spread its answers by.
    """
    recipe, labelled = job.recipe, len(parts.parts["train"])
    if recipe.unlabelled:
        job.say(f"FixMatch: {labelled:,} pictures with labels, and all {len(job.train):,} without")
        return dataclasses.replace(job, task=FixMatch(parse(recipe), labelled, f"{recipe.augment} {recipe.strong}"))
    if not recipe.teacher:
        return job
    teacher, digest = classifier.load_digested(Path(recipe.teacher))
    teacher = teacher.to(job.device)
    if sorted(teacher.classes) != sorted(parts.classes):
        theirs, ours = (listed(map(repr, names)) for names in (teacher.classes, parts.classes))
        raise UsageError(f"the teacher {recipe.teacher} tells apart {theirs}, the data have {ours}: they must be the same.")
    data = everything(recipe, parts)
    whole = load(data, teacher.preprocessing, cache=recipe.cache, workers=recipe.workers, quiet=job.quiet)
    order = [teacher.classes.index(label) for label in parts.classes]
    chosen = validation.passed_on("teacher", teacher.facts)
    lineage = {"taught_by": recipe.teacher, "taught_by_sha256": digest, **inherited(teacher.facts), **chosen}
    answers = _answers(teacher.faster(), whole)[:, order]
    if recipe.spread:
        looking, name = _looking(recipe, parts, teacher, start)
        if not isinstance(looking.model, Model):
            raise UsageError(f"{name} has no features by which answers could be spread: say --spread-by hog, or leave out --spread.")
        job.say(f"the teacher's answers are spread over the {recipe.spread} nearest neighbours by the features of {name}")
        features, _ = extract_features(looking.to(job.device), data, job.quiet, cache=recipe.cache, workers=recipe.workers)
        answers = spread(answers, features, recipe.spread, job.quiet)
        lineage |= {**start.facts, **inherited(lineage, start.facts)} if start else {}
    if recipe.align:
        counts = torch.from_numpy(parts.parts["train"].counts())
        job.say("the teacher's answers are aligned: each class as common as among the labels")
        answers = aligned(answers, counts / counts.sum())
    return dataclasses.replace(job, task=Taught(answers), lineage=lineage)


def _answers(teacher: Classifier, pictures: Pictures) -> Tensor:
    """The teacher's calibrated probabilities float32 `(N, K)`."""
    batches = torch.arange(len(pictures)).split(teacher.batch)
    return torch.cat([torch.softmax(teacher.logits(some) / teacher.temperature, 1).cpu() for some in pictures.batches(batches)])


def _looking(recipe: Recipe, parts: Parts, teacher: Classifier, start: Start | None) -> tuple[Classifier, str]:
    """By whose features pictures are neighbours, and its name."""
    if recipe.spread_by == "hog":
        return designed(parts.parts["train"]), "HOG"
    if start:
        return Classifier(start.model, start.preprocessing, start.classes), start.origin
    return teacher, recipe.teacher


def same_teacher(job: Job, lineage: dict[str, str]) -> dict[str, str]:
    """The `lineage` that a run began with; raises ClearsightError where what its answers come from has become another."""
    for name in ("taught_by", "trained_from"):
        if job.lineage.get(f"{name}_sha256", known := lineage.get(f"{name}_sha256")) != known:
            raise ClearsightError(f"{lineage[name]} is not the one that this run began with: its weights have changed.")
    return lineage
