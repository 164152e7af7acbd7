import dataclasses
import io
import json

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, log_loss

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.evaluation.evaluate import Evaluation, evaluate
from clearsight.reports.console import tables
from tests.evaluation.stand_in import NAMES, Nearest, digits, judged


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(Nearest(), digits(), quiet=True)


def test_figures_are_scikit_learns(found):
    figures = found.to_json()
    assert figures["n"] == 60
    assert figures["top1"]["value"] == accuracy_score(found.labels, found.predictions)
    assert figures["macro"]["value"] == pytest.approx(balanced_accuracy_score(found.labels, found.predictions))
    assert figures["confusion"] == confusion_matrix(found.labels, found.predictions).tolist()
    assert figures["nll"] == pytest.approx(log_loss(found.labels, softmax(found.logits.astype(float) / 2, axis=1)), rel=1e-5)
    assert figures["nll_raw"] != figures["nll"]
    assert 0.6 < figures["top1"]["value"] < figures["top5"]["value"] <= 1
    for name in ("top1", "top5", "macro"):
        assert 0 <= figures[name]["low"] <= figures[name]["value"] <= figures[name]["high"] <= 1
    assert figures["top1_error"]["low"] == 1 - figures["top1"]["high"]
    assert sum(row["n"] for row in figures["reliability"]) == 60


def test_its_repr_is_the_headline_without_the_arrays(found):
    assert repr(found) == f"Evaluation({found.headline()})"


def test_the_json_is_json(found):
    figures = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [set(row) for row in figures["per_class"]] == [{"label", "n", "precision", "recall", "f1"}] * 10
    assert set(figures["mistakes"][0]) == {"source", "truth", "label", "confidence"}
    sure = [row["confidence"] for row in figures["mistakes"]]
    assert sure == sorted(sure, reverse=True)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batch_size_and_order_change_nothing(found, batch_size):
    order = np.random.default_rng(0).permutation(60)
    again = evaluate(Nearest(), digits().subset(order), batch_size=batch_size, quiet=True)
    assert again.names.tolist() == found.names[order].tolist()
    assert again.logits == pytest.approx(found.logits[order], abs=1e-4)


def test_classes_are_joined_by_name(found):
    turned = digits()
    turned = dataclasses.replace(turned, classes=NAMES[::-1], labels=9 - turned.labels)
    assert evaluate(Nearest(), turned, quiet=True).to_json()["top1"] == found.to_json()["top1"]


def test_a_class_without_pictures_is_null(found):
    figures = evaluate(Nearest(), digits(classes=4), quiet=True).to_json()
    assert len(figures["per_class"]) == 10
    assert (figures["per_class"][9]["n"], figures["per_class"][9]["recall"]) == (0, None)
    assert 0 < figures["macro"]["value"] <= 1
    json.dumps(figures, allow_nan=False)


def test_a_class_that_the_classifier_does_not_know():
    with pytest.raises(UsageError, match="'nine'"):
        evaluate(Nearest(classes=9), digits(), quiet=True)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_few_classes(k):
    figures = evaluate(Nearest(classes=k), digits(classes=k), quiet=True).to_json()
    assert figures["top5_k"] == k
    assert figures["top5"]["value"] == 1.0


def test_no_pictures():
    with pytest.raises(UsageError, match="no pictures"):
        evaluate(Nearest(), digits().subset([]), quiet=True)
    with pytest.raises(UsageError, match="no pictures"):
        judged([], [], ("a", "b"))
    with pytest.raises(UsageError, match="batch_size"):
        evaluate(Nearest(), digits(), batch_size=-1)


def test_scores_that_are_not_numbers_are_not_judged():
    with pytest.raises(ClearsightError, match=r"first for 1\.png"):
        Evaluation(("a", "b"), np.array(["0.png", "1.png"], dtype=object), np.zeros(2, np.int64), np.float32([[0, 0], [np.nan, 0]]))


def test_names_that_are_not_utf8_can_be_written():
    odd = digits(1, 2)
    odd = dataclasses.replace(odd, names=np.array(["b\udcff.png", "c.png"], dtype=object))
    assert evaluate(Nearest(2), odd, quiet=True).names.tolist() == ["b\\udcff.png", "c.png"]


def test_mistakes_and_pairs_by_hand():
    found = judged([0, 0, 1, 1, 2], [1, 1, 1, 0, 2], ("a", "b", "c"))
    found.logits[1, 1] = 9
    assert found.mistakes() == [1, 0, 3]
    assert found.to_json()["confused_pairs"] == [
        {"truth": "a", "prediction": "b", "n": 2, "share": 1.0},
        {"truth": "b", "prediction": "a", "n": 1, "share": 0.5},
    ]
    assert judged([0], [0], ("a",)).to_json()["confused_pairs"] == []


def test_temperature_changes_confidence_and_not_the_answer(found):
    sharp = dataclasses.replace(found, temperature=0.1)
    assert (sharp.predictions == found.predictions).all()
    assert sharp.confidences.mean() > found.confidences.mean()
    assert torch.from_numpy(found.probabilities).sum(1).numpy() == pytest.approx(np.ones(60), abs=1e-5)


def test_tables_for_the_terminal(found):
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(*tables(found), *tables(judged([0] * 3, [0] * 3, tuple(f"[{i}]" for i in range(30)))))
    text = console.export_text()
    assert all(word in text for word in ("top-1 accuracy", "seven", "predicted", "the 20 of 30 classes", "[0]"))
