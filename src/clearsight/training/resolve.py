"""Resolve a recipe: every `auto` (network, size, channels, augmentation, …) is set by the pretrained network or the images."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from .. import models, weights
from ..base.errors import UnreadableImage, UsageError
from ..base.randomness import permutation
from ..base.text.words import parse_bands, parse_range, range_words
from ..classifier import Classifier
from ..datasets.dataset import Dataset
from ..datasets.loader import Pictures
from ..datasets.survey import Survey, several_words, survey
from ..images.decode import picture_facts
from ..images.preprocess import Preprocessing
from ..models.readout import parted
from ..recipes.compose import compose
from ..recipes.recipe import Pretraining, Recipe
from .transfer import freezing
from .transfer.pretrained import Start

SMALL = 64  # up to this side, in px, pictures are used at their own size
PHOTOGRAPH_SIZE = 128  # else this one: a quarter of the arithmetic of 224, for a few points of accuracy
MIN_SIZE = 28  # px; smaller inputs vanish in the pooling of the convolutional networks
MIN_STEPS = 200
SAMPLE_SIZE = 256
STATISTICS_FROM = 4096
FEW_LABELS = 10  # of a class, up to which larger inputs and mirror images pay: they take 3.3 times as long
LARGER, MULTIPLE = 9 / 7, 32  # of the side that a network was trained at, rounded to a multiple
STATISTICS_PIXELS = 2**24


def resolve(
    recipe: Recipe,
    given: Mapping[str, Any],
    data: Dataset,
    start: Start | None = None,
    small: str = "swift",
    found: Survey | None = None,
) -> Recipe:
    """The recipe of a run: every `auto` of `recipe`, which is composed of `given`, set by the pretrained network, else by the images.

    Without a recipe named, small sets get more epochs; without a network, small images get `small`. `found` is the survey of `data`.
    """
    short, found = side(data), found or survey(data, parse_bands(recipe.bands))
    model = start.architecture if start else recipe.model
    if model == "auto":
        model = small if (recipe.size or short) <= SMALL else "resnet18"
    if by_size(recipe, given):
        given = freezing.settings(len(data), given, photographs=(recipe.size or short) > SMALL)
    recipe = compose({**given, "model": model}, default=_recipe(model), kind=type(recipe))
    recipe = dataclasses.replace(recipe, model=_solvable(recipe))
    known = start.preprocessing if start else None
    size = recipe.size or (_start_size(recipe, start, data) if start else _size(short, model))
    fit = recipe.fit if recipe.fit != "auto" else known.fit if known else "crop"
    solved = recipe.optimizer == "lbfgs"
    augment = ("" if solved else _augmentation(size, data.classes, model)) if recipe.augment == "auto" else recipe.augment
    epochs = recipe.epochs if solved or "epochs" in given or "recipe" in given else max(recipe.epochs, _epochs(len(data), recipe))
    views = recipe.views if recipe.views != "auto" else _views(recipe, augment, data, start)
    channels = recipe.channels or len(parse_bands(recipe.bands)) or found.most
    levels = parse_range(recipe.range) or (known.levels if known else ()) or found.levels
    keep = recipe.keep if recipe.keep != "auto" else "last" if recipe.labels else "best"
    if keep == "last" and ((recipe.patience and not solved) or recipe.schedule == "plateau"):
        why = "--keep last" if recipe.keep == "last" else "--labels"
        raise UsageError(
            f"--patience and --schedule plateau go by validation, which decides nothing with {why}: leave them out, or say --keep best."
        )
    settled: dict[str, Any] = {
        "size": size,
        "fit": fit,
        "channels": channels,
        "range": range_words(levels),
        "augment": augment,
        "epochs": epochs,
        "views": views,
        "keep": keep,
    }
    return _tuned(dataclasses.replace(recipe, **settled), start, data.classes)


def told(recipe: Recipe, found: Survey) -> list[str]:
    """How surveyed pictures are read by a resolved recipe, one line each: the range of values beyond 8 bits, first pages, bands."""
    n = recipe.channels
    lines = [found.words(parse_range(recipe.range))] if recipe.range and found.deep else []
    lines += [several_words(found.several)] if found.several else []
    if n not in (1, 3):
        lines.append(f"{n} channels: {f'the bands {recipe.bands}' if recipe.bands else 'all bands'} of each picture are read")
    return lines


def side(data: Dataset) -> int:
    """The median short side in px of up to 256 pictures spread over the data."""
    if data.pictures is not None:
        return int(min(data.pictures.shape[1:3]))
    sides = []
    for i in np.linspace(0, len(data) - 1, min(len(data), SAMPLE_SIZE)).astype(int):
        try:
            facts = picture_facts(data.source(int(i)))
        except UnreadableImage:
            continue  # loading names every one of them
        sides.append(min(facts.width, facts.height))
    return int(np.median(sides)) if sides else PHOTOGRAPH_SIZE


def _views(recipe: Recipe, augment: str, data: Dataset, start: Start | None = None) -> str:
    """Views to answer over: several of a picture where a head has few labels, and mirror images where training flips."""
    if not recipe.readout:
        return "mirror" if "flip" in augment.split() else ""
    if characters(data.classes) or not _few(data):
        return ""
    return "mirror" if start and not recipe.size and _start_size(recipe, start, data) > start.side else "ten-crop"


def _few(data: Dataset) -> bool:
    return len(data) <= FEW_LABELS * len(data.classes)


def _start_size(recipe: Recipe, start: Start, data: Dataset) -> int:
    """The side that the weights of `start` were trained at, in px; a larger one for a new head of few labels.

    Random crops show a network in training larger objects than it is asked of at the same side (H. Touvron and others, Fixing the
    train-test resolution discrepancy, 2019).
    """
    larger = MULTIPLE * round(LARGER * start.side / MULTIPLE)
    wanted = recipe.readout and _few(data) and start.side > SMALL and weights.is_origin(start.origin)
    return larger if wanted and start.fits(larger) else start.side


def designed(data: Dataset) -> Classifier:
    """HOG at the size of the pictures of `data`: features that no label has had a part in; its head is empty."""
    given = {"model": "hog"}
    recipe = resolve(compose(given), given, data)
    model = models.build("hog", len(data.classes), channels=recipe.channels, height=recipe.size, width=recipe.size)
    return Classifier(model, geometry(recipe), data.classes, architecture="hog")


def _tuned(recipe: Recipe, start: Start | None, classes: tuple[str, ...]) -> Recipe:
    """The recipe with the settings of fine-tuning resolved: with other classes than the trained head's its head is a new one."""
    batchnorm = recipe.batchnorm if recipe.batchnorm != "auto" else "frozen" if recipe.tune else "train"
    # a head that is fitted to its optimum does not depend on its initial weights
    solved = recipe.optimizer == "lbfgs" or recipe.tune == "head-then-all"
    others = start is not None and (solved or start.pretrained or (bool(recipe.tune) and sorted(start.classes) != sorted(classes)))
    return dataclasses.replace(recipe, batchnorm=batchnorm, resize_head=recipe.resize_head or others)


