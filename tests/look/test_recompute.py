"""Numbers of a trace computed again by rules, against torch in float64."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clearsight.base.errors import ClearsightError
from clearsight.look.op_trace import traced
from clearsight.look.recompute import MOVES, RULES, UNARY, Recount


class Does(nn.Module):
    """A layer that is a function."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


FUNCTIONS = {
    "moves": lambda x: torch.cat([x.permute(0, 1, 3, 2).roll(1, 2), x.flip(1)[:, :, :3].mT], 1).unsqueeze(2).squeeze(2),
    "parts": lambda x: x.chunk(2, 1)[1] - x.split([1, 3], 1)[1][:, 1:],
    "shortcut": lambda x: torch.addcmul(x, x * 0.5, x * x / 3),
    "means": lambda x: x.mean((2, 3), keepdim=True) + x.amax(1, keepdim=True) - x.sum(),
    "activations": lambda x: F.hardsigmoid(F.silu(F.leaky_relu(x, 0.3))) + F.hardtanh(x, -0.1, 0.2).abs().sqrt(),
    "windows": lambda x: F.max_pool2d(F.avg_pool2d(x, 2, 1, 1), 2, 1),
    "attention": lambda x: F.scaled_dot_product_attention(x, x + 1, x - 1),
    "products": lambda x: x[0] @ x[0].mT,
    "padded": lambda x: F.pad(x, (1, 0, 2, 0), value=7.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_number_is_what_torch_computes(name) -> None:
    x = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    model = nn.Sequential(Does(FUNCTIONS[name]))
    trace, whole = traced(model, x, "0"), FUNCTIONS[name](x.double()) if name != "attention" else FUNCTIONS[name](x)
    for index in ((0,) * whole.ndim, tuple(n - 1 for n in whole.shape), tuple(n // 2 for n in whole.shape)):
        found = Recount(trace).at(trace.output, index)
        assert found.value == pytest.approx(float(whole[index]), rel=1e-6, abs=1e-6)
        assert found.scale >= 0


def test_contributions_and_bias_add_up() -> None:
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Conv2d(3, 2, 2)), torch.randn(1, 3, 4, 4)
    count = Recount(traced(model, x, "0"))
    found = count.at(count.trace.output, (0, 1, 2, 0))
    assert len(count.sum.contributions) == 3  # of each input channel
    assert sum(count.sum.contributions) + count.sum.bias == pytest.approx(found.value)
    assert torch.equal(count.sum.patch.float(), x[0, :, 2:4, 0:2])
    assert count.sum.bias == pytest.approx(float(model[0].bias[1].detach()))


def test_steps_go_from_the_input_to_the_number() -> None:
    trace = traced(nn.Sequential(Does(lambda x: torch.relu(x.mT * 2))), torch.tensor([[[[3.0, -1.0]]]]), "0")
    count = Recount(trace)
    count.at(trace.output, (0, 0, 0, 0))
    assert [(step["operation"], step["value"]) for step in count.steps] == [("input", 3.0), ("mul", 6.0), ("relu", 6.0)]


def test_an_operation_without_a_rule_is_named() -> None:
    trace = traced(nn.Sequential(Does(lambda x: torch.cumsum(x, 1))), torch.ones(1, 2, 2, 2), "0")
    with pytest.raises(ClearsightError, match="cumsum has no rule here"):
        Recount(trace).at(trace.output, (0, 0, 0, 0))


def test_a_norm_that_measures_the_picture_has_no_rule() -> None:
    trace = traced(nn.Sequential(Does(lambda x: F.batch_norm(x, None, None, training=True))), torch.rand(1, 2, 3, 3), "0")
    with pytest.raises(ClearsightError, match="measures this picture"):
        Recount(trace).at(trace.output, (0, 0, 0, 0))


def test_every_operation_has_one_rule() -> None:
    assert set(MOVES) < set(RULES) and not set(UNARY) & set(RULES)
