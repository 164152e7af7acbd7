"""A sample of the data: enough for every check, few enough to be decoded in seconds."""

import dataclasses

from ...base.randomness import permutation
from ...datasets.dataset import Dataset, Parts

STEPPED, SOLVED = 2048, 256  # training pictures where steps are tried, and where only features are computed
VALIDATION = 128


def sample(splits: Parts, size: int, seed: int) -> Parts:
    """The splits with `size` pictures of each training part and 128 of validation, drawn by `seed`; arrays stay whole."""
    parts = {name: _drawn(part, VALIDATION if name == "val" else size, seed) for name, part in splits.parts.items()}
    return dataclasses.replace(splits, parts=parts)


def _drawn(part: Dataset, size: int, seed: int) -> Dataset:
    if (part.pictures is not None and size > SOLVED) or len(part) <= size:
        return part
    return part.subset(permutation(seed, -8, len(part))[:size].sort().values.numpy())
