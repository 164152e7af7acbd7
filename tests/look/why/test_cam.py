"""Class activation maps by hand, on real networks, and equal to grad-cam."""

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.look.why import METHODS
from clearsight.look.why.cam import last_maps
from tests.look.why.small import FIRST, MAP, PIXELS, Small, big

from ...models.peers import peer


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("grad-cam", (1 - 0.5) * MAP),  # mean gradients: 1, and (1 − 1 − 1 − 1) / 4
        ("x-grad-cam", (1 + (45 - 54 - 81 - 90) / 270) * MAP),
        ("hires-cam", torch.tensor([[90.0, 0.0], [0.0, 0.0]])),
        ("layer-cam", torch.tensor([[90.0, 54.0], [81.0, 90.0]])),
        # g² / (2g² + Σ A · g³), by sign of the gradient; only positive ones are summed
        ("grad-cam++", (4 / (2 + 270) + 1 / (2 + 270)) * MAP),
    ],
)
@pytest.mark.parametrize("inplace", [False, True])
def test_a_map_by_hand(name, wanted, inplace):
    found = METHODS[name].heat(Small(inplace=inplace), PIXELS, FIRST, "conv")
    torch.testing.assert_close(found[0], big(wanted))


def test_what_speaks_against_the_class_is_not_shown():
    assert not METHODS["grad-cam"].heat(Small(), PIXELS, torch.tensor([1]), "conv").any()


@pytest.mark.parametrize("name", ["resnet18", "vit_s_16", "mobilenet_v2", "lenet5", "densenet121", "inception_v3"])
def test_the_last_layer_with_places_is_found(name):
    model = models.build(name, 4, channels=3, height=64, width=64, seed=0).eval()
    nn.init.normal_(model.head.weight)  # a transformer's begins at zero, and so would every gradient
    x = torch.randn(1, 3, 64, 64)
    layer = last_maps(model, x, FIRST)
    assert METHODS["grad-cam++"].heat(model, x, FIRST, layer).any()
    assert layer in model.STAGES


GRAD_CAM = {
    "grad-cam": "GradCAM",
    "grad-cam++": "GradCAMPlusPlus",
    "x-grad-cam": "XGradCAM",
    "hires-cam": "HiResCAM",
    "layer-cam": "LayerCAM",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", GRAD_CAM)
def test_equal_to_pytorch_grad_cam_but_for_the_scale(name):
    peers = peer("pytorch_grad_cam")
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model = models.build("resnet18", 5, channels=3, height=64, width=64, seed=2).eval()
    x, target = torch.randn(10, 3, 64, 64, generator=torch.Generator().manual_seed(1)), torch.arange(10) % 5
    with getattr(peers, GRAD_CAM[name])(model=model, target_layers=[model.layer3]) as cam:
        theirs = torch.from_numpy(cam(input_tensor=x, targets=[ClassifierOutputTarget(int(label)) for label in target])).double()
    ours = METHODS[name].heat(model, x, target, "layer3").double()
    for mine, other in zip(ours, theirs, strict=True):
        # it moves every map to 0 and its largest value to 1, before it is made larger: a line through both
        design = torch.stack([mine.flatten(), torch.ones(mine.numel(), dtype=torch.float64)], 1)
        fitted = design @ torch.linalg.lstsq(design, other.flatten()).solution
        assert float((fitted - other.flatten()).abs().max()) < 1e-4
    assert int((theirs.amax((1, 2)) > 0.5).sum()) >= 3  # where every map speaks against the class, both are 0
