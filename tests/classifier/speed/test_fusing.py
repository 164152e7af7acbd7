"""Fused layers compute what plain PyTorch does, with and without a gradient."""

from contextlib import contextmanager

import pytest
import torch
from torch import nn

from clearsight import Classifier, Preprocessing, models
from clearsight.base.compute.precision import halves
from clearsight.classifier.speed import fusing
from clearsight.classifier.speed.folding import folded
from clearsight.classifier.speed.fusing import ACTIVATIONS, Packed, PackedLinear, fused
from clearsight.layers.dialect import SameConv2d

# the layers of these families differ; the others come with --runslow
OFTEN = ("lenet5", "convnet", "swift", "resnet18", "mobilenet_v2", "efficientnet_b0", "squeezenet1_1", "vgg11_bn")
# float32 sums in another order; in bfloat16 a rounding more or less of each layer's result, which has 8 bits
CLOSE = {torch.float32: {"rtol": 1e-4, "atol": 1e-5}, torch.bfloat16: {"rtol": 2e-2, "atol": 2e-2}}
HERE = {torch.float32: True, torch.bfloat16: torch.ops.mkldnn._is_mkldnn_bf16_supported()}  # whether this chip has oneDNN's operators


@contextmanager
def refused_without(dtype):
    """On a chip without the operators they must refuse, which the trial of a network notices; then the plain road is taken."""
    if HERE[dtype]:
        yield
    else:
        with pytest.raises(RuntimeError, match="bf16 path needs"):
            yield


def drawn(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)
    return values.contiguous(memory_format=torch.channels_last)


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return nn.Conv2d(4, 8, 3, 2, 1, groups=2).requires_grad_(False)


