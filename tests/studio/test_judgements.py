"""What a run was judged on: its own evaluation first, the others by ids, and the data they were made on."""

import json
import os

import pytest

from clearsight.classifier.learnt import LEARNT
from clearsight.evaluation.answers import FILE
from clearsight.studio.judgements import TAUGHT, data_of, home, id_of, judgements
from clearsight.studio.library import Library, data
from clearsight.studio.runs import Unknown
from clearsight.studio.web.report import shared
from tests.studio.test_runs import written


@pytest.fixture
def run(tmp_path):
    folder = written(tmp_path / "one")
    for name, seconds in (("older", 100), ("newer", 200)):
        other = folder / "judged" / name
        other.mkdir(parents=True)
        (other / FILE).write_bytes(b"")
        os.utime(other / FILE, (seconds, seconds))
    (folder / "judged" / "newer" / "evaluation.json").write_text(
        json.dumps({"part": "val", "n": 7, "top1": {"value": 0.5}, "judged_on": {"data": "a\nb"}})
    )
    (folder / "judged" / "empty").mkdir()
    return folder


def test_its_own_is_first_then_the_newest(run):
    older, newer = (id_of(run, run / "judged" / name) for name in ("older", "newer"))
    assert [one.id for one in judgements(run)] == [newer, older] and home(run) == run / "judged" / "newer"
    first = judgements(run)[0]
    assert (first.data, first.part, first.n, first.top1, first.modified) == (r"a\nb", "val", 7, {"value": 0.5}, 200.0)
    (run / FILE).write_bytes(b"")
    assert [one.id for one in judgements(run)] == ["own", newer, older] and home(run) == home(run, "own") == run
    assert home(run, older) == run / "judged" / "older" and judgements(run)[0].n == 360


def test_runs_are_compared_on_what_neither_has_learnt_from_nor_was_chosen_by(run):
    other = written(run.parent / "two")
    assert TAUGHT == LEARNT
    for folder, part in ((run, "val"), (run, "test"), (other, "test"), (other, "val")):
        home = folder / "judged" / part
        home.mkdir(parents=True, exist_ok=True)
        (home / FILE).write_bytes(b"")
        (home / "evaluation.json").write_text(json.dumps({"part": part, "n": 7, "judged_on": {"data": "digits"}}))
    assert [(one.part, theirs.part) for one, theirs in shared(run, other)] == [("test", "test")]


def test_without_answers_it_is_the_folder_of_the_run_and_ids_are_no_paths(run, tmp_path):
    bare = written(tmp_path / "two")
    assert judgements(bare) == [] and home(bare) == bare
    for id in ("own", "older", "../two", id_of(run, run / "judged" / "empty")):
        with pytest.raises(Unknown, match="no longer"):
            home(run, id)


def test_data_are_the_runs_own_or_those_of_the_studio(run, tmp_path):
    photos = data("/somewhere/photos.csv")
    library = Library(tmp_path, data={photos.id: photos})
    assert data_of(library, run, "").words == data_of(library, run, "digits").words == "digits"
    assert data_of(library, run, "photos") is photos
    with pytest.raises(Unknown, match="its data, cats, are not in the studio"):
        data_of(library, run, "cats")
