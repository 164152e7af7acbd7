"""Stored answers say what the evaluation said."""

import numpy as np
import pytest
import torch

from clearsight.evaluation.answers import read, save
from clearsight.evaluation.recorded import CHUNK, highest, nll, recorded, reliability
from clearsight.metrics.accuracy import ranks
from clearsight.metrics.calibration import mean_gap
from tests.evaluation.test_answers import random


@pytest.mark.parametrize("k", [2, 10, 100, 101, 300])
def test_the_figures_of_the_report_follow_from_the_file(tmp_path, k):
    evaluation = random(200, k)
    save(tmp_path, recorded(evaluation, "test"))
    found, figures = read(tmp_path), evaluation.to_json()
    assert found.right.mean() == figures["top1"]["value"] and (found.ranks < 5).mean() == figures["top5"]["value"]
    assert nll(found) == pytest.approx(figures["nll"], rel=1e-7) and mean_gap(reliability(found)) == figures["ece"]
    assert [bin.n for bin in reliability(found)] == [row["n"] for row in figures["reliability"]]
    assert np.array_equal(found.predictions, evaluation.predictions) and np.array_equal(found.labels, evaluation.labels)
    assert found.confidences.tobytes() == evaluation.confidences.tobytes()
    assert list(found.names) == list(evaluation.names) and found.classes == evaluation.classes
    assert np.array_equal(found.ranks, ranks(evaluation.logits, evaluation.labels).numpy())
    if k <= 100:
        assert found.logits.tobytes() == evaluation.logits.tobytes() and nll(found) == figures["nll"]
    else:
        assert found.logits is None and found.top.shape == (200, 10)
        assert np.array_equal(found.scores, -np.sort(-evaluation.logits, axis=1)[:, :10])


def sorted_whole(scores, k):
    """The oracle: every row sorted whole, which keeps equal scores in the order of their classes."""
    return scores.sort(dim=1, descending=True, stable=True).indices[:, :k]


SPECIAL = torch.tensor([0.0, -0.0, 1.0, -1.0, float("inf"), -float("inf"), float("nan"), 1e-45, -1e-45, 3.4e38, -3.4e38])


@pytest.mark.parametrize("classes", [1, 2, 9, 10, 11, 1000])
def test_the_highest_classes_are_those_of_a_stable_sort(classes):
    draw = torch.Generator().manual_seed(classes)
    several = {
        "of a network": 3 * torch.randn(300, classes, generator=draw),
        "tied, as of a network in bf16": (3 * torch.randn(300, classes, generator=draw)).bfloat16().float(),
        "three values": torch.randint(-1, 2, (300, classes), generator=draw).float(),
        "all equal": torch.full((3, classes), -2.5),
        "zeros of both signs, infinities, NaN": SPECIAL[torch.randint(len(SPECIAL), (300, classes), generator=draw)],
    }
    for name, scores in several.items():
        assert torch.equal(highest(scores, 10), sorted_whole(scores, 10)), name


def test_answers_are_the_same_over_many_blocks():
    evaluation = random(2 * CHUNK + 7, 120)
    logits = torch.from_numpy(evaluation.logits)
    found = recorded(evaluation, "test")
    assert np.array_equal(found.top, sorted_whole(logits, 10).numpy())
    assert np.array_equal(found.ranks, ranks(logits, evaluation.labels).numpy())
    assert found.log_sums.tobytes() == (logits.double() / evaluation.temperature).logsumexp(1).numpy().tobytes()
