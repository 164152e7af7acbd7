"""Distillation: train on a teacher's probabilities for every image, labelled or not.

T. Chen, S. Kornblith, K. Swersky, M. Norouzi, G. Hinton, Big self-supervised models are strong semi-supervised learners, NeurIPS 2020,
section 2. The probabilities may be spread over similar images, and aligned to the class frequencies (`label_spreading`).

Shapes: N pictures of a micro-batch, K classes.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import classifier
from ...base.errors import ClearsightError, UsageError, listed
from ...classifier import Classifier, validation
from ...classifier.features import extract_features
from ...classifier.predict import probabilities
from ...datasets.dataset import Dataset
from ...datasets.loader import load
from ...models.base import Model
from ...runs.splits import training_images
from ...weights.licence import inherited
from ..compute.training_model import TrainingModel
from ..context import NO_LABEL, TrainingContext
from ..resolve import designed
from ..transfer.pretrained import Start
from .label_spreading import aligned, spread
from .objective import Objective


class Distillation(Objective):
    """Cross-entropy by the teacher's probabilities, computed once for every training image; a label, where there is one, has equal weight.

    Twice the loss of the paper's equation 3 with α = ½, so that an unlabelled image weighs as in plain training.
    """

    def __init__(self, answers: Tensor, provenance: dict[str, str]) -> None:
        self.answers, self._provenance = answers, provenance

    @property
    def provenance(self) -> dict[str, str]:
        """The teacher, the SHA-256 of its weights, and their licence."""
        return self._provenance

    def loss(self, context: TrainingContext, net: TrainingModel, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """Cross-entropy by the teacher's probabilities and the labels, and how many predictions agree with the teacher."""
        inputs, labels = context.prepared(index, pictures)
        outputs, answers = net.outputs(inputs), self.answers[index].to(context.device)
        logits = outputs[0] if outputs.ndim == 3 else outputs
        losses = F.cross_entropy(logits, answers, reduction="none")
        smoothing = context.recipe.label_smoothing
        losses = losses + F.cross_entropy(logits, labels, reduction="none", ignore_index=NO_LABEL, label_smoothing=smoothing)
        return losses.sum(), int((logits.detach().argmax(1) == answers.argmax(1)).sum())


def distillation(context: TrainingContext, start: Start | None) -> Distillation:
    """The objective of a recipe with a teacher; `start` is the pretrained network that the training begins with.

    Raises UsageError for a teacher of other classes, and where there are no features to spread its answers by.
    """
    recipe, splits = context.recipe, context.splits
    teacher, digest = classifier.load_digested(Path(recipe.teacher))
    teacher = teacher.to(context.device)
    if sorted(teacher.classes) != sorted(splits.classes):
        theirs, ours = (listed(map(repr, names)) for names in (teacher.classes, splits.classes))
        raise UsageError(f"the teacher {recipe.teacher} tells apart {theirs}, the data have {ours}: they must be the same.")
    images = training_images(recipe, splits)
    chosen = validation.passed_on("teacher", teacher.facts)
    provenance = {"taught_by": recipe.teacher, "taught_by_sha256": digest, **inherited(teacher.facts), **chosen}
    whole = load(images, teacher.preprocessing, cache=recipe.cache, workers=recipe.workers, quiet=context.quiet)
    answers = probabilities(teacher.faster(), whole)[:, [teacher.classes.index(label) for label in splits.classes]]
    if recipe.spread:
        answers = _spread(context, answers, images, teacher, start)
        provenance |= {**start.facts, **inherited(provenance, start.facts)} if start else {}
    if recipe.align:
        counts = torch.from_numpy(splits.parts["train"].counts())
        context.log("the teacher's answers are aligned: each class as common as among the labels")
        answers = aligned(answers, counts / counts.sum())
    return Distillation(answers, provenance)


def _spread(context: TrainingContext, answers: Tensor, images: Dataset, teacher: Classifier, start: Start | None) -> Tensor:
    """The `answers` `(N, K)` spread over the images whose features are similar."""
    recipe = context.recipe
    looking, name = _feature_extractor(context, teacher, start)
    if not isinstance(looking.model, Model):
        raise UsageError(f"{name} has no features by which answers could be spread: say --spread-by hog, or leave out --spread.")
    context.log(f"the teacher's answers are spread over the {recipe.spread} nearest neighbours by the features of {name}")
    features, _ = extract_features(looking.to(context.device), images, context.quiet, cache=recipe.cache, workers=recipe.workers)
    return spread(answers, features, recipe.spread, context.quiet)


def _feature_extractor(context: TrainingContext, teacher: Classifier, start: Start | None) -> tuple[Classifier, str]:
    """The classifier by whose features images are neighbours, and its name."""
    if context.recipe.spread_by == "hog":
        return designed(context.splits.parts["train"]), "HOG"
    if start:
        return Classifier(start.model, start.preprocessing, start.classes), start.origin
    return teacher, context.recipe.teacher


def require_same_origins(found: Mapping[str, str], begun: Mapping[str, str]) -> None:
    """Raise ClearsightError if the weights of the teacher, or of the network it starts from, have changed since the run began."""
    for name in ("taught_by", "trained_from"):
        if found.get(f"{name}_sha256", known := begun.get(f"{name}_sha256")) != known:
            raise ClearsightError(f"{begun[name]} is not the one that this run began with: its weights have changed.")
