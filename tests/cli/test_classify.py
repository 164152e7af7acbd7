"""`clearsight classify`: an answer for each source, in order."""

import json

import numpy as np
import pytest
from PIL import Image

from clearsight.cli import classify as module


def test_classify_answers_in_order_and_goes_on_after_a_bad_picture(clearsight, trained, scans, tmp_path):
    good = sorted((scans / "three").glob("*.png"))[:2]
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    said = clearsight("classify", trained["run"], good[0], bad, good[1], tmp_path / "missing.png", "--json")
    assert said.code == 1
    answers = json.loads(said.out)
    assert [answer["source"] for answer in answers] == [str(p) for p in (good[0], bad, good[1], tmp_path / "missing.png")]
    assert set(answers[1]) == {"source", "error"} == set(answers[3])
    keys = {"source", "label", "index", "confidence", "top", "novelty", "known", "labels", "model", "precision", "engine"}
    assert set(answers[0]) == keys
    assert 0 <= answers[0]["novelty"] <= 2 and answers[0]["known"] is answers[0]["labels"] is None, "neither was asked for"
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
    with Image.open(folder / "a.png") as picture:
        picture.save(folder / "d.gif", save_all=True, append_images=[picture.rotate(90)])
    said = clearsight("classify", trained["run"], folder)
    assert said.code == 1
    assert f"of 1 files with several pages or frames only the first is read: {folder / 'd.gif'}" in said.err
    assert "1 files that are no pictures left out: 1 .txt" in said.err
    assert "b.psd" in said.err and "Photoshop" in said.err


def test_folders_are_listed_in_the_order_of_their_paths(tmp_path):
    for name in (
        "b/2.png",
        "b/1.png",
        "a.png",
        "a/x.png",
        "c/.hidden/3.png",
        "c/notes.txt",
        "run/run.json",
        "run/recipe.toml",
        "run/4.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    notes: list[str] = []
    assert [path.removeprefix(f"{tmp_path}/") for path in module.expand((str(tmp_path),), notes)] == [
        "a/x.png",
        "a.png",
        "b/1.png",
        "b/2.png",
    ]
    assert notes == [
        "runs and classifiers of Clearsight left out: run",
        "1 hidden files or folders left out",
        "1 files that are no pictures left out: 1 .txt",
        "4 empty files (0 bytes), listed but unreadable: a.png, a/x.png, b/1.png … (4 in all)",
    ]


def test_a_folder_is_answered_before_it_is_walked_to_its_end(tmp_path):
    for name in ("a/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    found = module.expand((str(tmp_path),), [])
    assert next(found).endswith("a/1.png")
    (tmp_path / "b" / "1.png").write_bytes(b"x")
    assert next(found).endswith("b/1.png"), "folders are listed when it is their turn"


def test_a_folder_without_pictures_is_an_error(clearsight, trained, tmp_path):
    (tmp_path / "empty").mkdir()
    said = clearsight("classify", trained["run"], tmp_path / "empty")
    assert said.code == 1 and said.err == f"clearsight: no picture in {tmp_path / 'empty'}.\n" and not said.out


def test_classify_writes_embeddings_next_to_its_answers(clearsight, trained, scans, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    path = tmp_path / "vectors.npz"
    said = clearsight("classify", trained["run"], scans / "two", bad, "--batch", "7", "--embeddings", path, "--json")
    plain = clearsight("classify", trained["run"], scans / "two", bad, "--batch", "7", "--json")
    assert said.code == 1 and said.out == plain.out
    answers = json.loads(said.out)[:-1]
    with np.load(path) as held:
        assert held["path"].tolist() == [answer["source"] for answer in answers]
        assert held["label"].tolist() == [answer["label"] for answer in answers]
        assert held["embedding"].shape[0] == 30 and held["embedding"].dtype == np.float32
    refused = clearsight("classify", trained["run"], scans / "two", "--embeddings", tmp_path / "vectors.csv")
    assert refused.code == 2 and "must be .npz or .parquet" in refused.err


@pytest.mark.parametrize("words", [("--none-of-these", "--false-alarms", "20%"), ("--false-alarms", "0.2")])
def test_a_picture_unlike_every_class_is_none_of_these(clearsight, trained, scans, picture, words):
    known = sorted((scans / "two").glob("*.png"))[0]
    answers = json.loads(clearsight("classify", trained["run"], picture, known, *words, "--json").out)
    assert [answer["known"] for answer in answers] == [False, True]
    assert (answers[0]["label"], answers[0]["index"]) == ("none of these", -1) and answers[0]["top"][0]["label"] != "none of these"
    lines = clearsight("classify", trained["run"], picture, known, *words).out.splitlines()
    assert "novelty" in lines[0] and "none of these" in lines[1] and "(" in lines[1] and "none" not in lines[2]


def test_sets_of_classes_are_in_json_and_in_the_table(clearsight, trained, scans):
    (answer,) = json.loads(
        clearsight("classify", trained["run"], sorted((scans / "two").glob("*.png"))[0], "--coverage", "90 %", "--json").out
    )
    assert answer["labels"] in ([], ["two"]) or answer["labels"][0] == answer["label"]
    assert "set" in clearsight("classify", trained["run"], scans / "two", "--coverage", "0.9").out.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--none-of-these",), "5 % false alarms need 19 held-out novelty scores. This classifier has 10: allow more false alarms."),
        (("--coverage", "95%"), "coverage 95 % needs 19 calibration answers. This classifier has 10, enough for 90.9 %."),
        (("--coverage", "95"), "a share above 0 and below 1, as in 95% or 0.95. Got '95'."),
        (("--by-class",), "--by-class goes with --coverage, as in --coverage 90% --by-class."),
        (("--views", "mirror", "--coverage", "80%"), "no calibration answers"),
    ],
)
def test_what_cannot_be_promised_is_refused_in_one_line(clearsight, trained, picture, words, line):
    said = clearsight("classify", trained["run"], picture, *words)
    assert said.code == 2 and line in said.err
