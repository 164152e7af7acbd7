"""Every method: equal to captum where the definitions agree, the same in any batch, and refused where it is not defined."""

import copy

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.look.why import METHODS, cam, gradients
from clearsight.look.why import occlusion as module_of_occlusion
from clearsight.look.why.cam import last_maps
from clearsight.look.why.gradients import incomplete, integrated
from clearsight.look.why.rectified import guided_backprop
from clearsight.look.why.rollout import rollout
from tests.look.why.small import FIRST, PIXELS, Small


def test_a_method_that_is_not_defined_says_so():
    vit = models.build("vit_b_16", 3, channels=3, height=32, width=32).eval()
    with pytest.raises(ClearsightError, match="it has gelu"):
        guided_backprop(vit, torch.randn(1, 3, 32, 32), FIRST)
    with pytest.raises(ClearsightError, match="no attention"):
        rollout(Small(), PIXELS, FIRST)
    with pytest.raises(ClearsightError, match="no layer of this network keeps the places"):
        METHODS["grad-cam"].heat(models.build("pixels", 3, channels=1, height=4, width=4), PIXELS, FIRST)
    with pytest.raises(UsageError, match="layer"):
        METHODS["grad-cam"].heat(Small(), PIXELS, FIRST, "fc")


@pytest.mark.parametrize("name", [name for name in METHODS if name != "rollout"])
def test_a_picture_has_the_same_map_alone_and_in_a_batch_and_the_network_stays(name, monkeypatch):
    for module in (cam, gradients, module_of_occlusion):
        monkeypatch.setattr(module, "CHUNK", 2)
    model = models.build("convnet", 4, channels=3, height=16, width=16, seed=1)
    x = torch.randn(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    before, rng = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    if name == "smoothgrad":  # its noise is drawn for the batch
        x = x[:1]
    targets = torch.arange(len(x)) % 4
    together = METHODS[name].heat(model, x, targets)
    assert together.shape == (len(x), 16, 16) and together.dtype == torch.float32
    alone = METHODS[name].heat(model, x[-1:], targets[-1:])
    torch.testing.assert_close(alone[0], together[-1], rtol=1e-3, atol=1e-5 * float(together.abs().max()))
    assert model.training and all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items()) and torch.equal(rng, torch.get_rng_state())


@pytest.mark.parametrize(
    ("network", "side"), [("convnet", 16), *(pytest.param(n, 64, marks=pytest.mark.slow) for n in ("resnet18", "mobilenet_v2", "vgg11"))]
)
def test_equal_to_captum(network, side):
    attr = pytest.importorskip("captum.attr")
    model = models.build(network, 5, channels=3, height=side, width=side, seed=2).double().eval()
    x = torch.randn(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    target = torch.tensor([1, 3])
    layer = last_maps(model, x, target)
    maps = attr.LayerGradCam(model, model.get_submodule(layer)).attribute(x, target, relu_attributions=True)
    window = side // 5
    peers = {
        "grad-cam": nn.functional.interpolate(maps, x.shape[-2:], mode="bilinear", align_corners=False)[:, 0],
        "saliency": attr.Saliency(model).attribute(x.clone().requires_grad_(), target).amax(1),
        "input-x-gradient": attr.InputXGradient(model).attribute(x.clone().requires_grad_(), target).sum(1),
        "occlusion": attr.Occlusion(model).attribute(x, (3, window, window), (3, window // 2, window // 2), target=target)[:, 0],
    }
    for name, wanted in peers.items():
        heat = METHODS[name].heat(model, x, target).double()
        # maps are kept in float32
        wanted = wanted.detach().double()
        torch.testing.assert_close(heat, wanted, rtol=1e-6, atol=1e-7 * float(wanted.abs().max()))
    ours = integrated(model, x, target)
    theirs = attr.IntegratedGradients(model).attribute(x, target=target, n_steps=512).sum(1)
    # either is an approximation of one integral: ours stops once its sum is right to 0.5 %
    assert float((ours - theirs).abs().max()) < 0.02 * float(theirs.abs().max())
    assert float(incomplete(model, x, target, ours).max()) < 0.005
