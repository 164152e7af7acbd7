"""Faults in layers, each planted in one network, are named by their layer; a healthy network has none."""

import pytest
import torch
from torch import nn

from clearsight.training.doctor.layers import Gradients, _watched, gradients, judge_gradients, judge_units, units, weights


def judged(context, objective):
    return judge_gradients(gradients(context, objective, 16), context.recipe.lr)


def test_a_healthy_network(put_together):
    context, objective, _ = put_together(model="resnet18", size=16)
    assert weights(context) is None
    found = judged(context, objective)
    assert found.verdict == "good" and found.figures["steps"] == 4, found
    assert units(context, objective, 16).verdict == "good"


def test_weights_that_are_not_finite(put_together):
    context, _, _ = put_together()
    name, first = next(iter(context.state.model.named_parameters()))
    with torch.no_grad():
        first.view(-1)[0] = float("nan")
    found = weights(context)
    assert found.verdict == "stop" and name in found.words


def test_a_layer_without_a_gradient(put_together):
    context, objective, _ = put_together()
    context.state.model.unused = nn.Linear(3, 3)
    found = judged(context, objective)
    assert found.verdict == "look at this" and "no gradient at all in unused (2 of" in found.words


def test_a_layer_behind_zeros_has_a_gradient_of_zero(put_together):
    context, objective, _ = put_together(model="resnet18", size=16)
    block = context.state.model.layer1[0]
    with torch.no_grad():  # behind a batch norm that stays at zero, as its weight and that of the next get no gradient
        block.bn1.weight.zero_()
        block.bn1.bias.fill_(-100)
    found = judged(context, objective)
    assert found.verdict == "look at this" and "exactly zero in layer1.0.conv1" in found.words, found
    dead = units(context, objective, 16)
    assert dead.verdict == "look at this" and "layer1.0" in dead.words and "100%" in dead.words


def test_nothing_gets_a_gradient(put_together):
    context, objective, _ = put_together()
    with torch.no_grad():
        for p in context.state.model.parameters():
            p.zero_()
    last = context.state.model.head
    last.weight.requires_grad_(False)
    last.bias.requires_grad_(False)
    assert judged(context, objective).verdict == "stop"


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (Gradients({"a.weight": 1.0, "b.weight": 1e-12}, 1.0, 4), "look at this", "less than 1e-10 of the largest in b"),
        (Gradients({"a.weight": 1.0, "b.weight": 0.1}, 1e5, 4), "look at this", "too large for a step"),
        (Gradients({"a.weight": 1.0, "b.weight": 0.1}, 1.0, 1, "a"), "stop", "after 1 steps a is not finite"),
        (Gradients({"a.weight": None}, 0.0, 0, "layer3"), "stop", "the first step is not finite, in layer3"),
        (Gradients({"a.weight": 1.0, "b.weight": 0.1}, 1.0, 4), "good", "all 2 weights"),
    ],
)
def test_verdicts_on_gradients(found, verdict, words):
    judged = judge_gradients(found, 1.0)
    assert judged.verdict == verdict and words in judged.words
    assert bool(judged.option) == (verdict != "good")


@pytest.mark.parametrize(
    ("sizes", "total", "words"),
    [
        ({"a.weight": 1.0, "b.weight": 1e-10}, 1e4, "gradients in all 2 weights"),  # neither bound is passed
        ({"a.weight": 1.0, "b.weight": 0.99e-10}, 1.0, "less than 1e-10 of the largest in b (1 of 2 weights)"),
        ({"a.weight": 1.0, "b.weight": 0.0, "b.bias": 0.0}, 1.0, "exactly zero in b (2 of 3 weights)"),
        ({"a.weight": 1.0, "b.weight": 0.0, "c.weight": None}, 1.0, "no gradient at all in c (1 of 3 weights)"),
        ({"a.weight": 0.0, "b.weight": 0.0}, 1.0, "no layer gets a gradient"),
        ({"a.weight": None}, 1.0, "no layer gets a gradient"),
    ],
)
def test_the_bounds_of_gradients(sizes, total, words):
    assert words in judge_gradients(Gradients(sizes, total, 4), 1.0).words


@pytest.mark.parametrize(
    ("shape", "kind", "units"),
    [((2, 3), nn.ReLU, 3), ((2, 3, 5, 5), nn.ReLU6, 3), ((2, 5, 7), nn.ReLU, 7), ((2, 5, 5, 4, 7), nn.ReLU, 7)],
)
def test_units_are_channels_or_the_last_axis(shape, kind, units):
    """One of them is zero for every picture; a second use of a layer is one of its own."""
    values = torch.ones(shape)
    values.movedim(1 if len(shape) in (2, 4) else -1, 0)[1] = -1
    model = nn.Sequential(kind())
    with _watched(model) as dead:
        model(values)
        model(values)
        torch.relu(torch.ones(4))  # not of pictures
    assert dead == {"0": (1, units), "0 (2)": (1, units)}


def test_verdicts_on_units():
    assert judge_units({}, 8).verdict == "good"
    assert judge_units({"a": (3, 4), "b": (4, 8)}, 8).verdict == "good"  # a layer of four is too narrow, half is not most
    assert "b (62%)" in judge_units({"a": (0, 8), "b": (5, 8)}, 8).words
    worst = judge_units({"a": (5, 8), "b": (8, 8), "c": (3, 16)}, 8)
    assert worst.words == "50.0% of the units never fire on 8 pictures; most of them in b (100%), a (62%)"
    assert worst.figures["dead"]["a"] == {"units": 8, "dead": 5}
    assert judge_units({"a": (0, 8)}, 8).words == "every unit fires on some of 8 pictures"
