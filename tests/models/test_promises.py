"""What every network promises, whatever family it is of."""

import pytest
import torch

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.training.optim.loss import classification_losses

NAMES = (
    "pixels",
    "lenet5",
    "convnet",
    "resnet18",
    "resnet50",
    "swift",
    "lecun1989",
    "neocognitron",
    "googlenet",
    "inception_v3",
    "inceptionresnetv2.keras",
    "legacy_xception",
    "nasnetmobile.keras",
    "mobilenet.keras",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "efficientnetb0.keras",
    "densenet121",
    "regnet_x_400mf",
    "vit_s_16",
    "convnext_tiny",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 28, 28), (3, 33, 40)], ids=str)
def test_logits_are_the_head_of_the_features(name, size):
    model = models.build(name, 7, channels=size[0], height=size[1], width=size[2], seed=1).eval()
    x = torch.rand(3, *size, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        features = model.features(x)
        assert features.shape == (3, model.head.in_features)
        assert torch.equal(model(x), model.head(features)) and model(x).shape == (3, 7)
    assert all(model.get_submodule(stage) is not None for stage in model.STAGES)


@pytest.mark.parametrize("name", NAMES)
def test_smallest_input_trains_and_one_less_is_said(name):
    family = next(f for f in models.FAMILIES if name in f.TABLE)
    least = family.SMALLEST
    model = models.build(name, 2, channels=1, height=least, width=least, seed=0).train()
    loss = classification_losses(model(torch.rand(2, 1, least, least)), torch.tensor([0, 1]))[1].mean()
    loss.backward()
    assert loss.isfinite()
    for height, width in ((least - 1, 64), (64, least - 1)):
        with pytest.raises(UsageError, match=rf"{name} needs pictures of at least {least}×{least} px. Got {height}×{width}"):
            models.build(name, 2, channels=1, height=height, width=width)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_weights_and_leaves_the_callers_draws_alone(name):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = (models.build(name, 3, channels=1, height=28, width=28, seed=9).state_dict() for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(first[key], second[key]) for key in first)
    other = models.build(name, 3, channels=1, height=28, width=28, seed=10).state_dict()
    assert name == "pixels" or any(not torch.equal(first[key], other[key]) for key in first)  # pixels starts at zero


def test_dropout_is_the_networks_own_unless_given():
    def rates(**given):
        return [m.p for m in models.build("convnet", 3, height=28, width=28, **given).modules() if isinstance(m, torch.nn.Dropout)]

    assert rates() == [0.25, 0.5] and rates(dropout=0.1) == [0.1, 0.1]
    with pytest.raises(UsageError, match=r"dropout must be at least 0 and below 1. Got 1.0"):
        rates(dropout=1.0)


def test_names_and_classes_that_cannot_be():
    with pytest.raises(UsageError, match=r"no network is called 'resnet19'. Did you mean resnet18"):
        models.build("resnet19", 10)
    with pytest.raises(UsageError, match=r"at least 2 classes. Got 1"):
        models.build("swift", 1)


def test_rows_say_what_they_count(every_row):
    rows = {row.name: row for row in every_row}
    assert (rows["resnet18"].parameters, rows["resnet18"].input_size, rows["resnet18"].classes) == (11_689_512, (3, 224, 224), 1000)
    assert (rows["lenet5"].year, rows["lenet5"].parameters, rows["lenet5"].input_size) == (1998, 61_706, (1, 32, 32))
    assert rows["swift"].recipe == "swift" and rows["pixels"].family == "pixels"
