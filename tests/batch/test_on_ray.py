"""Actors of Ray: the rows of the local runner; a picture that ends its actor has a row; without Ray, the command that installs it."""

import sys

import pytest

from clearsight.base.errors import MissingExtra
from clearsight.batch import on_ray
from clearsight.batch.on_ray import Actor
from clearsight.batch.parquet import rows_of
from clearsight.batch.plan import plan
from clearsight.batch.run import classify_shards
from clearsight.batch.task import Job, packed
from tests.batch.conftest import rows


def test_an_actor_answers_in_tuples(model, tars, tmp_path):
    task = plan([str(tars / "train-0000.tar")], [])[0]
    actor = Actor(packed(Job(str(model), asked={"top": 1})), str(tmp_path))
    assert len(actor.open()[0]) == 64 and actor.at() == (0, -1)
    kind, counts, data = actor.work(packed(task))
    assert (kind, counts["pictures"], data, actor.at()) == ("done", 5, b"", (5, 5))
    assert len(list(rows_of((tmp_path / f"{task.key}.parquet").read_bytes()))) == 5
    assert Actor(packed(Job(str(tmp_path))), "")
    assert "no classifier" in Actor(packed(Job(str(tmp_path))), "").open()[1]


def test_without_ray(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"--on ray needs its package: pip install 'clearsight\[ray\]'"):
        on_ray.starter(Job("x"), "out", workers=1, seconds=1, cores=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_rows_of_the_local_runner(model, tars, tmp_path, inside, ray):
    local = classify_shards(model, tars, tmp_path / "local", quiet=True)
    found = classify_shards(model, tars, tmp_path / "ray", on="ray", workers=1, quiet=True)
    assert (found.pictures, found.failed) == (local.pictures, local.failed)
    key = lambda row: (row["shard"], row["member"])  # noqa: E731
    assert sorted(rows(tmp_path / "ray"), key=key) == sorted(rows(tmp_path / "local"), key=key)