@pytest.mark.parametrize("dtype", list(CLOSE))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_is_that_of_torch(layer, activation, dtype):
    plain = {"none": nn.Identity(), "relu": nn.ReLU(), "hardtanh": nn.ReLU6(), "swish": nn.SiLU(), "hardswish": nn.Hardswish(),
             "gelu": nn.GELU(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh()}[activation]  # fmt: skip
    x, layer = 4 * drawn(2, 4, 7, 9, dtype=dtype), layer.to(dtype)
    made = Packed(layer, activation)
    with refused_without(dtype):
        torch.testing.assert_close(made(x), plain(layer(x)), **CLOSE[dtype])
    leaf = x.clone().requires_grad_()
    torch.testing.assert_close(made(leaf), plain(layer(leaf)), **CLOSE[dtype])


@pytest.mark.parametrize("size", [(8, 10), (7, 10), (8, 9), (7, 9), (1, 2)])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 2), (2, 2), (3, 2), (5, 2), (7, 2), (3, 3), (5, 4)])
def test_padding_that_follows_the_size_is_in_the_kernel(kernel, stride, size):
    torch.manual_seed(0)
    same = SameConv2d(4, 8, kernel, stride, kernel // 2, groups=2).requires_grad_(False)
    made = Packed(same, "relu")
    for n in (1, 3):
        x = drawn(n, 4, *size)
        leaf, other = x.clone().requires_grad_(), x.clone().requires_grad_()
        torch.testing.assert_close(made(x), torch.relu(same(x)), **CLOSE[torch.float32])
        torch.autograd.backward([made(leaf).sum(), torch.relu(same(other)).sum()])
        torch.testing.assert_close(leaf.grad, other.grad, **CLOSE[torch.float32])


def test_padding_that_follows_the_size_is_packed_in_float32_only():
    plain = models.build("mobilenet.keras", 10, channels=3, height=32, width=32, seed=0).eval()
    strided = sum(isinstance(part, SameConv2d) for part in plain.modules())
    for dtype, left in ((torch.float32, 0), (torch.bfloat16, strided)):
        made = fused(folded(plain, bf16=dtype == torch.bfloat16).to(dtype))
        assert strided > 3 and sum(isinstance(part, SameConv2d) for part in made.modules()) == left


@pytest.mark.parametrize("dtype", list(CLOSE))
@pytest.mark.parametrize("reuses", [False, True])
@pytest.mark.parametrize("activation", ["none", "relu"])
def test_an_addition_is_that_of_torch(layer, activation, reuses, dtype):
    x, other, layer = drawn(2, 4, 7, 9, dtype=dtype), drawn(2, 8, 4, 5, dtype=dtype, seed=1), layer.to(dtype)
    expected = layer(x) + other
    expected = expected.relu() if activation == "relu" else expected
    with refused_without(dtype):
        found = Packed(layer, activation, reuses=reuses)(x, kept := other.clone())
        torch.testing.assert_close(found, expected, **CLOSE[dtype])
        assert torch.equal(kept, other) != reuses


def test_one_picture_and_several_have_weights_of_their_own(layer, monkeypatch):
    made = Packed(layer)
    assert torch.equal(made(drawn(1, 4, 7, 9)), layer(drawn(1, 4, 7, 9))) and not made._packed  # few products: plain is faster
    monkeypatch.setattr(fusing, "FEW_PRODUCTS", 0)
    for count in (2, 1, 3, 1):
        x = drawn(count, 4, 7, 9)
        torch.testing.assert_close(made(x), layer(x), **CLOSE[torch.float32])
    assert sorted(made._packed) == [(False,), (True,)]


@pytest.mark.parametrize("dtype", list(CLOSE))
def test_a_pooling_is_that_of_torch(layer, dtype):
    x, layer = drawn(2, 4, 14, 11, dtype=dtype), layer.to(dtype)
    expected = nn.functional.max_pool2d(layer(x).relu(), 2)
    with refused_without(dtype):
        torch.testing.assert_close(Packed(layer, "relu", pools=True)(x), expected, **CLOSE[dtype])


@pytest.mark.parametrize("activation", ["none", "relu", "gelu"])
def test_a_linear_layer_is_that_of_torch(activation):
    layer = nn.Linear(24, 40, bias=activation != "none").to(torch.bfloat16).requires_grad_(False)
    plain, made = {"none": nn.Identity(), "relu": nn.ReLU(), "gelu": nn.GELU()}[activation], PackedLinear(layer, activation)
    for shape in ((1, 24), (3, 24), (1, 5, 24), (2, 5, 24)):
        x = torch.randn(shape, dtype=torch.bfloat16)
        leaf = x.clone().requires_grad_()
        torch.testing.assert_close(made(leaf), plain(layer(leaf)), **CLOSE[torch.bfloat16])
        with refused_without(torch.bfloat16):
            torch.testing.assert_close(made(x), plain(layer(x)), **CLOSE[torch.bfloat16])


def test_linear_layers_are_packed_in_bfloat16_alone():
    net = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.Flatten(2), nn.Linear(4, 16), nn.GELU(), nn.Linear(16, 5)).eval().requires_grad_(False)
    x = drawn(2, 3, 8, 8)
    assert not any(isinstance(layer, PackedLinear) for layer in fused(folded(net)).modules())
    net, x = net.to(torch.bfloat16), x.to(torch.bfloat16)
    twin = fused(folded(net))
    assert [layer.activation for layer in twin.modules() if isinstance(layer, PackedLinear)] == ["gelu", "none"]
    with refused_without(torch.bfloat16):
        torch.testing.assert_close(twin(x), net(x), **CLOSE[torch.bfloat16])


