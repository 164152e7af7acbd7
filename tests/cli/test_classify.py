"""`clearsight classify`: an answer for each source, in order."""

import json

import pytest


def test_classify_answers_in_order_and_goes_on_after_a_bad_picture(clearsight, trained, scans, tmp_path):
    good = sorted((scans / "three").glob("*.png"))[:2]
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    said = clearsight("classify", trained["run"], good[0], bad, good[1], tmp_path / "missing.png", "--json")
    assert said.code == 1
    answers = json.loads(said.out)
    assert [answer["source"] for answer in answers] == [str(p) for p in (good[0], bad, good[1], tmp_path / "missing.png")]
    assert set(answers[1]) == {"source", "error"} == set(answers[3])
    assert set(answers[0]) == {"source", "label", "index", "confidence", "top"}
    assert set(answers[0]["top"][0]) == {"label", "index", "confidence"}
    assert answers[0]["top"][0]["label"] == answers[0]["label"]


def test_classify_folder_glob_and_batch_size_agree(clearsight, trained, scans):
    a = json.loads(clearsight("classify", trained["run"], scans / "two", "--json").out)
    b = json.loads(clearsight("classify", trained["run"], f"{scans}/two/*.png", "--batch", "3", "--json").out)
    assert [x["source"] for x in a] == [x["source"] for x in b] and len(a) == 30
    assert [x["confidence"] for x in a] == pytest.approx([x["confidence"] for x in b], abs=1e-5)
