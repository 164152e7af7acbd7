"""The order of an epoch: which training pictures its steps compute on, and which of a picture's copies.

A place is a number below N for each of N training pictures, and k·N more for its k-th further copy in this epoch, which is augmented by
other draws. Places follow from seed and epoch alone, so that a resumed run, and any number of processes, has the same ones.
"""

import torch
from torch import Tensor

from ..base.errors import UsageError
from ..base.randomness import key, permutation
from ..recipes.methods import parse_shuffle
from ..recipes.recipe import Recipe
from . import blocks
from .context import TrainingContext

POWERS = {"balanced": 0.0, "root": 0.5}  # a class of n pictures gets a share of the draws in proportion to n to this power


def batches(context: TrainingContext) -> tuple[Tensor, ...]:
    """The places of each step of this epoch, int64 `(n,)` each."""
    recipe, epoch, n = context.recipe, context.state.counters.epoch, len(context.train)
    places = drawn(recipe, context.train.labels, epoch) if recipe.sampler in POWERS else torch.arange(n)
    if context.blocks is None:
        order = permutation(recipe.seed, epoch, n)
    else:
        order = blocks.arranged(context.blocks[places % n], parse_shuffle(recipe.shuffle), recipe.seed, epoch)
    parts = places[order][: n // recipe.aug_repeats].tensor_split(context.steps)
    if context.blocks is not None and context.group.world > 1:  # each process has pictures of few shards
        parts = tuple(part[context.blocks[part % n].argsort(stable=True)] for part in parts)
    return tuple(repeated(part, recipe.aug_repeats, n) for part in parts)


def repeated(places: Tensor, times: int, n: int) -> Tensor:
    """Each of the `places` (B,) and its `times` - 1 copies, side by side: int64 `(B·times,)`.

    E. Hoffer, T. Ben-Nun, I. Hubara, N. Giladi, T. Hoefler, D. Soudry, Augment your batch, CVPR 2020.
    """
    return places.repeat_interleave(times) + n * torch.arange(times).repeat(len(places))


def drawn(recipe: Recipe, labels: Tensor, epoch: int) -> Tensor:
    """N places for the `labels` (N,), class by class: each class as often as its share, its pictures in turn.

    A class passes through all its pictures, in a new random order each time, before one of them comes again, over the end of an epoch as
    well: over many epochs the pictures of a class are drawn equally often, to within one.
    """
    n, counts = len(labels), labels.bincount()
    parts = []
    for k, (rows, draws) in enumerate(zip(labels.argsort(stable=True).split(counts.tolist()), quotas(counts, recipe.sampler), strict=True)):
        if not draws:
            continue
        first, skipped = divmod(epoch * draws, len(rows))
        rounds = range(first, (epoch * draws + draws - 1) // len(rows) + 1)
        seed = key(recipe.seed, "sampler", k)
        passes = [rows[permutation(seed, lap, len(rows))] + n * (lap - first) for lap in rounds]
        parts.append(torch.cat(passes)[skipped : skipped + draws])
    return torch.cat(parts)


def quotas(counts: Tensor, sampler: str) -> list[int]:
    """The draws of each class in an epoch of Σ `counts` (K,) draws; what rounding leaves goes to the largest remainders."""
    n, sizes = int(counts.sum()), counts.double()
    shares = torch.where(counts > 0, sizes.pow(POWERS[sampler]), 0.0)
    exact = shares / shares.sum() * n
    found = exact.floor()
    most = (exact - found).argsort(descending=True, stable=True)[: n - int(found.sum())]
    found[most] += 1
    return [int(draws) for draws in found]


def described(context: TrainingContext) -> str:
    """What an epoch is, where it is not a pass over the training pictures in an order over all of them; else nothing."""
    by_blocks = "" if context.blocks is None else blocks.described(context.blocks, context.train.labels, context.recipe)
    return "\n".join(filter(None, (_drawn_words(context), by_blocks)))


def _drawn_words(context: TrainingContext) -> str:
    recipe, n = context.recipe, len(context.train)
    if recipe.aug_repeats > 1:
        kept = n // recipe.aug_repeats
        return f"repeated augmentation: an epoch is {kept:,} of the {n:,} training pictures, each in {recipe.aug_repeats} versions"
    if recipe.sampler not in POWERS:
        return ""
    counts = context.train.labels.bincount()
    draws = quotas(counts, recipe.sampler)
    times = [(of / size, k) for k, (of, size) in enumerate(zip(draws, counts.tolist(), strict=True)) if size]
    (rare, first), (common, second) = max(times), min(times)
    seldom, often = context.splits.classes[first], context.splits.classes[second]
    low, high = sorted((draws[first], draws[second]))
    of_each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return (
        f"sampler {recipe.sampler}: an epoch is {n:,} draws, {of_each} of each class; a picture of {seldom!r} is drawn {rare:.2g} times "
        f"in it, one of {often!r} {common:.2g} times"
    )


def require_possible(context: TrainingContext, copies: bool) -> None:
    """Raise UsageError for an order that the objective (unless it takes `copies`) or the pictures do not allow."""
    recipe = context.recipe
    if recipe.sampler not in POWERS and recipe.aug_repeats == 1:
        return
    option = "--sampler" if recipe.sampler in POWERS else "--aug-repeats"
    if not copies:
        raise UsageError(f"{option} is for training by a loss of labels: this objective does not take copies of a picture. Leave it out.")
    if recipe.aug_repeats > 1 and not context.ops and not recipe.mix:
        raise UsageError("--aug-repeats is for pictures that are augmented, and these are not: say --augment, or leave it out.")