class Residual(nn.Module):
    """Additions of what another name reads later, of what the convolution reads itself, of what nobody reads later, and of the input."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d, self.e, self.f = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(6))
        self.same = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = torch.relu(self.a(x))
        view = self.same(first)
        second = torch.relu(self.b(first) + first)
        third = self.c(second) + second
        fourth = self.d(torch.sigmoid(self.f(third))).add_(third)
        return torch.relu_(self.e(fourth) + x) + view


def test_only_memory_that_is_read_no_more_is_taken():
    torch.manual_seed(0)
    net, x = Residual().eval(), drawn(2, 3, 8, 8)
    twin, kept = fused(folded(net)), x.clone()
    steps = {name: module.reuses for name, module in twin.named_modules() if isinstance(module, Packed)}
    assert steps == {"a": False, "b": False, "c": False, "d": True, "e": False, "f": False}
    with torch.inference_mode():
        torch.testing.assert_close(twin(x), net(x), **CLOSE[torch.float32])
    assert torch.equal(x, kept)


def test_a_gradient_is_that_of_the_plain_network():
    torch.manual_seed(0)
    net = Residual().eval()
    twin, slopes = fused(folded(net)), []
    for each in (net, twin):
        leaf = drawn(2, 3, 8, 8).requires_grad_()
        slopes += torch.autograd.grad(each(leaf).square().sum(), leaf)
    torch.testing.assert_close(*slopes)


class Special(nn.Module):
    """Convolutions that stay: reflected borders, a border by name, one called twice, and one whose sum has another shape."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), nn.Conv2d(3, 3, 3, padding="same")
        self.c, self.d = nn.Conv2d(3, 3, 1), nn.GELU("tanh")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.d(self.c(self.c(self.b(self.a(x)))))


def test_other_convolutions_stay():
    assert fused(folded(Special().eval())) is None


def scored(name: str) -> Classifier:
    size = max(32, models.family(name).SMALLEST)
    model = models.build(name, 10, channels=1, height=size, width=size, seed=0).eval()
    return Classifier(model, Preprocessing(1, size, size), [str(i) for i in range(10)], architecture=name)


def packed(classifier: Classifier) -> bool:
    return any(isinstance(module, Packed) for module in classifier.model.modules())


WITH_CONVOLUTIONS = [name for name in models.names() if models.family(name).__name__.split(".")[-2] == "convnets"]
DESIGNED = ("neocognitron", "lecun1989")  # their layers are of a kind of their own


@pytest.mark.parametrize("forced", ["on", "off"])
@pytest.mark.parametrize("name", [name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in WITH_CONVOLUTIONS])
def test_networks_are_fused_and_answer_as_before(name, forced, monkeypatch):
    """With the chip's bfloat16 and as on one without: the trial finds the fused copy as good as the plain one, and takes it."""
    monkeypatch.setenv("CLEARSIGHT_BF16", forced)
    made = scored(name)
    pictures = torch.randint(
        0, 256, (3, 1, made.preprocessing.height, made.preprocessing.width), generator=torch.Generator().manual_seed(0)
    ).to(torch.uint8)
    exact, quick = made.logits(pictures), made.faster()
    assert packed(quick) == (name not in DESIGNED) and quick.note == ""
    torch.testing.assert_close(quick.logits(pictures), exact, rtol=1e-4, atol=1e-4 * float(exact.abs().max()))
    if halves(made.model):
        rough = made.faster("bf16")
        assert rough.note == "" and packed(rough) == (packed(quick) and HERE[torch.bfloat16])
        assert torch.allclose(rough.probabilities(pictures), made.probabilities(pictures), atol=0.05)


def test_without_the_operators_the_network_is_plain(monkeypatch):
    made = scored("lenet5")
    with monkeypatch.context() as other:  # another torch
        other.setattr(torch.backends.mkldnn, "is_available", lambda: False)
        assert not packed(made.faster())
    with monkeypatch.context() as other:  # another chip
        other.setattr(torch._C._nn, "mkldnn_reorder_conv2d_weight", lambda *_: 1 / 0)
        assert not packed(made.faster()) and made.faster().note == "" and made.faster().speed == "folded"


def test_a_wrong_answer_is_not_taken(monkeypatch):
    made = scored("lenet5")
    monkeypatch.setitem(fusing.ACTIVATIONS, "relu", ([], "", torch.relu))
    monkeypatch.setattr(fusing, "max_pool", lambda x: nn.functional.avg_pool2d(x, 2))
    assert not packed(made.faster()) and made.faster().note == ""
