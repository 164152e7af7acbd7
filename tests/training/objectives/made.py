"""Contexts and objectives of small trainings, as `train` makes them."""

import torch

from clearsight.augment import pipeline
from clearsight.base.compute.distributed import ProcessGroup
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split, with_labels
from clearsight.recipes.compose import compose
from clearsight.runs.splits import training_images
from clearsight.training import resolve
from clearsight.training.build import build, build_objective
from clearsight.training.build import load as load_data
from clearsight.training.transfer.pretrained import read
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=24)
SETTINGS = {"model": "lenet5", "size": 28, "epochs": 2, "batch": 64, "speed": "plain", "seed": 3, "augment": "crop:1", "quiet": True}


def made_of(**settings):
    given = {**SETTINGS, **settings}
    given.pop("quiet")
    parts = split(open_dataset(DATA), seed=3, val=given.get("val", 0.1))
    parts = with_labels(parts, given["labels"], 3) if "labels" in given else parts
    recipe = resolve.resolve(compose(given), given, training_images(compose(given), parts))
    context = build(recipe, load_data(recipe, parts, None, True), ProcessGroup(), True, lambda line: None)
    return context, build_objective(context, read(recipe, ProcessGroup()))


def views(context, words, pictures, places, seed):
    return torch.cat(
        [
            pipeline.inputs(pipeline.parse(words), picture[None], place[None], seed, 0, context.preprocessing)
            for picture, place in zip(pictures, places, strict=True)
        ]
    )


FIXMATCH = {"labels": "3", "unlabelled": "fixmatch:0.5", "strong": "rand:2 erase:0.2", "lr": 1e-3, "ema": 0.9}


def kinds(teacher, begun):
    return {
        "fixmatch": {**SETTINGS, **FIXMATCH},
        "teacher": {**SETTINGS, "labels": "3", "teacher": str(teacher)},
        "spread": {
            **SETTINGS,
            "labels": "3",
            "teacher": str(teacher),
            "from_": str(begun),
            "resize_head": True,
            "spread": 5,
            "align": True,
        },
        "few": {**SETTINGS, "labels": "3"},
        "solved": {"model": "pixels", "recipe": "solved", "labels": "3", "size": 28, "seed": 3, "quiet": True},
    }
