"""The trace of one layer: its operations, in order, and values as they were before anything overwrote them."""

import pytest
import torch
from torch import Tensor, nn

from clearsight.base.errors import ClearsightError
from clearsight.look.op_trace import Ref, traced


class Functional(nn.Module):
    """A layer `inner` whose operations are functions, in place, and which is used twice; `never` is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.never = Inner(), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu_(self.inner(x)) + self.inner(x + 100)


class Inner(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y.add_(1)
        return y - 4


X = torch.tensor([[[[1.0, 2.0]]]])


def test_operations_and_values_of_the_first_call() -> None:
    trace = traced(Functional(), X, "inner")
    assert trace.values[trace.output].tolist() == [[[[-1.0, 1.0]]]]  # 2x + 1 − 4, before the ReLU overwrites it
    names, number = [], trace.output
    while number in trace.made_by:
        operation = trace.made_by[number]
        names.append(operation.name)
        number = operation.args[0].number
    assert names == ["sub", "add", "mul"] and torch.equal(trace.values[number], X)


def test_a_value_that_is_overwritten_is_kept_before_and_after() -> None:
    trace = traced(Functional(), X, "inner")
    added = next(one for one in trace.made_by.values() if one.name == "add")
    before, after = added.args[0], Ref(added.out)
    assert (trace.values[before.number].flatten().tolist(), trace.values[after.number].flatten().tolist()) == ([2, 4], [3, 5])


def test_what_follows_on_the_output_alone() -> None:
    trace = traced(Functional(), X, "inner")
    assert [operation.name for operation in trace.then] == ["relu"]
    assert trace.values[trace.then[0].out].flatten().tolist() == [0, 1]


def test_a_layer_that_is_not_used_says_so() -> None:
    with pytest.raises(ClearsightError, match="the layer never is not used for an answer"):
        traced(Functional(), X, "never")


def test_the_network_stays_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    traced(model, torch.rand(1, 1, 3, 3), "1")
    assert model.training and all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
