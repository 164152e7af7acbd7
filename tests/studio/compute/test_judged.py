"""Stored answers as the page gets them."""

import base64

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.evaluation.answers import FILE, NoAnswers, save
from clearsight.evaluation.recorded import recorded
from clearsight.metrics.intervals import wilson
from clearsight.studio.compute.judged import comparison, report
from tests.evaluation.test_answers import random


def test_a_report_has_every_answer_and_its_figures(tmp_path):
    evaluation = random(50, 3)
    save(tmp_path, recorded(evaluation, "test"))
    found, figures = report(None, str(tmp_path), str(tmp_path)), evaluation.to_json()
    columns = {
        "labels": ("<i4", evaluation.labels),
        "choices": ("<i4", evaluation.predictions),
        "confidences": ("<f4", evaluation.confidences),
    }
    columns["truths"] = ("<f4", evaluation.probabilities[np.arange(50), evaluation.labels])
    for name, (kind, wanted) in columns.items():
        assert np.frombuffer(base64.b64decode(found[name]), kind) == pytest.approx(wanted, rel=1e-5), name
    assert (found["top1"], found["nll"], found["ece"], found["n"]) == (figures["top1"], figures["nll"], figures["ece"], 50)
    assert [{k: v for k, v in row.items() if k != "limits"} for row in found["bins"]] == figures["reliability"]
    full = next(row for row in found["bins"] if row["n"])
    assert full["limits"] == wilson(round(full["accuracy"] * full["n"]), full["n"])
    assert found["names"][0] == "a\\nb\\x00\\udcff <b>.png" and found["doubt"] == ""
    (tmp_path / FILE).unlink()
    with pytest.raises(NoAnswers):
        report(None, str(tmp_path), str(tmp_path))


def test_a_comparison_names_the_pictures_that_decide(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    a, b = random(60, 3), random(60, 3)
    better = b.logits.copy()
    better[np.arange(60), b.labels] += 9
    object.__setattr__(b, "logits", better)
    save(tmp_path / "a", recorded(a, "test"))
    save(tmp_path / "b", recorded(b, "test"))
    runs = [str(tmp_path / name) for name in "ab"]
    found = comparison(None, *runs, of=runs)
    only = np.flatnonzero(~a.right & b.right)
    assert [one["row"] for one in found["pictures"]["only_b"]] == only.tolist() and not found["pictures"]["only_a"]
    assert found["headline"].startswith(f"B is better on {len(only)}, worse on 0: p ") and found["figures"]["only_b"] == len(only)
    first = found["pictures"]["only_b"][0]
    assert first["truth"] == first["b"]["label"] == a.classes[a.labels[only[0]]] != first["a"]["label"]
    save(tmp_path / "b", recorded(random(61, 3), "test"))
    with pytest.raises(UsageError, match="the same pictures on both sides"):
        comparison(None, *runs, of=runs)
