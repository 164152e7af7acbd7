"""Which pictures are judged: by the run's own split where the data are the run's, never training pictures by accident."""

import shutil

import pytest

from clearsight.base.errors import UsageError
from clearsight.evaluate.parts import choose_part
from clearsight.train.train import train
from tests.pictures import digit_folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("parts")
    folder = digit_folder(root / "scans", per_class=20, classes=3)
    return train(folder, out=str(root / "run"), model="pixels", epochs=2, speed="plain", quiet=True), folder


def names(data):
    return set(map(str, data.names))


def test_the_runs_own_test_part_however_the_data_are_called(trained, tmp_path, monkeypatch):
    run, folder = trained
    test = names(run.parts.parts["test"])
    moved = shutil.copytree(folder, tmp_path / "moved")
    monkeypatch.chdir(folder.parent)
    for data in (None, str(folder), folder.name, str(moved)):
        chosen, part, _ = choose_part(run.run, data)
        assert (names(chosen), part) == (test, "test")
    assert names(choose_part(run.run, None, "train")[0]) == names(run.parts.parts["train"])


def test_other_data_are_judged_whole_and_that_is_said(trained, tmp_path):
    other = digit_folder(tmp_path / "other", per_class=4, classes=3)
    chosen, part, notes = choose_part(trained[0].run, str(other))
    assert (len(chosen), part) == (12, "all")
    assert "all 12 pictures are judged" in notes[-1]
    with pytest.raises(UsageError, match="has no part 'val'"):
        choose_part(trained[0].run, str(other), "val")


def test_a_part_that_is_not_there_is_named(trained):
    with pytest.raises(UsageError, match=r"no part 'tset'\. There is: train, val, test"):
        choose_part(trained[0].run, None, "tset")
