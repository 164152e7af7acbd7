"""Run folders as the studio lists them: many, half-written, foreign, changed while it looks."""

import json
import os

import pytest

from clearsight.base.lock import hold
from clearsight.studio import runs
from clearsight.studio.runs import Runs, Unknown


def written(folder, top1=0.9, rows=2):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"data": "digits", "recipe": {"model": "lenet5"}}))
    (folder / "results.csv").write_text("epoch,loss\n" + "".join(f"{k},0.5\n" for k in range(rows)))
    (folder / "evaluation.json").write_text(json.dumps({"top1": {"value": top1}, "part": "test", "n": 360}))
    (folder / "recipe.toml").write_text("")
    return folder


def test_a_run_is_listed_with_what_its_files_say(tmp_path):
    folder = written(tmp_path / "one")
    [row] = Runs(tmp_path).listed()
    assert (row.name, row.state, row.data, row.model, row.epochs, row.part, row.n) == (
        "one",
        "interrupted",
        "digits",
        "lenet5",
        2,
        "test",
        360,
    )
    assert row.top1 == {"value": 0.9} and Runs(tmp_path).path(row.id) == folder
    (folder / "config.json").write_text("{}")
    assert Runs(tmp_path).listed()[0].state == "finished"
    with hold(folder):
        assert Runs(tmp_path).listed()[0].state == "running"


def test_the_newest_is_first_and_what_is_no_run_is_left_out(tmp_path):
    for name, seconds in (("old", 100), ("new", 300), ("mid", 200)):
        for file in written(tmp_path / name).iterdir():
            os.utime(file, (seconds, seconds))
    (tmp_path / "digits-labels").mkdir()
    (tmp_path / "digits-labels" / "journal.db").write_bytes(b"x")
    (tmp_path / "a file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "old")
    assert [row.name for row in Runs(tmp_path).listed()] == ["new", "mid", "old"]
    assert Runs(tmp_path / "nowhere").listed() == []


@pytest.mark.parametrize("name", ["run.json", "results.csv", "evaluation.json"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[1, 2]", b'{"top1": 3, "recipe": 4, "n": "x", "data": null}', b"epoch\nnot a number\n"]
)
def test_half_written_files_are_a_row_that_says_less(tmp_path, name, content):
    (written(tmp_path / "one") / name).write_bytes(content)
    [row] = Runs(tmp_path).listed()
    assert row.name == "one" and row.state == "interrupted"


def test_a_file_is_parsed_no_further_than_what_is_wanted_of_it(tmp_path):
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"part": 'te"st', "n": 3, "top1": {"value": 0.5, "n": 4}, "long": [1, 2]}, indent=1) + "damaged")
    assert runs.begin_of(str(file), {"n", "top1"}) == {"part": 'te"st', "n": 3, "top1": {"value": 0.5, "n": 4}}
    assert runs.begin_of(str(file), {"missing"})["long"] == [1, 2]
    assert runs.begin_of(str(tmp_path / "none.json"), {"n"}) == {}


def test_only_what_has_changed_is_read_again(tmp_path, monkeypatch):
    for k in range(5):
        written(tmp_path / str(k))
    known, read = Runs(tmp_path), []
    known.listed()
    told = runs._told
    monkeypatch.setattr(runs, "_told", lambda folder: read.append(folder.name) or told(folder))
    known.listed()
    assert read == []
    (tmp_path / "3" / "results.csv").write_text("epoch,loss\n1,0.1\n2,0.1\n3,0.1\n")
    assert {row.name: row.epochs for row in known.listed()}["3"] == 3 and read == ["3"]


def test_an_id_holds_after_a_restart_and_ends_with_its_folder(tmp_path):
    folder = written(tmp_path / "one")
    id = Runs(tmp_path).listed()[0].id
    assert Runs(tmp_path).path(id) == folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    for unknown in (id, "r_", "../one", ""):
        with pytest.raises(Unknown, match="no longer"):
            Runs(tmp_path).path(unknown)
