"""A network that was used is afterwards as it was, bit for bit."""

import pytest
import torch
from torch import nn

from clearsight.base.compute.undisturbed import undisturbed


def network() -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    model[1].eval()
    model[0].bias.requires_grad_(False)
    model(torch.randn(3, 4)).sum().backward()
    return model


def state(model: nn.Module) -> list[object]:
    tensors = [value.tolist() for value in model.state_dict().values()]
    grads = [None if p.grad is None else p.grad.tolist() for p in model.parameters()]
    modules = [(m.training, len(m._forward_hooks)) for m in model.modules()]
    return [tensors, grads, [p.requires_grad for p in model.parameters()], modules, torch.get_rng_state().tolist()]


@pytest.mark.parametrize("freeze", [False, True])
def test_what_happens_within_leaves_no_trace(freeze):
    model = network()
    before = state(model)
    with undisturbed(model, freeze=freeze):
        assert not any(module.training for module in model.modules())
        assert [p.requires_grad for p in model.parameters()] == ([False] * 6 if freeze else [True, False, True, True, True, True])
        model.register_forward_hook(lambda *_: None)
        model.train()
        torch.rand(3)
        found = model(torch.randn(5, 4, requires_grad=True)).sum()
        found.backward()
        model[1].running_mean.add_(1)
    assert state(model) == before


def test_an_exception_leaves_no_trace_either():
    first, second = network(), network()
    before = state(first), state(second)

    def fail() -> None:
        with undisturbed(first, second, freeze=True):
            assert not any(p.requires_grad for model in (first, second) for p in model.parameters())
            raise ValueError("as asked")

    with pytest.raises(ValueError, match="as asked"):
        fail()
    assert (state(first), state(second)) == before
