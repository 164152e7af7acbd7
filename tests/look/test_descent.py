"""The way down: each level is the network's own number, and the one that the term above took; it ends at a pixel."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.look.descent import below, deepest, level, unit_level
from clearsight.look.op_trace import traced, traced_network
from clearsight.look.unit import recounted
from clearsight.models import build


class Small(nn.Module):
    """A shortcut, functions without modules, a pooling, a flattening."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm, self.two = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1)
        self.pool, self.head = nn.MaxPool2d(2), nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu_(self.norm(self.one(x)))
        x = F.relu(self.two(x) + x)
        return self.head(self.pool(x).flatten(1))


@pytest.fixture(scope="module")
def trace():
    torch.manual_seed(0)
    return traced_network(Small().eval(), torch.rand(1, 2, 4, 4))


def term_of(upper, strongest: bool = True):
    """A term to go down by, and the factor that the sum has for it."""
    found = upper.found
    if found.patch is not None:
        k, i, j = torch.unravel_index((found.patch * found.kernel).abs().argmax(), found.patch.shape)
        return (int(k), int(i), int(j)), float(found.patch[k, i, j])
    return (upper.parts() or [0])[:1], None


def test_from_a_logit_to_a_pixel_every_level_is_the_networks_own(trace):
    top = unit_level(trace, "", (0, 1))
    assert top.layer == "head" and top.equal
    levels = [top]
    while levels[-1].found is not None:
        term, value = term_of(levels[-1])
        levels.append(below(trace, levels[-1], term))
        assert levels[-1].equal and value in (None, pytest.approx(levels[-1].value, rel=1e-6))
    assert [one.found and one.layer for one in levels] == ["head", "pool", "", "two", "one", None]
    number, index = levels[-1].place
    assert levels[-1].value == float(trace.whole.values[number][index]) and number == trace.input


def test_a_sum_without_a_layer_leads_to_both_of_its_terms(trace):
    upper = level(trace, (trace.layer("pool").made_by[trace.layer("pool").output].args[0].number, (0, 2, 1, 1)))
    assert upper.layer == "" and upper.found.layer == "the network" and len(upper.found.contributions) == 2
    both = [below(trace, upper, [k]) for k in range(2)]
    assert [one.layer for one in both] == ["two", "one"]
    assert [one.value for one in both] == pytest.approx(upper.found.contributions)


def test_the_padding_is_no_level_and_a_wrong_term_is_refused(trace):
    corner = unit_level(trace, "one", (0, 0, 0, 0))
    assert below(trace, corner, (0, 0, 0)) is None
    with pytest.raises(ClearsightError, match="padding"):
        deepest(trace, corner, [(0, 0, 0)])
    for term in ((0,), (0, 3, 0), (-1, 0, 0)):
        with pytest.raises(UsageError, match="within 2×3×3"):
            below(trace, corner, term)
    pixel = deepest(trace, corner, [(1, 2, 2)])[-1]
    assert pixel.value == float(trace.whole.values[trace.input][0, 1, 1, 1])
    with pytest.raises(UsageError, match="the way down ends here"):
        below(trace, pixel, (0, 0, 0))


@pytest.mark.parametrize(("name", "size"), [("lenet5", 32), ("swift", 28), ("resnet18", 32), ("mobilenet_v2", 32), ("densenet121", 32)])
def test_units_of_one_run_are_those_of_a_layers_own_trace_and_lead_to_a_pixel(name, size):
    channels = 1 if size == 28 else 3
    model = build(name, 5, channels=channels, height=size, width=size, seed=0).eval()
    x = torch.rand(1, channels, size, size, generator=torch.Generator().manual_seed(1))
    trace = traced_network(model, x)
    stage = model.STAGES[-1]
    alone = traced(model, x, stage)
    index = tuple(n // 2 for n in alone.values[alone.output].shape)
    assert recounted(alone, stage, index).to_json() == unit_level(trace, stage, index).found.to_json()
    found = unit_level(trace, "", (0, 3))
    for _ in range(400):
        if found.found is None:
            return
        assert found.equal, found.found
        found = below(trace, found, term_of(found)[0])
    pytest.fail("the way down does not end")
