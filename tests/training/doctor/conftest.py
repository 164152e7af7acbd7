"""A small training that is put together and not begun: digits of three classes that differ in brightness and place."""

import numpy as np
import pytest
import torch

from clearsight.base.compute.distributed import ProcessGroup
from clearsight.datasets.open import open_dataset
from clearsight.recipes.compose import compose
from clearsight.runs.splits import in_splits, training_images
from clearsight.training.build import build, build_objective, initialise, load
from clearsight.training.resolve import resolve

SMALL = {"augment": "", "views": "", "speed": "plain", "batch": 32, "epochs": 2}


def pictures(n: int = 120, side: int = 12, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Grey pictures with a bright bar whose place is the class."""
    draw, labels = np.random.default_rng(seed), np.arange(n) % classes
    made = draw.integers(0, 120, (n, side, side), dtype=np.uint8)
    for picture, label in zip(made, labels, strict=True):
        picture[label * 4 : label * 4 + 3] += 130
    return made, labels


@pytest.fixture
def put_together():
    """`put_together(data=..., **settings)`: context, objective and splits of a training with its initial weights."""

    def made(data=None, **settings):
        given = {**SMALL, "model": "lenet5", **settings}
        first = compose(given)
        splits = in_splits(open_dataset(data or pictures()), first)
        recipe = resolve(first, given, training_images(first, splits))
        loaded = load(recipe, splits, None, True)
        with torch.random.fork_rng():
            context = build(recipe, loaded, ProcessGroup(), True, lambda line: None)
            objective = build_objective(context, None)
            initialise(context)
        return context, objective, splits

    return made
