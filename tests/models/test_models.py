"""All networks at once: one contract for every name in the tables, and the edges between their shapes."""

import copy
import re

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.training.optim.loss import classification_losses
from tests.pictures import digit_arrays

NAMES = [name for family in models.FAMILIES for name in family.TABLE]


def on_paper(name: str, classes: int, channels: int, height: int, width: int) -> models.Model:
    with torch.device("meta"):
        return models.build(name, classes, channels=channels, height=height, width=width)


def test_a_name_is_in_one_table():
    assert len(set(NAMES)) == len(NAMES) > 30


ONLY_LONGER = re.compile(r".*resnet.*(34|101|152)|vgg1[139]|regnet_._(?!400)|vit_[lh]|vit_b_16")


@pytest.mark.parametrize("name", [name for name in NAMES if not ONLY_LONGER.match(name)])
@pytest.mark.parametrize("channels", [1, 3])
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


@pytest.mark.parametrize("name", [name for name in NAMES if not ONLY_LONGER.match(name)])
@pytest.mark.parametrize("size", ["least", (65, 65), (66, 67), (71, 300)], ids=str)
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


@pytest.mark.parametrize(("size", "small"), [((64, 64), True), ((65, 64), False), ((64, 65), False), ((8, 64), True), ((8, 224), False)])
def test_the_small_stem_ends_at_64_px(size, small):
    model = on_paper("resnet18", 10, 3, *size)
    assert model.conv1.kernel_size == ((3, 3) if small else (7, 7)) and model.conv1.stride == ((1, 1) if small else (2, 2))
    assert isinstance(model.maxpool, nn.Identity if small else nn.MaxPool2d)
    assert model(torch.zeros(2, 3, *size, device="meta")).shape == (2, 10)


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        ((28, 28), (32, 32)),
        ((31, 28), (33, 32)),  # as much on both sides: an odd side gets one more than it needs
        ((32, 33), (32, 33)),
        ((1, 32), (33, 32)),
        ((40, 29), (40, 33)),
        ((96, 96), (96, 96)),
    ],
    ids=str,
)
def test_lenet_pads_to_32_and_no_further(size, padded):
    model = on_paper("lenet5", 10, 1, *size)
    assert tuple(n + 2 * p for n, p in zip(size, reversed(model.pad), strict=True)) == padded
    assert model(torch.zeros(2, 1, *size, device="meta")).shape == (2, 10)


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


def test_the_convnet_pools_before_relu_without_changing_a_value():
    model = models.build("convnet", 5, channels=1, height=12, width=12, seed=0).eval()
    x = torch.randn(3, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        y = model.pool(torch.relu(model.conv2(torch.relu(model.conv1(x)))))  # the order of the Keras example
        assert torch.equal(model.features(x), torch.relu(model.fc1(y.flatten(1))))


def test_pixels_start_undecided():
    model = models.build("pixels", 4, channels=1, height=8, width=8)
    assert torch.equal(model(torch.rand(2, 1, 8, 8)).softmax(1), torch.full((2, 4), 0.25))


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_swift_whitens_enlarged_digits(mode):
    """Responses are uncorrelated; a direction with mean square λ comes out with λ/(λ + 0.0005), 1 where there is any signal."""
    arrays, _ = digit_arrays(per_class=20)
    x = torch.as_tensor(arrays).float().reshape(-1, 1, 8, 8)
    x = nn.functional.interpolate((x - x.mean()) / x.std(), size=28, mode=mode)
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    model.initialise(x)
    with torch.no_grad():
        y = model.whiten(x)[:, :8].transpose(0, 1).flatten(1).double()
    found = y @ y.T / y.shape[1]
    patches = nn.functional.unfold(x, 3).transpose(0, 1).flatten(1).double()
    strength = torch.linalg.eigvalsh(patches @ patches.T / patches.shape[1]).flip(0)[:8]
    torch.testing.assert_close(found, torch.diag(strength / (strength + 5e-4)), atol=2e-3, rtol=0)
    assert found.diagonal()[strength > 0.02].min() > 0.97
    assert torch.equal(model.whiten.weight[8:], -model.whiten.weight[:8])


def test_swift_whitens_the_same_from_parts_and_whole():
    x = torch.randn(600, 1, 10, 10, generator=torch.Generator().manual_seed(0))  # three parts of 256
    model = models.build("swift", 10, channels=1, height=10, width=10, seed=0)
    model.initialise(x)
    patches = nn.functional.unfold(x, 3).transpose(1, 2).reshape(-1, 9).double()
    kernels = model.whiten.weight[:8].flatten(1).double()
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    strongest = vectors[:, 1:] / (values[1:] + 5e-4) @ vectors[:, 1:].T
    torch.testing.assert_close(kernels.T @ kernels, strongest, atol=1e-5, rtol=0)
    assert not model.whiten.weight.requires_grad


def test_networks_without_data_in_their_weights_ignore_initialise():
    model = models.build("lenet5", 3, channels=1, height=28, width=28, seed=0)
    before = copy.deepcopy(model.state_dict())
    model.initialise(torch.rand(4, 1, 28, 28))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
