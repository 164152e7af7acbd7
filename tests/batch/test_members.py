"""Members: the pictures of a shard in their order, or the part of a task."""

from dataclasses import replace

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.batch.members import members
from clearsight.batch.task import Task
from clearsight.datasets.shards.reading import Shard, shard_at


def test_pictures_of_a_tar_and_of_files(tars):
    task = Task(shard_at(tars / "train-0001.tar"))
    every = members(task)
    assert [member.name for member in every] == ["10.png", "11.png", "12.png", "broken.png"]
    assert all(member.span.read().startswith(b"\x89PNG") for member in every)
    assert members(replace(task, start=1, stop=3)) == every[1:3]
    assert [member.name for member in members(Task(Shard("x", 2, ""), ("a.png", "b.png"), 1))] == ["b.png"]


def test_a_file_that_is_no_tar(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"x" * 2000)
    with pytest.raises(ClearsightError, match=r"a\.tar"):
        members(Task(shard_at(tmp_path / "a.tar")))
