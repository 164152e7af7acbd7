"""What the artefact of a run keeps to know the limits of its answers: feature vectors of training pictures, and held-out scores.

A score is held out if the picture had no part in the network that is judged. Validation pictures had none, except that they may have
chosen the epoch. Where trained weights stay as they are and only the head is fitted, the features of a training picture are those of any
other picture: then each is scored by the vectors of the others, and cross-validation answers for its class. The test part has no role.
"""

import dataclasses
from typing import cast

import numpy as np
import torch
from torch import Tensor

from ...base.progress import Progress
from ...base.randomness import permutation
from ...classifier import Classifier, predict, validation
from ...classifier.learnt import past
from ...classifier.uncertainty import Calibration, Novelty, Reference, blend
from ...classifier.uncertainty.novelty import sample, stored
from ...datasets.dataset import Dataset
from ...datasets.loader import load
from ...datasets.split import together
from ...heads.cross_validation import folds_of_groups
from ...models.base import Model
from ...runs.held_out import HeldOut
from ...runs.run import Run
from ..context import TrainingContext

SCORED = 4096  # pictures whose novelty tells what is usual


def reference(context: TrainingContext, classifier: Classifier, run: Run, logits: Tensor) -> Reference:
    """The vectors and scores of a finished run, by its `logits` `(n, K)` of the validation pictures."""
    unseen = context.recipe.optimizer == "lbfgs" and not _has_learnt(context, run)  # by the weights that it starts from
    fixed = unseen and context.tuning.get("kept") != "tuned"
    novelty = None if context.recipe.novelty == "none" else _novelty(context, classifier, fixed)
    return Reference(novelty, _calibration(context, classifier.temperature, logits, unseen))


def _has_learnt(context: TrainingContext, run: Run) -> bool:
    """Whether the weights that the run starts from may have been trained on its own training pictures."""
    known, train = past(run.folder), context.splits.parts["train"]
    if not known and known.complete:
        return False
    return not known.complete or train.digests is None or bool((known.parts(train) != "").any())


def _calibration(context: TrainingContext, temperature: float, logits: Tensor, unseen: bool) -> Calibration | None:
    """Scores by cross-validation where it has answered, else by validation; None without either."""
    held_out = context.held_out if unseen else None
    if held_out and len(held_out.labels):
        logits, labels, source = held_out.logits, held_out.labels, validation.FOLDS
    elif len(logits):
        labels, source = context.val.labels, "validation"
    else:
        return None
    probabilities = torch.softmax(logits.float() / temperature, 1).gather(1, labels[:, None])[:, 0]
    return Calibration((1 - probabilities).cpu().numpy(), labels.cpu().numpy().astype(np.int64), source)


def _novelty(context: TrainingContext, classifier: Classifier, fixed: bool) -> Novelty:
    model, train = cast(Model, classifier.model), context.splits.parts["train"]
    chosen = sample(torch.from_numpy(train.labels), model.head.in_features, context.recipe.seed)
    if not fixed:
        kept = stored(model.HEAD, _features(context, classifier, train.subset(chosen.numpy())))
        val = _some(context, len(context.val))
        scores = kept.of(_features(context, classifier, context.splits.parts["val"].subset(val.numpy()))) if len(val) else torch.empty(0)
        return _with(kept, scores, "validation")
    scored = _some(context, len(train))
    held_out = context.held_out if context.held_out and len(context.held_out.labels) >= blend.LEAST else None
    answered = held_out.places if held_out else scored[:0]
    places, at = torch.unique(torch.cat([chosen, scored, answered]), return_inverse=True)
    features = _read(context, places) if _are_kept(context) else _features(context, classifier, train.subset(places.numpy()))
    groups = torch.from_numpy(together(train))
    of_chosen, of_scored, of_answered = (features[some] for some in at.split([len(chosen), len(scored), len(answered)]))
    kept = stored(model.HEAD, of_chosen)
    found = _with(kept, kept.without_own(of_scored, groups[scored], groups[chosen]), validation.FOLDS)
    return _blended(found, of_answered, held_out, context.recipe.seed) if held_out else found


def _blended(found: Novelty, features: Tensor, held_out: HeldOut, seed: int) -> Novelty:
    """The novelty with a blend, by the features `(n, D)` of the pictures that cross-validation has answered."""
    fold = folds_of_groups(held_out.labels.cpu(), held_out.groups.cpu(), seed, blend.FOLDS)
    made, scores = blend.fitted(features, held_out.logits, fold, found.vectors, torch.from_numpy(found.scores))
    return dataclasses.replace(_with(found, scores, validation.FOLDS), blend=made)


def _with(kept: Novelty, scores: Tensor, source: str) -> Novelty:
    return Novelty(kept.layer, kept.mean, kept.vectors, np.sort(scores.numpy()).astype(np.float32), source if len(scores) else "")


def _some(context: TrainingContext, n: int) -> Tensor:
    """The places of up to 4,096 of `n` pictures, drawn at random, in order."""
    return permutation(context.recipe.seed, -8, n)[:SCORED].sort().values


def _are_kept(context: TrainingContext) -> bool:
    """Whether the features that the head was fitted on are there: in a resumed run they are computed again."""
    return context.vectors is not None


def _read(context: TrainingContext, places: Tensor) -> Tensor:
    assert context.vectors is not None
    return context.vectors.table[places.to(context.vectors.table.device)].cpu()


def _features(context: TrainingContext, classifier: Classifier, data: Dataset) -> Tensor:
    recipe = context.recipe
    pictures = load(data, context.preprocessing, cache=recipe.cache, workers=recipe.workers, quiet=context.quiet)
    with Progress("novelty", len(data), quiet=context.quiet) as progress:
        return predict.features(classifier, cast(Model, classifier.model).HEAD, pictures, progress=progress)
