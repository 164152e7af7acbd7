"""Capture sees what there was before it was overwritten, and leaves the network as it was, bit for bit."""

import copy

import pytest
import torch
from torch import Tensor, nn

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.look import captured, undisturbed


class Odd(nn.Module):
    """A network of the user's: reused and in-place modules, a buffer that counts, a draw, a mode of its own."""

    def __init__(self, inplace: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.act = nn.ReLU(inplace=inplace)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor, fail: bool = False) -> Tensor:
        self.calls += 1
        x = self.act(self.norm(self.conv(x)) + torch.rand(()) * 0)
        if fail or bool(x.isnan().any()):
            raise ValueError("as asked")
        return self.act(-x + 1)


def state(model: nn.Module) -> list[object]:
    tensors = {name: value.clone() for name, value in model.state_dict().items()}
    grads = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    modules = [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()]
    return [tensors, grads, [p.requires_grad for p in model.parameters()], modules, torch.get_rng_state()]


def same(a: object, b: object) -> bool:
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("broken", [False, True])
def test_the_model_is_as_it_was(broken: bool) -> None:
    torch.manual_seed(0)
    model = Odd(True).train()
    model.norm.eval()
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    model.conv.bias.requires_grad_(False)
    model.act.register_forward_hook(lambda *_: None)
    before = state(model)
    x = torch.full((1, 3, 8, 8), float("nan") if broken else 1.0)
    if broken:
        with pytest.raises(ValueError, match="as asked"):
            captured(model, x)
    else:
        captured(model, x)
    assert same(before, state(model))


def test_gradients_made_inside_are_gone_outside() -> None:
    model = Odd(False)
    before = state(model)
    with undisturbed(model):
        model(torch.randn(1, 3, 8, 8)).sum().backward()
        model.conv.weight.requires_grad_(False)
    assert same(before, state(model))


def test_in_place_gives_the_same_maps_as_out_of_place() -> None:
    torch.manual_seed(0)
    model = Odd(True)
    twin = copy.deepcopy(model)
    twin.act = nn.ReLU()
    x = torch.randn(2, 3, 9, 9)
    one, two = captured(model, x), captured(twin, x)
    assert list(one) == ["conv", "norm", "act", "act:2"] and same(one, two)
    assert one["norm"].min() < 0


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "vit_b_32", "googlenet"])
def test_stages_are_captured_in_order(name: str) -> None:
    model = models.build(name, 10, height=32, width=32, seed=0).eval()
    x = torch.randn(1, 3, 32, 32)
    found = captured(model, x)
    assert list(found) == list(model.STAGES)
    assert torch.equal(found[model.HEAD], model(x))


def test_a_layer_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="Did you mean conv"):
        captured(Odd(True), torch.zeros(1, 3, 8, 8), ["comv"])
