"""The ladder of a cross-validated head: the same pictures and folds, and what each rung reaches by an independent computation."""

import numpy as np
import pytest
import torch

from clearsight.datasets.open import open_dataset
from clearsight.experiments import rungs as module
from clearsight.experiments.rungs import rungs
from clearsight.runs.held_out import HeldOut
from tests.pictures import digit_arrays


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 1e6)


@pytest.fixture(scope="module")
def data():
    pictures, labels = digit_arrays(per_class=12)
    few = labels < 3
    return open_dataset((pictures[few], labels[few])).parts["all"]


def right_answers(data, wrong=0):
    labels = torch.from_numpy(data.labels)
    logits = 5 * torch.nn.functional.one_hot(labels, len(data.classes)).float()
    logits[:wrong] = -logits[:wrong]
    return HeldOut(torch.arange(len(data)), labels, logits, torch.arange(len(data)))


def test_every_rung_is_judged_on_the_same_pictures(data):
    found = rungs(data, right_answers(data, wrong=1), 0, {})
    values = [row["top1"]["value"] for row in found["rows"]]
    assert [row["title"] for row in found["rows"]] == ["commonest class", "softmax on pixels", "HOG", "trained features"]
    assert values[0] == pytest.approx(data.counts().max() / len(data)) and values[3] == pytest.approx(1 - 1 / len(data))
    assert values[1] > values[0] and values[2] > 0.8 and found["n"] == len(data) and len(found["steps"]) == 3
    assert all(row["top1"]["low"] < row["top1"]["value"] for row in found["rows"]) and not found["left_out"]


def test_coordinates_keep_all_products():
    vectors = torch.randn(7, 50, generator=torch.Generator().manual_seed(0))
    found = module._coordinates(vectors)
    assert found.shape == (7, 7)
    torch.testing.assert_close(found @ found.T, vectors @ vectors.T, rtol=1e-4, atol=1e-3)
    assert module._coordinates(vectors.T) is not None and module._coordinates(vectors.T).shape == (50, 7)


@pytest.mark.parametrize(("setting", "value", "says"), [("MOST", 5, "which take too long for"), ("SECONDS", -1.0, "which takes longer")])
def test_what_would_take_long_is_left_out_and_said(setting, value, says, data, monkeypatch):
    monkeypatch.setattr(module, setting, value)
    found = rungs(data, right_answers(data), 0, {})
    assert [row["title"] for row in found["rows"]] == ["commonest class", "trained features"]
    assert says in found["left_out"][0] and "clearsight ladder" in found["left_out"][0]


@pytest.mark.parametrize("kept", ["head", "tuned"])
def test_tuning_is_the_highest_rung(kept, data, monkeypatch):
    monkeypatch.setattr(module, "MOST", 5)
    n = len(data)
    tuning = {"tried": True, "kept": kept, "n": n, "head_accuracy": 1.0, "tuned_accuracy": (n - 2) / n, "stage": "layer1"}
    rows = rungs(data, right_answers(data, wrong=0 if kept == "head" else 2), 0, tuning)["rows"]
    assert [row["title"] for row in rows[-2:]] == ["trained features", "tuned above layer1"]
    assert [row["top1"]["value"] for row in rows[-2:]] == pytest.approx([1.0, (n - 2) / n])
    np.testing.assert_array_less(rows[-1]["top1"]["low"], rows[-1]["top1"]["value"])
