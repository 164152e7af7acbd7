"""What a page is told of a run: each row and line once, the state by the folder, and several side by side."""

import json
import math

import numpy as np
import pytest

from clearsight.base.lock import hold
from clearsight.runs.watched import Watched, file_of, packed
from clearsight.studio.follow import about, differing, rows, seen, since, state
from clearsight.studio.library import Library
from clearsight.studio.runs import Runs, Unknown, id_of
from clearsight.studio.trainings import Trainings
from tests.studio.test_runs import written

ID = id_of("one")


@pytest.fixture
def trainings(tmp_path):
    written(tmp_path / "runs" / "one")
    return Trainings(Library(tmp_path, runs=Runs(tmp_path / "runs")))


def test_rows_and_lines_come_once(trainings, tmp_path):
    folder = tmp_path / "runs" / "one"
    (folder / "results.csv").write_text("epoch,loss,val_loss\n1,0.5,inf\n2,0.4,nan\n")
    (folder / "live.jsonl").write_text('{"epoch": 1, "step": 1, "steps": 2}\n')
    first = since(trainings, ID, -1, 0)
    assert [row["epoch"] for row in first["rows"]] == [1, 2] and first["rows"][0]["val_loss"] is None
    assert len(first["lines"]) == 1 and first["state"] == "interrupted"
    json.dumps(first, allow_nan=False)
    again = since(trainings, ID, 2, first["at"])
    assert again["rows"] == [] and again["lines"] == [] and again["at"] == first["at"]
    with (folder / "live.jsonl").open("a") as file:
        file.write('{"epoch": 2, "step": 1, "steps": 2}\n')
    assert [line["epoch"] for line in since(trainings, ID, 2, first["at"])["lines"]] == [2]
    assert all(math.isfinite(value) for row in rows(folder) for value in row.values() if value is not None)


def test_the_state_is_the_folder_s(trainings, tmp_path):
    folder = tmp_path / "runs" / "one"
    with hold(folder):
        assert state(trainings, ID) == "running"
    (folder / "error.json").write_text('{"error": "the disk is full"}')
    told = since(trainings, ID, -1, 0)
    assert (told["state"], told["reason"]) == ("failed", "the disk is full")
    assert about(trainings, ID)["reason"] == "the disk is full"
    with pytest.raises(Unknown):
        since(trainings, "r_no", -1, 0)


def test_what_a_run_is(trainings, tmp_path):
    folder = tmp_path / "runs" / "one"
    (folder / "recipe.toml").write_text('model = "lenet5"\nepochs = 3\n')
    told = about(trainings, ID)
    assert told["settings"] == {"model": "lenet5", "epochs": 3} and told["pictures"] is None and told["network"] == ""
    assert told["command"] == ["train", "--resume", str(folder)]
    (folder / "recipe.toml").write_text('model = "@evil:Net"\n')
    assert about(trainings, ID)["command"] == ""
    (folder / "watch").mkdir()
    (folder / "watch" / "pictures.json").write_text('{"side": 8, "pictures": [{"index": 4, "name": "a\\nb", "label": 2}]}')
    (folder / "watch" / "pictures.png").write_bytes(b"png")
    assert about(trainings, ID)["pictures"] == {"side": 8, "rows": [{"name": r"a\nb", "label": 2}], "sheet": "cG5n"}
    (folder / "watch" / "pictures.json").write_text('{"side": 8, "pictures": 3}')
    assert about(trainings, ID)["pictures"] is None


def test_an_epoch_s_answers(trainings, tmp_path):
    folder = tmp_path / "runs" / "one" / "watch"
    folder.mkdir()
    (folder / file_of(2)).write_bytes(packed(Watched(np.eye(2, 3, dtype=np.float32), np.ones((4, 1, 3, 3), np.float16))))
    told = seen(trainings, ID, 2)
    assert told["shape"] == [4, 1, 3, 3] and len(told["probabilities"]) == 32
    (folder / file_of(3)).write_bytes(b"torn")
    for epoch in (1, 3, -1):
        with pytest.raises(Unknown, match="nothing is kept"):
            seen(trainings, ID, epoch)


def test_only_settings_that_differ():
    assert differing([{"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1}]) == [["b", 2, 3, None]]
    assert differing([{"a": 1}]) == [] and differing([]) == []
