"""Inputs and labels: what is blank, equal, not finite or off scale is named; shuffled labels are chance, true ones are not."""

import numpy as np
import pytest
import torch

from clearsight.training.doctor.data import _features, agreement, inputs, judge_inputs, labels

from .conftest import pictures

DRAW = torch.Generator().manual_seed(0)
NOISE = torch.randn(16, 1, 8, 8, generator=DRAW)


@pytest.mark.parametrize(
    ("values", "verdict", "words"),
    [
        (NOISE, "good", "deviation"),
        (NOISE * float("inf"), "stop", "not finite"),
        (torch.zeros(16, 1, 8, 8), "stop", "the same"),
        (NOISE[:1].repeat(16, 1, 1, 1), "stop", "the same"),
        (torch.where(torch.arange(16)[:, None, None, None] < 4, 0.5, NOISE), "look at this", "25% of 16"),
        (NOISE * 60, "look at this", "far from"),
        (NOISE + 5, "look at this", "far from"),
    ],
)
def test_inputs(values, verdict, words):
    found = judge_inputs(values, True)
    assert found.verdict == verdict and words in found.words
    assert found.option == ("" if verdict == "good" else "clearsight check DATA")


HALF = torch.tensor([-1.0, 1.0]).repeat(20, 1, 4, 4)  # mean 0, deviation 1
HALF[-1] *= -1  # so that not all are the same


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (HALF, "mean 0.00, deviation 1.00 after preprocessing, of 20 pictures"),
        (HALF + 1.01, "far from"),
        (HALF * 0.3, "far from"),
        (HALF * 0.4, "deviation 0.40"),
        (HALF * 2.8, "deviation 2.8"),
        (HALF * 3.2, "far from"),
        (torch.cat([HALF[:1] * 0, HALF[1:]]), "deviation"),
        (torch.cat([HALF[:3] * 0, HALF[3:]]), "15% of 20 pictures have no contrast"),
    ],
)
def test_the_bounds_of_inputs(values, words):
    assert words in judge_inputs(values, True).words


def test_brightness_needs_no_mean_of_zero():
    assert judge_inputs(NOISE * 0.1 + 5, False).verdict == "good"


def test_black_pictures_are_named(put_together):
    context, _, _ = put_together(data=(np.zeros((60, 12, 12), np.uint8), np.arange(60) % 3))
    assert inputs(context, 32).verdict == "stop"


def test_shuffled_labels_are_named_and_true_ones_are_not(put_together):
    made, own = pictures()
    context, _, _ = put_together(data=(made, own))
    found = labels(context, 512)
    assert found.verdict == "good" and found.figures["agreement"] > 0.8 and found.figures["p"] < 0.05
    context, _, _ = put_together(data=(made, np.random.default_rng(1).permutation(own)))
    found = labels(context, 512)
    assert found.verdict == "look at this" and "labels errors" in found.option
    assert found.figures["agreement"] == pytest.approx(1 / 3, abs=0.08)


def test_a_dozen_labels_tell_nothing(put_together):
    context, _, _ = put_together(labels="3")
    assert "too few" in labels(context, 512).words


def test_agreement_of_two_clusters_is_one():
    vectors = torch.cat([NOISE.flatten(1) * 0.01 + 1, NOISE.flatten(1) * 0.01 - 1])
    vectors[:, :32] *= 3
    share, chance, p = agreement(vectors, torch.arange(32) // 16, 0)
    assert (share, p) == (1.0, 0.01) and chance == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("n", [2, 3, 5, 6])
def test_with_few_pictures_all_others_are_neighbours(n):
    targets = torch.arange(n) % 2
    counts = targets.bincount()[targets].double()
    assert agreement(NOISE[:n].flatten(1), targets, 0)[0] == pytest.approx(float(((counts - 1) / (n - 1)).mean()))


def test_features_that_are_not_finite_tell_nothing(put_together):
    context, _, _ = put_together()
    found = _features(context, context.train.batch(torch.arange(40)))
    assert [one.shape[0] for one in found] == [40] and found[0].ndim == 2
    next(context.state.model.parameters()).data.fill_(float("nan"))
    assert _features(context, context.train.batch(torch.arange(40))) == []