def _solvable(recipe: Recipe) -> str:
    """The network of a recipe; where its head is solved as a linear one, and the network's is not, the network with a linear head."""
    solved = recipe.optimizer == "lbfgs" or recipe.tune == "head-then-all" or isinstance(recipe, Pretraining)
    stays = not solved or recipe.model.startswith("timm:") or parted(recipe.model)[1]
    return recipe.model if stays or getattr(models.family(recipe.model), "LINEAR", True) else f"{recipe.model}+plain"


def by_size(recipe: Recipe, given: Mapping[str, Any]) -> bool:
    """Whether the size of the training set chooses how the network is tuned."""
    return recipe.tune not in ("", "head") and given.get("recipe", "auto") == "auto"


def _recipe(model: str) -> str:
    """The recipe that a network is trained by unless another is named."""
    store = model.partition(":")[0]
    if store != "timm" and store in weights.STORES:
        raise UsageError(f"{model} is trained weights, not a network to begin with: --from {model}.")
    recipe: str = "quick" if store == "timm" else models.family(model).RECIPE
    return recipe


def by_hand(model: str) -> bool:
    """Whether the features of `model` are designed, not learnt."""
    return not model.startswith("timm:") and models.family(model) in models.HANDMADE


def normalised(model: str) -> bool:
    """Whether inputs of `model` are brought to mean 0 and deviation 1: else they are brightness from 0 to 1."""
    return model.startswith("timm:") or getattr(models.family(model), "NORMALISED", True)


def _epochs(pictures: int, recipe: Recipe) -> int:
    """The epochs in which `pictures` make enough steps: a small set is passed over more often, by the cheapest network most."""
    least = MIN_STEPS * (10 if by_hand(recipe.model) else 1)
    return math.ceil(least / math.ceil(pictures / recipe.batch))


def _size(side: int, model: str) -> int:
    if side > SMALL:
        return PHOTOGRAPH_SIZE
    return side if by_hand(model) else max(side, MIN_SIZE)


def _augmentation(size: int, classes: tuple[str, ...], model: str) -> str:
    """Labels that are characters are not flipped; small pictures are shifted, photographs cropped at random."""
    if by_hand(model):
        return ""
    shift = f"crop:{max(1, round(size / 28))}"
    if characters(classes):
        return shift
    return f"flip {shift}" if size <= SMALL else "rrc:0.35 flip"


def characters(classes: tuple[str, ...]) -> bool:
    """Whether the classes are letters or numbers, which turn into others when they are mirrored."""
    return all(len(label.strip()) == 1 or label.strip().isdigit() for label in classes)


def geometry(recipe: Recipe) -> Preprocessing:
    """The preprocessing of a settled recipe, its colour statistics still open."""
    return Preprocessing(
        channels=recipe.channels,
        height=recipe.size,
        width=recipe.size,
        fit=recipe.fit,
        mean=(0.0,) * recipe.channels,
        std=(1.0,) * recipe.channels,
        levels=parse_range(recipe.range),
        bands=parse_bands(recipe.bands),
    )


def with_statistics(preprocessing: Preprocessing, pictures: Pictures, seed: int) -> Preprocessing:
    """The same with mean and standard deviation, per channel in units of [0, 1], of some training pictures.

    They are 4,096, or fewer large ones: as many as have 16 million pixels, and at least 256.
    """
    most = min(STATISTICS_FROM, max(SAMPLE_SIZE, STATISTICS_PIXELS // (preprocessing.height * preprocessing.width)))
    pixels, total, squares = 0, torch.zeros(preprocessing.channels, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    chosen = permutation(seed, -1, len(pictures))[:most].sort().values  # in their order, as shards in a store are read shard by shard
    for some in chosen.split(64):
        levels = pictures.batch(some).transpose(0, 1).flatten(1).double()  # (C, pixels): whole numbers, so their sums are exact
        pixels, total, squares = pixels + levels.shape[1], total + levels.sum(1), squares + levels.square().sum(1)
    mean = total / pixels / 255
    std = ((squares - total.square() / pixels) / (pixels - 1)).sqrt().div(255).clamp_min(1 / 255)
    return dataclasses.replace(preprocessing, mean=tuple(round(x, 6) for x in mean.tolist()), std=tuple(round(x, 6) for x in std.tolist()))
