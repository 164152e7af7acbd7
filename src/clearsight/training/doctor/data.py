"""Checks of what goes into the network: inputs after preprocessing, and whether the labels follow the pictures at all."""

import torch
from torch import Tensor

from ...base.compute.undisturbed import undisturbed
from ...base.randomness import key
from ...models.base import Model
from ..context import TrainingContext
from ..resolve import normalised
from .diagnosis import GOOD, LOOK, STOP, Finding
from .trial import batch_of

CHECK = "clearsight check DATA"
BLANK = 0.1  # share of pictures without any contrast, from which on it is worth a look
NEIGHBOURS, PERMUTATIONS, CHANCE = 5, 99, 0.05
FEWEST = 20  # labelled pictures: fewer cannot tell labels from chance
THUMBNAIL = 8  # px


def inputs(context: TrainingContext, size: int) -> Finding:
    """Mean and deviation of a batch of augmented, normalised inputs, whether they are finite, and whether they differ at all."""
    index = batch_of(context, size)
    values, _ = context.prepared(index, context.train.batch(index))
    return judge_inputs(values, normalised(context.recipe.model))


def judge_inputs(values: Tensor, scaled: bool) -> Finding:
    """The finding on inputs `(N, C, H, W)`, which should have mean 0 and deviation 1 where they are `scaled`."""
    if not torch.isfinite(values).all():
        return Finding("inputs", STOP, "the inputs are not finite after augmentation and preprocessing", CHECK)
    mean, deviation = float(values.mean()), float(values.std())
    blank = float((values.flatten(1).std(1) < 1e-3).float().mean())
    differ = float((values - values[:1]).abs().max())
    figures = {"mean": mean, "deviation": deviation, "blank": blank, "pictures": len(values)}
    words = f"mean {mean:.2f}, deviation {deviation:.2f} after preprocessing, of {len(values)} pictures"
    if differ < 1e-3:
        return Finding("inputs", STOP, f"all of {len(values)} pictures are the same: there is nothing to learn from", CHECK, figures)
    if blank > BLANK:
        return Finding("inputs", LOOK, f"{blank:.0%} of {len(values)} pictures have no contrast at all", CHECK, figures)
    if scaled and not (abs(mean) <= 1 and 1 / 3 <= deviation <= 3):
        return Finding("inputs", LOOK, f"{words}: far from the 0 and 1 that this network takes", CHECK, figures)
    return Finding("inputs", GOOD, words, figures=figures)


def labels(context: TrainingContext, size: int) -> Finding:
    """Whether similar pictures have the same label more often than by chance, by the network's features and by thumbnails."""
    index = batch_of(context, size, labelled=True)
    targets = context.train.labels[index]
    if len(index) < FEWEST:
        return Finding("labels", GOOD, f"{len(index)} labelled pictures: too few to tell labels from chance")
    pictures = context.train.batch(index)
    thumbnails = torch.nn.functional.adaptive_avg_pool2d(pictures.float(), THUMBNAIL).flatten(1)
    vectors = [thumbnails, *_features(context, pictures)]
    found = [agreement(each, targets, context.recipe.seed) for each in vectors]
    share, chance, p = min(found, key=lambda one: (one[2], one[1] - one[0]))
    p = min(1.0, p * len(found))  # the better of two tries
    figures = {"agreement": share, "shuffled": chance, "p": p, "pictures": len(index)}
    words = f"of the {NEIGHBOURS} most similar pictures {share:.0%} have the same label, {chance:.0%} when labels are shuffled"
    if p > CHANCE:
        return Finding(
            "labels",
            LOOK,
            f"{words}: no more than by chance; are they the labels of these pictures?",
            "clearsight labels errors DATA",
            figures,
        )
    return Finding("labels", GOOD, words, figures=figures)


def agreement(vectors: Tensor, targets: Tensor, seed: int) -> tuple[float, float, float]:
    """The share of nearest neighbours of `vectors` (N, D) with the same of the `targets` (N,), that of shuffled ones, and its p-value.

    p is that of a permutation test.
    """
    centred = vectors - vectors.mean(0)
    scaled = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-12)
    similar = scaled @ scaled.T
    similar.fill_diagonal_(-2)
    near = similar.topk(min(NEIGHBOURS, len(targets) - 1), dim=1).indices
    draw = torch.Generator().manual_seed(key(seed, "shuffled labels"))

    def same(some: Tensor) -> float:
        return float((some[near] == some[:, None]).float().mean())

    own = same(targets)
    others = [same(targets[torch.randperm(len(targets), generator=draw)]) for _ in range(PERMUTATIONS)]
    p = (1 + sum(other >= own for other in others)) / (1 + PERMUTATIONS)
    return own, sum(others) / PERMUTATIONS, p


@torch.no_grad()
def _features(context: TrainingContext, pictures: Tensor) -> list[Tensor]:
    """The network's own features `(N, D)` of `pictures`, if they are finite."""
    model = context.state.model
    if not isinstance(model, Model):
        return []
    with undisturbed(model):
        found = torch.cat([model.features(context.inputs(some)).float().cpu() for some in pictures.split(32)])
    return [found.flatten(1)] if torch.isfinite(found).all() else []
