"""`clearsight train --ensemble`, `clearsight ensemble`, and the verbs on what they make."""

import json

import pytest

from tests.pictures import digit_folder

ROAD = ("--model", "pixels", "--epochs", "3", "--lr", "0.02", "--speed", "plain")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return digit_folder(tmp_path_factory.mktemp("digits") / "scans", per_class=20, classes=6, side=8)


def test_an_ensemble_is_trained_judged_used_and_looked_into(clearsight, folder, tmp_path):
    said = clearsight("train", folder, *ROAD, "--ensemble", "2", "--out", "two", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["model"] == "2 × pixels" and set(found["ensemble"]) == {"n", "part", "members", "mean", "ensemble"}
    assert "member 2 of 2, seed 1" in said.err and "mean of members" in said.err
    page = (tmp_path / "runs/two/report.html").read_text()
    assert "<h2>Ensemble</h2>" in page and "members/2" in page
    judged = json.loads(clearsight("evaluate", "runs/two", "--json", "--quiet").out)
    other = json.loads(clearsight("evaluate", "runs/two", "--json", "--quiet", "--views", "shift:1").out)
    assert judged["n"] == other["n"] and judged["nll"] != other["nll"]
    assert (judged["views"], other["views"]) == ("", "shift:1")
    picture = next((folder / "three").glob("*.png"))
    answer = json.loads(clearsight("classify", "runs/two", picture, "--json").out)[0]
    assert set(answer) == {"source", "label", "index", "confidence", "top", "novelty", "known", "labels", "model", "precision", "engine"}
    shifted = json.loads(clearsight("classify", "runs/two", picture, "--json", "--views", "shift:1").out)[0]
    assert shifted["confidence"] != answer["confidence"]
    why = json.loads(clearsight("look", "why", "runs/two", picture, "--method", "saliency", "--json").out)
    assert why["class"] in ("zero", "one", "two", "three", "four", "five") and why["method"] == "saliency"
    attacked = clearsight("attack", "runs/two", "--method", "fgsm", "--n", "10", "--json", "--quiet")
    assert json.loads(attacked.out)["n"] == 10
    stressed = clearsight("stress", "runs/two", "--only", "rotation", "--n", "10", "--json", "--quiet")
    assert stressed.code == 0, stressed.err
    assert clearsight("verify", "runs/two").code == 0
    page = (tmp_path / "runs/two/report.html").read_text()
    assert "Adversarial robustness" in page and "Common corruptions" in page
    assert clearsight("classify", "runs/two", picture, "--views", "mirrors").code == 2


def test_runs_are_joined(clearsight, folder):
    for name, seed in (("a", "0"), ("b", "1")):
        assert clearsight("train", folder, *ROAD, "--seed", seed, "--split-seed", "0", "--out", name, "--quiet").code == 0
    said = clearsight("ensemble", "runs/a", "runs/b", "--out", "both", "--json")
    assert json.loads(said.out) == {"run": "runs/both", "model": "2 × pixels", "members": ["runs/a", "runs/b"]}
    assert json.loads(clearsight("evaluate", "runs/both", "--json", "--quiet").out)["n"] == 24
    assert clearsight("ensemble", "runs/a", "runs/b", "--out", "both").code == 2
    assert "clearsight evaluate" in clearsight("ensemble", "runs/a", "runs/b").out
    alone = clearsight("ensemble", "runs/a")
    assert alone.code == 2 and "at least 2" in alone.err
