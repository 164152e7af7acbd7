"""All networks at once: one contract for every name in the tables, and the edges between their shapes."""

import copy
import re

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.compute.device import shapes_only
from clearsight.base.errors import UsageError
from clearsight.training.optim.loss import classification_losses

NAMES = [name for family in models.FAMILIES for name in family.TABLE]


def on_paper(name: str, classes: int, channels: int, height: int, width: int) -> models.Model:
    with shapes_only():
        return models.build(name, classes, channels=channels, height=height, width=width)


def test_a_name_is_in_one_table():
    assert len(set(NAMES)) == len(NAMES) > 30


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("VGG16", "vgg16"), ("ResNet-50", "resnet50"), ("Wide_ResNet50_2", "wide_resnet50_2"), ("lenet-5", "lenet5"), ("HOG", "hog"),
        ("ResNet18+unit", "resnet18+unit"), ("regnet_x_16gf", "regnet_x_16gf"), ("RegNet-X-16GF", "RegNet-X-16GF"), ("auto", "auto"),
        ("conv8-3x3 relu fc10 softmax", "conv8-3x3 relu fc10 softmax"), ("@my.nets:VGG16", "@my.nets:VGG16"), ("swfit", "swfit"),
    ],
)  # fmt: skip
def test_a_network_is_known_in_other_letters(typed, name):
    """16gf and 1_6gf are two networks in the same letters, so that neither is chosen."""
    assert models.canonical(typed) == name


def test_every_name_is_its_own():
    assert [models.canonical(name) for name in models.names()] == models.names()


def test_a_network_is_built_in_other_letters():
    assert models.row("LeNet-5") == models.row("lenet5") and models.row("LeNet-5").name == "lenet5"
    assert models.published("VGG16") == models.published("vgg16")


ONLY_LONGER = re.compile(r".*resnet.*(34|101|152)|vgg1[139]|regnet_._(?!400)|vit_[lh]|vit_b_16")
LARGER = re.compile(r"(tf_)?efficientnet_?b[1-7]|efficientnet_lite[1-4]|densenet(161|169|201)|nasnetlarge|resnext101")  # of the same layers
SHORT = [name for name in NAMES if not ONLY_LONGER.match(name) and not LARGER.match(name)]


def slow_unless(usual: bool) -> tuple:
    return () if usual else (pytest.mark.slow,)


@pytest.mark.parametrize("name", [pytest.param(name, marks=slow_unless(name in SHORT)) for name in NAMES if not ONLY_LONGER.match(name)])
@pytest.mark.parametrize("channels", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_every_network_keeps_the_contract(name, channels):
    model = on_paper(name, 7, channels, 48, 40)
    x = torch.zeros(2, channels, 48, 40, device="meta")
    features = model.features(x)
    assert isinstance(model.head, nn.Linear) and model.head is model.get_submodule(model.HEAD)
    assert features.shape == (2, model.head.in_features) and model.eval()(x).shape == (2, 7)
    assert len(set(model.STAGES)) == len(model.STAGES) and set(model.STAGES) <= dict(model.named_modules()).keys()
    assert list(model.state_dict())[-1].startswith(model.HEAD)  # nothing comes after the head
    assert all(any(key.endswith(ending) for key, _ in model.named_parameters()) for ending in model.LR_SCALES)


SMALLER = (
    "lecun1989",
    "neocognitron",
    "squeezenet1_1",
    "googlenet",
    "regnet_y_400mf",
    "vit_s_16",
)  # one of a family, where it takes no second


FIRSTS = {next(iter(family.TABLE)) for family in models.FAMILIES}
STEMS = [(name, size) for size in ("least", (65, 65), (66, 67), (71, 300)) for name in NAMES if not ONLY_LONGER.match(name)]
# every network but the longer ones at its least size, the first of a family at all of them
USUAL = [name in FIRSTS or (size == "least" and name in SHORT) for name, size in STEMS]


@pytest.mark.parametrize(
    ("name", "size"),
    [pytest.param(*case, marks=slow_unless(usual)) for case, usual in zip(STEMS, USUAL, strict=True)],
    ids=str,
)
def test_no_size_falls_between_the_stems(name, size):
    height, width = (models.family(name).SMALLEST, 100) if size == "least" else size
    assert on_paper(name, 3, 1, height, width).eval()(torch.zeros(1, 1, height, width, device="meta")).shape == (1, 3)


@pytest.mark.parametrize("name", ["pixels", "lenet5", "convnet", "swift", "resnet18", *SMALLER])
def test_a_picture_is_judged_alone(name):
    """In evaluation the other pictures of a batch, and a copy of the network, change nothing; nor does looking change the input."""
    model = models.build(name, 5, channels=1, height=28, width=28, seed=0).eval()
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)) - 0.5
    kept, state = x.clone(), copy.deepcopy(model.state_dict())
    with torch.no_grad():
        together, alone = model(x), torch.cat([copy.deepcopy(model)(row[None]) for row in x])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
    assert torch.equal(x, kept)
    assert all(torch.equal(state[key], value) for key, value in model.state_dict().items())


@pytest.mark.parametrize("name", ["lenet5", "convnet", "swift", "resnet18", "lecun1989", "squeezenet1_1", "googlenet", "regnet_y_400mf"])
def test_the_gradient_reaches_everything_that_learns(name):
    model = models.build(name, 5, channels=3, height=28, width=28, seed=0).train()
    x = torch.randn(8, 3, 28, 28, generator=torch.Generator().manual_seed(1), requires_grad=True)
    if name == "swift":
        model.initialise(x.detach())
    classification_losses(model(x), torch.arange(8) % 5)[1].sum().backward()
    for key, p in model.named_parameters():
        assert p.grad is not None and p.grad.abs().sum() > 0 if p.requires_grad else p.grad is None, key
    assert x.grad is not None and x.grad.isfinite().all() and x.grad.abs().sum() > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(0, 0), (-1, 64), (64, 0)])
def test_no_network_takes_pictures_without_pixels(name, size):
    with pytest.raises(UsageError, match=rf"{name} needs pictures of at least \d+×\d+ px. Got {size[0]}×{size[1]}: say --size"):
        models.build(name, 10, height=size[0], width=size[1])


@pytest.mark.parametrize("classes", [1, 0, -3])
def test_fewer_than_two_classes(classes):
    with pytest.raises(UsageError, match=f"at least 2 classes. Got {classes}"):
        models.build("pixels", classes, height=8, width=8)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 2.0, float("nan")])
def test_a_dropout_that_is_no_probability(dropout):
    with pytest.raises(UsageError, match="dropout must be at least 0 and below 1"):
        models.build("convnet", 10, height=28, width=28, dropout=dropout)


def test_without_a_seed_the_callers_generator_decides():
    torch.manual_seed(4)
    first = models.build("lenet5", 3, channels=1, height=28, width=28).head.weight
    second = models.build("lenet5", 3, channels=1, height=28, width=28).head.weight
    torch.manual_seed(4)
    assert torch.equal(first, models.build("lenet5", 3, channels=1, height=28, width=28).head.weight)
    assert not torch.equal(first, second)
