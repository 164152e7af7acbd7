"""Classifying shards into a folder: every picture once, restarts, exact counts, pictures that end their process."""

import json
from dataclasses import asdict

import pytest

from clearsight.base.errors import ClearsightError, InUse, UsageError
from clearsight.base.remote import lease, store
from clearsight.base.remote.place import Place
from clearsight.batch.run import classify_shards
from clearsight.classifier import load, save
from tests.batch.conftest import keys, pack, rows
from tests.exports.made import spread


def test_every_picture_is_a_row_as_classify_answers(inside, tars, model, tmp_path):
    found = classify_shards(model, tars, tmp_path / "out", workers=2, quiet=True, top=2)
    assert (found.shards, found.skipped, found.pictures, found.failed, found.ended) == (3, 0, 18, 1, 0)
    every = rows(tmp_path / "out")
    assert len(every) == 18 == len(set(keys(tmp_path / "out")))
    (broken,) = [row for row in every if row["error"]]
    assert broken["member"] == "broken.png" and broken["label"] is None and broken["model"] == found.model
    classifier = load(model).faster()
    row = next(row for row in every if row["member"] == "03.png")
    expected = asdict(classifier.classify(model / "golden" / "03.png", top=2))
    assert row["top"] == [{**choice, "confidence": pytest.approx(choice["confidence"], abs=1e-6)} for choice in expected["top"]]
    assert all(row[name] == expected[name] for name in ("label", "index", "known", "labels", "model", "precision", "engine"))
    assert row["novelty"] == pytest.approx(expected["novelty"], abs=1e-5)
    said = json.loads((tmp_path / "out" / "_SUCCESS").read_text())
    assert (said["pictures"], said["failed"], said["options"]["top"]) == (18, 1, 2)
    assert "18 pictures of 3 shards" in found.headline() and "1 of them have an error" in found.headline()


def test_what_is_done_is_not_computed_again(inside, tars, model, tmp_path):
    out = tmp_path / "out"
    first = classify_shards(model, tars, out, workers=1, quiet=True)
    gone = sorted(out.glob("*.parquet"))[1]
    others = {path: path.read_bytes() for path in out.glob("*.parquet") if path != gone}
    gone.unlink()
    (out / ".x.parquet.0123abcd.tmp").write_bytes(b"of a process that was killed")
    inside.clear()
    again = classify_shards(model, tars, out, workers=1, quiet=True)
    assert [task.shard.address for task in inside] == [str(tars / "train-0001.tar")]
    assert (again.skipped, again.pictures, again.failed) == (2, first.pictures, first.failed)
    assert {path: path.read_bytes() for path in others} == others and not list(out.glob(".x*"))
    inside.clear()
    assert classify_shards(model, tars, out, workers=1, quiet=True).skipped == 3 and not inside


def test_a_folder_of_other_answers_is_refused(inside, tars, model, tmp_path):
    out = tmp_path / "out"
    classify_shards(model, tars, out, workers=1, quiet=True)
    with pytest.raises(UsageError, match="answers to other options"):
        classify_shards(model, tars, out, workers=1, quiet=True, top=1)
    with pytest.raises(UsageError, match="not among these, or have changed since: train-0001"):
        classify_shards(model, [tars / "train-0000.tar", tars / "train-0002.tar"], out, quiet=True)
    other = tmp_path / "other"
    classifier = spread("lenet5", size=32)
    classifier.model.head.bias.data += 1
    save(classifier, other, [])
    with pytest.raises(UsageError, match="answers of the classifier"):
        classify_shards(other, tars, out, workers=1, quiet=True)


def test_pictures_that_end_their_process_are_found_and_have_a_row(inside, model, tmp_path):
    png = (model / "golden" / "00.png").read_bytes()
    names = [f"{k:03}{'-killer' if k in (0, 41, 42, 99) else ''}.png" for k in range(100)]
    pack(tmp_path / "a.tar", dict.fromkeys(names, png))
    pack(tmp_path / "alone.tar", {"killer.png": png})
    inside.killed = {1}
    found = classify_shards(model, [tmp_path / "a.tar", tmp_path / "alone.tar"], tmp_path / "out", workers=2, quiet=True)
    assert (found.pictures, found.failed, found.ended) == (101, 5, 5)
    every = rows(tmp_path / "out")
    assert [row["member"] for row in every] == [*names, "killer.png"]
    assert all((row["error"] == "its process ended while it was classified (SIGSEGV)") == ("killer" in row["member"]) for row in every)
    assert classify_shards(model, tmp_path, tmp_path / "out", workers=1, quiet=True).ended == 5, "also when all was done before"


def test_a_classifier_that_every_picture_ends_is_stopped(inside, model, tmp_path):
    png = (model / "golden" / "00.png").read_bytes()
    pack(tmp_path / "a.tar", {f"killer{k:03}.png": png for k in range(50)})
    with pytest.raises(ClearsightError, match=r"10 pictures ended their process, too many of all. The last: SIGSEGV"):
        classify_shards(model, tmp_path, tmp_path / "out", workers=1, quiet=True)


def test_a_worker_killed_from_outside_costs_one_repetition(inside, tars, model, tmp_path):
    inside.killed = {2}
    found = classify_shards(model, tars, tmp_path / "out", workers=1, quiet=True)
    assert (found.pictures, found.ended, len(inside)) == (18, 0, 4)


def test_a_shard_that_cannot_be_read_is_no_row_and_the_others_are_done(inside, tars, model, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for path in tars.glob("*.tar"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "train-0001.tar").write_bytes(b"no tar" * 200)
    with pytest.raises(ClearsightError, match=r"1 shards could not be read, and have no answers; all others are done.*train-0001.tar"):
        classify_shards(model, folder, tmp_path / "out", workers=1, quiet=True)
    assert len(rows(tmp_path / "out")) == 14 and not (tmp_path / "out" / "_SUCCESS").exists()


def test_from_a_store_into_a_store_with_faults(inside, tars, model, s3, monkeypatch):
    monkeypatch.setattr(store, "FIRST", 0.0)
    size = 0
    for path in sorted(tars.glob("*.tar")):
        store.write(f"{s3.folder}/in/{path.name}", path.read_bytes())
        size += path.stat().st_size
    for path in sorted((model / "golden").glob("*.png")):
        store.write(f"{s3.folder}/in/loose/{path.name}", path.read_bytes())
        size += path.stat().st_size
    s3.share = 0.05
    inside.killed = {2}
    with lease.take(f"{s3.folder}/out", "of another machine"), pytest.raises(InUse, match="/out is in use: process"):
        classify_shards(model, [f"{s3.folder}/in"], f"{s3.folder}/out", quiet=True)
    found = classify_shards(model, [f"{s3.folder}/in"], f"{s3.folder}/out", workers=2, quiet=True)
    assert (found.shards, found.pictures, found.failed) == (4, 22, 1)
    assert len(set(keys(f"{s3.folder}/out"))) == 22
    assert json.loads(Place(f"{s3.folder}/out").read("_SUCCESS"))["pictures"] == 22
    assert "key" not in found.out


def test_words_that_cannot_be_meant(tars, model, tmp_path):
    with pytest.raises(UsageError, match="no runner is called 'spark'"):
        classify_shards(model, tars, tmp_path / "out", on="spark")
    with pytest.raises(UsageError, match="workers and seconds must be"):
        classify_shards(model, tars, tmp_path / "out", workers=-1)
