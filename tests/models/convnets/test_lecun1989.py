"""The network of 1989: shared weights, own biases, and which maps a map reads."""

import pytest
import torch

from clearsight import models
from clearsight.models.convnets.lecun1989 import EIGHT, squash
from tests.models.expected import check, rows


@rows("lecun1989")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_the_sigmoid_is_1_at_1():
    x = torch.linspace(-3, 3, 601, dtype=torch.float64, requires_grad=True)
    y = squash(x)
    assert y[200].item() == pytest.approx(-1, abs=1e-4) and y[400].item() == pytest.approx(1, abs=1e-4)
    slope = torch.autograd.grad(y.sum(), x)[0]
    assert slope.argmax() == 300  # steepest at 0


def test_a_map_of_h2_reads_8_of_the_12_of_h1():
    model = models.build("lecun1989", 10, channels=1, height=16, width=16, seed=0)
    h1 = torch.rand(1, 12, 8, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    for k in range(12):
        slope = torch.autograd.grad(model.h2(h1)[0, k].sum(), h1)[0]
        assert tuple(slope[0].abs().sum((1, 2)).nonzero().flatten().tolist()) == EIGHT[k // 4]


def test_weights_are_shared_over_a_map_and_biases_are_not():
    model = models.build("lecun1989", 10, channels=1, height=16, width=16, seed=0)
    assert model.h1.weight.shape == (12, 1, 5, 5) and model.h1.bias.shape == (12, 8, 8)
    x = torch.zeros(1, 1, 16, 16)
    x[..., 6, 6] = 1.0  # by one stride, the same pixel in each window
    moved = x.roll((2, 2), (2, 3))
    with torch.no_grad():
        first, second = model.h1(x), model.h1(moved)
    torch.testing.assert_close(first[..., 1:5, 1:5], second[..., 2:6, 2:6])


def test_the_first_weights_are_within_the_papers_range():
    model = models.build("lecun1989", 10, channels=1, height=16, width=16, seed=0)
    for weight, inputs in ((model.h1.weight, 25), (model.h2.weight, 200), (model.h3.weight, 192), (model.output.weight, 30)):
        assert 0.9 * 2.4 / inputs < weight.abs().max() <= 2.4 / inputs


def test_outside_of_the_picture_is_the_papers_white():
    model = models.build("lecun1989", 10, channels=1, height=16, width=16, seed=0)
    with torch.no_grad():
        answers = model.h1(torch.full((1, 1, 16, 16), -1.0))
    torch.testing.assert_close(answers, answers[..., 4:5, 4:5].expand_as(answers))
