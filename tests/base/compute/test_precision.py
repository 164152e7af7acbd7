"""bfloat16: copies of networks with float32 heads and norms, and the error of logits."""

import pytest
import torch
from torch import nn

from clearsight.base.compute import precision
from clearsight.base.errors import UsageError


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 8), nn.Linear(8, 2))


def test_heads_are_named_or_the_last_linear_layer():
    assert precision.heads(network()) == ["5"]
    named = network()
    named.HEAD = "4"
    assert precision.heads(named) == ["4"]
    assert precision.heads(nn.ReLU()) == []


def test_a_halved_copy_keeps_norms_and_heads_and_leaves_the_model():
    model = network().eval()
    twin = precision.halved(model)
    kinds = {name: p.dtype for name, p in twin.named_parameters()}
    assert {name.partition(".")[0] for name, kind in kinds.items() if kind == torch.bfloat16} == {"0", "4"}
    assert all(p.dtype == torch.float32 for p in model.parameters())
    assert twin[1].weight is model[1].weight and twin[5].weight is model[5].weight
    assert (precision.accepts(model), precision.accepts(twin)) == (torch.float32, torch.bfloat16)
    x = torch.rand(2, 3, 4, 4)
    with torch.no_grad():
        assert torch.allclose(twin(x.to(torch.bfloat16)), model(x), atol=0.02)


def test_an_offset_of_all_logits_is_no_error():
    logits = torch.rand(5, 4, generator=torch.Generator().manual_seed(0))
    assert precision.centred_error(logits + 3, logits) < 1e-6
    assert precision.centred_error(torch.zeros(5, 4), logits) == pytest.approx(1)


def test_the_environment_decides(monkeypatch):
    for word, expected in (("on", True), ("off", False)):
        monkeypatch.setenv(precision.FORCED, word)
        assert precision.has_bf16(torch.device("cpu")) is expected
    monkeypatch.setenv(precision.FORCED, "maybe")
    with pytest.raises(UsageError, match="on, off or auto"):
        precision.has_bf16(torch.device("cpu"))
