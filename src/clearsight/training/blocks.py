"""The order by blocks: pictures of some shards at a time, so that each shard of a store is downloaded once an epoch.

The shards are shuffled and cut into windows, and the pictures of a window are shuffled: all by seed and epoch, as the order over all
pictures is, to which it is equal where one window has all shards.
"""

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor

from ..base.errors import UsageError
from ..base.randomness import key, permutation
from ..base.remote.address import is_address
from ..base.remote.downloads import at_once
from ..datasets.dataset import Dataset
from ..datasets.loader import Pictures, Streamed
from ..recipes.methods import parse_shuffle
from ..recipes.recipe import Recipe

SEEN = 64  # windows that are described
MIXED = 0.5  # of the classes that as many pictures drawn at random would have, below which shards are in the order of their classes


def settled(recipe: Recipe, pictures: Pictures) -> Recipe:
    """The recipe with its order settled: blocks for pictures that each epoch reads from shards in a store, within the room of the cache."""
    if recipe.shuffle != "auto":
        return recipe
    words = "all"
    if isinstance(pictures, Streamed) and recipe.optimizer != "lbfgs":
        sizes = [shard.size for shard in pictures.dataset.shards if is_address(shard.address)]
        words = f"blocks:{at_once(max(sizes))}" if sizes else words
    return dataclasses.replace(recipe, shuffle=words)


def blocks_of(recipe: Recipe, data: Dataset) -> Tensor | None:
    """The number of each picture's shard, int64 `(N,)`, where the order is by blocks; raises UsageError for pictures in no shards."""
    if not parse_shuffle(recipe.shuffle):
        return None
    if data.spans is None:
        raise UsageError(f"--shuffle {recipe.shuffle} is for pictures in tar shards, and these are not: leave it out.")
    return torch.from_numpy(data.spans["shard"].astype("int64"))


def windows(blocks: Tensor, window: int, seed: int, epoch: int) -> Tensor:
    """The window of each of the `blocks` (N,), int64 `(N,)`: each has `window` of the shuffled blocks, the last may have fewer."""
    names, which = blocks.unique(return_inverse=True)
    place = permutation(key(seed, "blocks"), epoch, len(names)).argsort()
    return place[which] // window


def arranged(blocks: Tensor, window: int, seed: int, epoch: int) -> Tensor:
    """The order of an epoch by windows of `window` blocks, int64 `(N,)`: that over all pictures, window by window."""
    order = permutation(seed, epoch, len(blocks))
    return order[windows(blocks, window, seed, epoch)[order].argsort(stable=True)]


def classes_of(blocks: Tensor, labels: Tensor, window: int, seed: int) -> Mapping[str, float]:
    """Means over windows of the first epoch: `pictures`, the `classes` among them, and those `expected` of as many drawn at random."""
    of, shares = windows(blocks, window, seed, 0), labels.bincount().double() / len(labels)
    of, labels = of[of < SEEN], labels[of < SEEN]
    sizes = of.bincount()
    found = (of * len(shares) + labels).unique().numel() / len(sizes)
    expected = float((1 - (1 - shares) ** sizes[:, None]).sum(1).mean())
    return {"pictures": float(sizes.double().mean()), "classes": found, "expected": expected}


def described(blocks: Tensor, labels: Tensor, recipe: Recipe) -> str:
    """What the order by blocks is, and what it costs in shuffling."""
    window, shards = parse_shuffle(recipe.shuffle), len(blocks.unique())
    known = labels >= 0
    facts = classes_of(blocks[known], labels[known], window, recipe.seed)
    said = (
        f"order by blocks: {min(window, shards):,} of {shards:,} shards at a time, about {facts['pictures']:,.0f} pictures with "
        f"{facts['classes']:,.1f} classes ({facts['expected']:,.1f} in an order over all); pictures of one shard stay near each other"
    )
    if facts["classes"] < MIXED * facts["expected"]:
        said += (
            "\nwarning: shards are in the order of their classes, and the network would learn one after the other. "
            "clearsight shards pack mixes them, or say --shuffle all"
        )
    return said
