"""The formula of a network that exists: of the registry's, of torch's, and of which there is none."""

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.models.formula import parse
from clearsight.models.sequential import formula
from tests.models.formulas import ALEXNET, ALEXNET_2012, ALEXNET_LECTURE, VGG16


def torch_alexnet() -> nn.Sequential:
    features = [
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.AdaptiveAvgPool2d(6), nn.Flatten(),
    ]  # fmt: skip
    hidden = [nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*features, *hidden)


# networks of the registry, or as torch has them, that print as these formulas
REGISTRY = {
    "alexnet": ALEXNET, "alexnet-lecture": ALEXNET_LECTURE.replace(" (dropout", " avgpool=6x6 (dropout"),
    "alexnet-2012": ALEXNET_2012.replace(" (dropout", " avgpool=6x6 (dropout"), "vgg16": VGG16.removesuffix(" vgg"),
    "pixels": "softmax", "convnet": "conv32-3x3 relu conv64-3x3 pool relu dropout0.25 fc128 relu dropout softmax",
    "lenet5": "conv6-5x5 relu pool conv16-5x5 relu pool fc120 relu fc84 relu softmax",
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), REGISTRY.items(), ids=REGISTRY)
def test_networks_of_the_registry_print_as_their_formulas(name, text):
    with torch.device("meta"):
        model = models.build(name, 1000, height=224, width=224)
        said = formula(model)
        assert said == str(parse(text))
        shapes = [[tuple(p.shape) for p in one.parameters()] for one in (model, models.build(said, 1000, height=224, width=224))]
    assert shapes[0] == shapes[1]


def test_torchvisions_alexnet_prints_as_its_formula():
    with torch.device("meta"):
        assert formula(torch_alexnet()) == str(parse(ALEXNET))


def test_padding_by_a_function_is_the_convolutions():
    assert formula(models.build("lenet5", 10, channels=1, height=28, width=28)).startswith("conv6-5x5p2 relu pool conv16-5x5 relu")


# a formula in its shortest form, and the network of torch it stands for
PRINTED = {
    "conv8-5x5/2p2 bn relu (conv8-nobias bn-eps0.001-momentum0.01 relu6)*2 globalpool softmax": lambda: nn.Sequential(
        *(nn.Conv2d(3, 8, 5, 2, 2), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.Conv2d(8, 8, 3, padding="same", bias=False), nn.BatchNorm2d(8, 1e-3, 0.01), nn.ReLU6(True)),
        nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(8, 8, 3, bias=False), nn.BatchNorm2d(8, 1e-3, 0.01), nn.Identity(), nn.ReLU6()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.0), nn.Linear(8, 4)),
    ),
    "conv4-3x3 lrn3a0.0003 pool3x3/2p1-ceil avgpool globalmaxpool elu leakyrelu0.3 fc3 tanh softmax-nobias": lambda: nn.Sequential(
        *(nn.Conv2d(3, 4, 3), nn.LocalResponseNorm(3, 9e-4, k=2), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(2)),
        *(nn.AdaptiveMaxPool2d((1, 1)), nn.Flatten(), nn.ELU(), nn.LeakyReLU(0.3), nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2, bias=False)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", PRINTED)
def test_a_sequential_network_prints_as_its_formula(text):
    model = PRINTED[text]().eval()
    said = formula(model)
    assert said.replace("globalpool dropout0", "globalpool") == text
    again = models.build(said, model[-1].out_features, height=19, width=19).eval()
    again.load_state_dict(dict(zip(again.state_dict(), model.state_dict().values(), strict=True)))
    x = torch.rand(2, 3, 19, 19)
    with torch.no_grad():
        torch.testing.assert_close(again(x), model(x))


class Branch(nn.Module):
    def forward(self, x):
        return x + torch.relu(x)


class Loop(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (models.build("resnet18", 10, height=32, width=32), "feeds more than one"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), Branch()), "feeds more than one"),
        (Loop(), "cannot be followed layer by layer"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding_mode="reflect")), r"no word says what 0 \(Conv2d\) does"),
        (nn.Sequential(nn.PixelShuffle(2)), "PixelShuffle"),
        (nn.Sequential(nn.ZeroPad2d(1), nn.MaxPool2d(2)), "padding of convolutions only"),
        (nn.Sequential(nn.GELU("tanh")), "GELU"),
    ],
)
def test_what_has_no_formula_is_named(model, says):
    with pytest.raises(UsageError, match=says):
        formula(model)
