"""Stored answers say what the evaluation said."""

import numpy as np
import pytest

from clearsight.evaluation.answers import read, save
from clearsight.evaluation.recorded import nll, recorded, reliability
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
