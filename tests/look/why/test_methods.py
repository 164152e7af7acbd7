"""Every method by hand on a network small enough for it, and equal to captum and grad-cam where the definitions agree."""

import copy

import pytest
import torch
from torch import Tensor, nn

from clearsight import models
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.classifier.ensemble import Ensemble, Member
from clearsight.look.capture import captured
from clearsight.look.why import METHODS, cam, gradients
from clearsight.look.why import occlusion as module_of_occlusion
from clearsight.look.why.cam import last_maps
from clearsight.look.why.gradients import incomplete, integrated, saliency
from clearsight.look.why.occlusion import occlusion
from clearsight.look.why.rectified import deconvnet, guided_backprop
from clearsight.look.why.rollout import attentions, rollout

from ...models.peers import peer

FIRST = torch.tensor([0])


class Small(nn.Module):
    """Two 3×3 filters of ones on 4×4 pixels, ReLU, and a linear layer: 1 for five numbers, −1 for three."""

    def __init__(self, functional: bool = False, inplace: bool = False) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 2, 3, bias=False), nn.Linear(8, 2, bias=False)
        self.relu = nn.ReLU(inplace=inplace)
        self.functional = functional
        with torch.no_grad():
            self.conv.weight.fill_(1)
            self.fc.weight[0] = torch.tensor([1.0] * 5 + [-1.0] * 3)
            self.fc.weight[1] = torch.tensor([-1.0] * 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = torch.relu(x) if self.functional else self.relu(x)
        return self.fc(x.flatten(1))


PIXELS = torch.arange(16.0).view(1, 1, 4, 4)
MAP = torch.tensor([[45.0, 54.0], [81.0, 90.0]])  # of either filter


def big(maps: Tensor) -> Tensor:
    """2×2 → 4×4, bilinear."""
    return nn.functional.interpolate(maps[None, None], (4, 4), mode="bilinear", align_corners=False)[0, 0]


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


# ∂ logit / ∂ pixel: each of eight places spreads its weight over 3×3 pixels; both filters are ones
WEIGHTS = torch.tensor([[2.0, 0.0], [0.0, 0.0]])  # of the two filters together at the four places: 1 + 1, 1 − 1, …


def spread(weights: Tensor) -> Tensor:
    """The 2×2 weights laid over the 3×3 pixels that each place sees."""
    return nn.functional.conv_transpose2d(weights[None, None], torch.ones(1, 1, 3, 3))[0, 0]


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("inplace", [False, True])
def test_gradients_by_hand(functional, inplace):
    model = Small(functional, inplace)
    torch.testing.assert_close(saliency(model, PIXELS, FIRST)[0], spread(WEIGHTS).abs())
    # the same for linear pieces all the way from zero: gradient times pixel, and it is complete
    torch.testing.assert_close(integrated(model, PIXELS, FIRST)[0], spread(WEIGHTS) * PIXELS[0, 0])
    # all ReLUs are active; of −1 nothing comes through
    positive = torch.tensor([[2.0, 1.0], [1.0, 1.0]])
    torch.testing.assert_close(deconvnet(model, PIXELS, FIRST)[0], spread(positive))
    torch.testing.assert_close(guided_backprop(model, PIXELS, FIRST)[0], spread(positive))
    # silent ReLUs: the deconvnet passes through them, guided backpropagation does not
    torch.testing.assert_close(deconvnet(model, -PIXELS - 1, FIRST)[0], spread(positive))
    assert not guided_backprop(model, -PIXELS - 1, FIRST).any()


def test_occlusion_by_hand():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2, bias=False))
    with torch.no_grad():
        model[1].weight[0] = 1.0
    # squares of 2 px side by side: each pixel has the sum of its square
    sums = PIXELS[0, 0].unfold(0, 2, 2).unfold(1, 2, 2).sum((2, 3)).repeat_interleave(2, 0).repeat_interleave(2, 1)
    torch.testing.assert_close(occlusion(model, PIXELS, FIRST, 2, 2)[0], sums)


def test_attention_is_that_of_the_network():
    model = models.build("vit_b_16", 3, channels=3, height=32, width=32, seed=0).eval()
    x = torch.randn(2, 3, 32, 32)
    found = attentions(model, x)
    assert len(found) == 12 and all(a.shape == (2, 65, 65) for a in found)
    torch.testing.assert_close(torch.stack(found).sum(-1), torch.ones(12, 2, 65))
    layer = model.encoder.layers[0]
    q, k, _ = (
        (
            layer.self_attention.in_proj_weight @ layer.ln_1(captured(model, x, ["encoder.dropout"])["encoder.dropout"]).mT
            + layer.self_attention.in_proj_bias[:, None]
        )
        .unflatten(1, (3, 12, -1))
        .unbind(1)
    )
    torch.testing.assert_close(found[0], torch.softmax(q.mT @ k / q.shape[2] ** 0.5, -1).mean(1), rtol=1e-4, atol=1e-5)
    heat = rollout(model, x, torch.tensor([0, 1]))
    assert heat.shape == (2, 32, 32) and float(heat.min()) >= 0
    flow = torch.eye(65)
    for attention in found:
        flow = (attention[1] + torch.eye(65)) / 2 @ flow
    grid = flow[0, 1:].view(1, 1, 8, 8)
    torch.testing.assert_close(heat[1], nn.functional.interpolate(grid, (32, 32), mode="bilinear")[0, 0])


def test_attention_of_an_ensemble_is_the_mean_over_its_members():
    nets = [models.build("vit_s_16", 3, channels=3, height=8, width=8, seed=seed).eval() for seed in (0, 1)]
    x = torch.randn(1, 3, 8, 8)
    expected = torch.stack([rollout(net, x, FIRST) for net in nets]).mean(0)
    torch.testing.assert_close(rollout(Ensemble([Member(net, 3, 3) for net in nets]), x, FIRST), expected)


@pytest.mark.parametrize("name", ["resnet18", "vit_b_16", "mobilenet_v2", "lenet5", "densenet121", "inception_v3"])
def test_the_last_layer_with_places_is_found(name):
    model = models.build(name, 4, channels=3, height=64, width=64, seed=0).eval()
    nn.init.normal_(model.head.weight)  # a transformer's begins at zero, and so would every gradient
    x = torch.randn(1, 3, 64, 64)
    layer = last_maps(model, x, FIRST)
    assert METHODS["grad-cam++"].heat(model, x, FIRST, layer).any()
    assert layer in model.STAGES


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


@pytest.mark.filterwarnings("ignore")  # captum warns that it sets hooks
def test_rectified_gradients_equal_captums_where_all_relus_are_modules():
    attr = pytest.importorskip("captum.attr")
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(288, 4),
    ]
    model = nn.Sequential(*layers).double().eval()
    x, target = torch.randn(3, 3, 18, 18, dtype=torch.float64), torch.tensor([0, 1, 3])
    for ours, theirs in ((guided_backprop, attr.GuidedBackprop), (deconvnet, attr.Deconvolution)):
        wanted = theirs(model).attribute(x.clone().requires_grad_(), target).abs().amax(1)
        torch.testing.assert_close(ours(model, x, target), wanted, rtol=1e-9, atol=1e-12)


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
