"""The checks catch the maps they are meant for: laid elsewhere, indifferent to weights or class, not complete, empty."""

import pytest
import torch
from torch import Tensor, nn

from clearsight.look.why.checks import LEVEL, SAME, area, chance, checked, curve, curves, likeness, permuted
from clearsight.look.why.table import METHODS, Method

SIDE = 16
CORNER = slice(2, 6), slice(3, 8)


class Corner(nn.Module):
    """Class 0 by what is bright in one corner, class 1 by the rest: a network of which the reason is known."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(SIDE * SIDE, 3)
        with torch.no_grad():
            weight = torch.zeros(3, SIDE, SIDE)
            weight[0][CORNER] = 0.5
            weight[1] = 0.02 * torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(3))
            weight[2] = 0.02 * torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(4))
            self.fc.weight.copy_(weight.flatten(1))
            self.fc.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.flatten(1))


@pytest.fixture
def seen():
    x = 0.2 * torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(5)).abs()
    x[0, 0][CORNER] = 1.0
    return Corner(), x, torch.tensor([0])


def verdict(seen, name):
    model, x, target = seen
    method = METHODS[name] if isinstance(name, str) else name
    found = checked(model, x, target, method, method.heat(model, x, target)[0])
    return {check.check: check.ok for check in found.checks}


@pytest.mark.parametrize("name", ["saliency", "integrated", "input-x-gradient", "occlusion"])
def test_an_honest_map_passes(seen, name):
    found = verdict(seen, name)
    assert all(found.values()), found
    assert ("complete" in found) == (name == "integrated")


def test_a_map_of_the_wrong_place_fails_both_curves(seen):
    model = seen[0]

    def elsewhere(_model, x, _target):
        return model.fc.weight[0].detach().view(1, SIDE, SIDE).flip(1, 2)

    found = verdict(seen, Method("wrong", elsewhere, ""))
    assert not found["deletion"] and not found["insertion"]


def test_a_map_of_the_picture_is_no_reason(seen):
    found = verdict(seen, Method("edges", lambda _m, x, _t: x[:, 0], ""))
    assert not found["learnt"] and not found["class"]


def test_a_map_that_means_nothing_passes_a_curve_as_seldom_as_the_level_says(seen):
    """Of 60 random smooth maps at most 7 pass (98 % of binomial(60, 0.05)); where more than half of 8 places had to be worse, it was 26."""
    model, x, target = seen
    generator = torch.Generator().manual_seed(7)
    passed = {"deletion": 0, "insertion": 0}
    for _ in range(60):
        heat = torch.nn.functional.interpolate(torch.randn(1, 1, 4, 4, generator=generator), size=(SIDE, SIDE), mode="bilinear")[0, 0]
        found = curves(model, x, target, heat)
        for name in passed:
            passed[name] += chance(found.areas[name], found.elsewhere[name], low=name == "deletion") <= LEVEL
    assert max(passed.values()) <= 7, passed


def test_chance_is_the_rank_among_the_displaced():
    others = torch.linspace(0.1, 1.0, 19)
    assert chance(0.05, others, low=True) == 1 / 20 and chance(0.1, others, low=True) == 2 / 20 and chance(2.0, others, low=True) == 1
    assert chance(1.1, others, low=False) == 1 / 20 and chance(0.0, others, low=False) == 1


def test_a_map_that_shares_most_of_its_ranks_with_another_class_is_no_reason(seen):
    common = torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(8))

    def mostly_common(_model, _x, target):
        own = torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(20 + int(target)))
        return (common + 0.4 * own)[None]

    model, x, target = seen
    found = checked(model, x, target, Method("mostly", mostly_common, ""), mostly_common(model, x, target)[0])
    same = likeness(mostly_common(model, x, target)[0], mostly_common(model, x, torch.tensor([found.runner_up]))[0])
    assert SAME < same < 0.9  # 0.9 was the bar
    assert not next(check for check in found.checks if check.check == "class").ok


def test_an_empty_map_says_nothing(seen):
    assert verdict(seen, Method("none", lambda _m, x, _t: torch.zeros(1, SIDE, SIDE), "")) == {"not flat": False}


def test_integrated_gradients_that_miss_are_told(seen, monkeypatch):
    model, x, target = seen
    found = checked(model, x, target, METHODS["integrated"], 0.99 * METHODS["integrated"].heat(model, x, target)[0])
    assert not next(check for check in found.checks if check.check == "complete").ok


def test_curves_by_hand(seen):
    model, x, target = seen
    heat = model.fc.weight[0].detach().view(SIDE, SIDE)
    found = curve(model, x, torch.zeros_like(x), heat, target)
    assert len(found) == 17
    with torch.no_grad():
        torch.testing.assert_close(found[0], torch.softmax(model(x), 1)[0, 0])
        covered = x.clone()
        covered[0, 0][CORNER] = 0  # 20 of 256 pixels: two steps of 16 cover them and 12 others of no weight
        last = torch.softmax(model(torch.zeros_like(x)), 1)[0, 0]
    assert float(found[2]) < 0.5 < float(found[0])
    torch.testing.assert_close(found[-1], last)
    torch.testing.assert_close(area(torch.tensor([1.0, 0.0, 0.0])), torch.tensor(0.25))
    found = curves(model, x, target, heat)
    assert found.elsewhere["deletion"].shape == (19,)
    moved = curve(model, x, torch.zeros_like(x), heat.roll((SIDE // 4, SIDE // 5), (0, 1)), target)
    torch.testing.assert_close(found.elsewhere["deletion"][5], area(moved[::2]))
    assert found.areas["deletion"] == pytest.approx(float(area(found.deletion[::2])))


def test_shuffled_weights_are_the_same_numbers_and_the_model_stays():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    other = permuted(model)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
        assert torch.equal(value.flatten().sort().values, other.state_dict()[name].flatten().sort().values)
    assert not torch.equal(model[0].weight, other[0].weight)


def test_likeness_is_spearmans_of_sizes():
    a = torch.arange(64.0).view(8, 8)
    assert likeness(a, a**3) == pytest.approx(1) and likeness(a, -a) == pytest.approx(1)
    assert likeness(a, a.flip(0, 1)) == pytest.approx(-1) and likeness(a, torch.ones(8, 8)) == 0
