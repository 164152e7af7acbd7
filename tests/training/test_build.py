"""What a training is built of: class weights, data that are too few, the objective that a recipe names."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from clearsight.base.compute.distributed import ProcessGroup
from clearsight.base.errors import UsageError
from clearsight.datasets.loader import Held
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.compose import compose
from clearsight.recipes.recipe import Recipe
from clearsight.training import build as build_module
from clearsight.training.build import Loaded, build, class_weights, initialise, load, within_budget
from clearsight.training.compute.training_model import parse
from clearsight.training.objectives.adversarial import Adversarial
from clearsight.training.objectives.fixmatch import FixMatch
from clearsight.training.objectives.supervised import Mixing, Supervised
from clearsight.training.resolve import resolve
from tests.pictures import digit_arrays
from tests.training.objectives.made import made_of


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((1, 4), (2.5, 0.625)), ((5, 5), (1, 1)), ((6, 3, 1), (10 / 18, 10 / 9, 10 / 3))],
)
def test_balanced_weights_are_n_by_classes_times_their_count(counts, expected):
    labels = np.repeat(np.arange(len(counts)), counts)
    part = open_dataset((np.zeros((len(labels), 2, 2), np.uint8), labels)).parts["all"]
    found = class_weights(compose({"class_weights": "balanced"}), part)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    assert found[torch.from_numpy(labels)].mean() == pytest.approx(1)  # the loss keeps its scale
    assert class_weights(compose({}), part).tolist() == [1.0] * len(counts)


def test_a_class_without_a_picture_takes_no_weight_from_the_others():
    part = open_dataset((np.zeros((8, 2, 2), np.uint8), np.array([0, 0, 1, 2, 2, 2, 2, 2]))).parts["all"]
    found = class_weights(compose({"class_weights": "balanced"}), part.subset(np.flatnonzero(part.labels != 1)))
    np.testing.assert_allclose(found[[0, 2]].numpy(), (7 / 4, 7 / 10), rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, Supervised),
        ({"mix": "mixup"}, Mixing),
        ({"perturb": "fgsm:0.1"}, Adversarial),
        ({"labels": "3", "unlabelled": "fixmatch", "strong": "rand:2"}, FixMatch),
    ],
)
def test_the_recipe_names_the_objective(settings, kind):
    assert type(made_of(**settings)[1]) is kind


def test_the_network_is_the_recipes_from_its_seed():
    first, same, other = (made_of(seed=seed, model="convnet", dropout=0.4)[0].state.model for seed in (3, 3, 4))
    values = [torch.cat([p.flatten() for p in model.parameters()]) for model in (first, same, other)]
    assert torch.equal(values[0], values[1]) and not torch.equal(values[0], values[2])
    assert {m.p for m in first.modules() if isinstance(m, torch.nn.Dropout)} == {0.4}


def test_a_network_looks_at_training_pictures_first():
    context, _ = made_of(model="swift-slim")
    before = context.state.model.whiten.weight.clone()
    initialise(context)
    assert not torch.equal(context.state.model.whiten.weight, before)


def test_a_budget_cuts_epochs_and_never_to_none():
    context, objective = made_of(epochs=500, minutes=1e-6)
    assert within_budget(context, objective).epochs == 1
    context, objective = made_of(epochs=3)
    assert within_budget(context, objective) is context.recipe


def test_too_few_pictures_for_the_processes():
    context, _ = made_of()
    data = Loaded(context.splits, context.train, context.val, context.preprocessing)
    with pytest.raises(UsageError, match=f"at least 1000 pictures here. The training part has {len(context.train)}"):
        build(context.recipe, data, ProcessGroup(0, 500), True, print)


@pytest.mark.parametrize(("augment", "stored"), [("rrc:0.35 flip", 32), ("flip crop:2", 28)])
def test_pictures_are_stored_larger_for_random_crops_only(augment, stored):
    splits = split(open_dataset(digit_arrays(4)))
    recipe = compose({"model": "lenet5", "augment": augment, "size": 28})
    recipe = resolve(recipe, {"model": "lenet5", "augment": augment, "size": 28}, splits.parts["train"])
    loaded = load(recipe, splits, None, True)
    assert loaded.train.batch(loaded.train.labels[:1] * 0).shape[-2:] == (stored, stored)
    assert loaded.val.batch(loaded.val.labels[:1] * 0).shape[-2:] == (28, 28)


@pytest.mark.parametrize("words", ["plain", "bf16", "channels-last", "compile", "fp16", "bf16 channels-last compile"])
@pytest.mark.parametrize("main", [True, False])
def test_the_first_process_chooses_the_speed_of_all(monkeypatch, words, main):
    """Sent as a number; the others look at nothing."""
    chosen, sent = parse(words), []
    monkeypatch.setattr(build_module.acceleration, "asked", lambda *_: (chosen, ""))

    def broadcast(number):
        sent.append(number)
        return (
            number if main else sum(1 << k for k, on in enumerate((chosen.bf16, chosen.channels_last, chosen.compile, chosen.fp16)) if on)
        )

    data = SimpleNamespace(train=Held([torch.zeros(6, 4, 4, 1, dtype=torch.uint8)], torch.zeros(6)), preprocessing=Preprocessing(1, 4, 4))
    group = SimpleNamespace(is_main=main, broadcast=broadcast, world=1 if main else 2)
    found = build_module._choose_speed(Recipe(speed="plain"), None, data, torch.device("cpu"), group, lambda line: None)
    assert found == chosen and (main or sent == [0])


def test_labels_beyond_those_that_may_be_known_are_hidden():
    labels = torch.arange(5)
    assert build_module._hidden(labels, 3).tolist() == [0, 1, 2, -1, -1] and labels.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("words", "device", "refused"), [("fp16", "cpu", True), ("bf16", "cpu", False), ("fp16", "cuda", False)])
def test_float16_needs_a_gpu(words, device, refused):
    with pytest.raises(UsageError, match="needs a GPU") if refused else nullcontext():
        build_module._require_gpu(parse(words), torch.device(device))
