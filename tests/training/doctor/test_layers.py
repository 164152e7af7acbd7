"""Faults in layers, each planted in one network, are named by their layer; a healthy network has none."""

import pytest
import torch
from torch import nn

from clearsight.training.doctor.layers import Gradients, gradients, judge_gradients, judge_units, units, weights


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


def test_verdicts_on_units():
    assert judge_units({}, 8).verdict == "good"
    assert judge_units({"a": (3, 4), "b": (4, 8)}, 8).verdict == "good"  # a layer of four is too narrow, half is not most
    assert "b (62%)" in judge_units({"a": (0, 8), "b": (5, 8)}, 8).words
