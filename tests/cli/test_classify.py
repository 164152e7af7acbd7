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


def test_classify_folder_names_what_it_left_out_and_what_it_cannot_read(clearsight, trained, scans, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.png").write_bytes(sorted((scans / "two").glob("*.png"))[0].read_bytes())
    (folder / "b.psd").write_bytes(b"8BPS")
    (folder / "c.txt").write_text("notes")
    said = clearsight("classify", trained["run"], folder)
    assert said.code == 1
    assert "1 files that are no pictures left out: 1 .txt" in said.err
    assert "b.psd" in said.err and "Photoshop" in said.err
