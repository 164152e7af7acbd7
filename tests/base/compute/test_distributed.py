"""The processes of one training: their environment, their parts, and what a group of one does."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.distributed as dist

from clearsight.base.compute import distributed
from clearsight.base.compute.distributed import ProcessGroup, join_group, lost, process_group
from clearsight.base.errors import LostProcess, UsageError


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"WORLD_SIZE": "abc"}, "WORLD_SIZE must be a whole number from 1 to 65536. Got 'abc'"),
        ({"WORLD_SIZE": ""}, "WORLD_SIZE must be a whole number"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE must be a whole number"),
        ({"WORLD_SIZE": "2"}, "RANK must be a whole number from 0 to 1. Got 'nothing'"),
        ({"WORLD_SIZE": "2", "RANK": "2"}, "RANK must be a whole number from 0 to 1. Got '2'"),
        ({"WORLD_SIZE": "2", "RANK": "0"}, "MASTER_PORT must be a whole number"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_PORT": "29500"}, "MASTER_ADDR is not set"),
    ],
)
def test_half_a_team_is_a_mistake_of_the_environment(monkeypatch, said, says):
    for name in ("WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=says) as found:
        join_group()
    assert "torchrun" in str(found.value)
    assert not os.environ.get("TORCHELASTIC_RUN_ID")


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_the_parts_together_are_everything_once(world):
    indices = torch.arange(20)
    parts = [ProcessGroup(rank, world).shard(indices) for rank in range(world)]
    assert torch.equal(torch.cat(parts), indices) and max(map(len, parts)) - min(map(len, parts)) <= 1
    assert [ProcessGroup(rank, world).is_main for rank in range(world)] == [True, *[False] * (world - 1)]


def test_a_group_of_one_exchanges_nothing():
    alone, rows = ProcessGroup(), torch.rand(3, 2)
    assert alone.all_reduce(rows) is rows and alone.all_gather(rows, [3]) is rows and alone.broadcast(7) == 7
    alone.broadcast_tensors([rows])


def test_without_torchrun_there_is_one_process(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with process_group() as group:
        assert group == ProcessGroup(0, 1)
    assert not dist.is_initialized()


def test_a_lost_process_is_said_and_other_errors_pass(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(LostProcess, match="clearsight train --resume RUN"), process_group():
        raise RuntimeError("[gloo/transport] Connection closed by peer")
    with pytest.raises(ValueError, match="mine"), process_group():
        raise ValueError("mine")
    assert not lost(None) and not lost(RuntimeError("mine"))
    assert lost(RuntimeError("Gloo connectFullMesh failed with ..."))


def test_processes_that_do_not_find_each_other_are_no_bug(monkeypatch):
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(distributed, "_store", lambda *_: None)
    monkeypatch.setattr(dist, "init_process_group", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("Gloo connectFullMesh failed")))
    with pytest.raises(LostProcess, match="did not find each other"), process_group():
        raise AssertionError("nobody came")


def test_a_process_that_does_not_come_ends_the_others_in_time(monkeypatch):
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(distributed, "JOINING", distributed.timedelta(seconds=0.2))
    monkeypatch.setattr(distributed, "_said", lambda name, *_: int(os.environ[name]))  # port 0: a free one
    with pytest.raises(LostProcess, match="did not find each other"), process_group():
        raise AssertionError("nobody came")


def test_an_attempt_has_a_name_of_its_own_in_a_store_that_knows_earlier_ones(monkeypatch):
    """Rank 0 is not misled by what a killed process has asked, and the others not by what was answered to earlier ones."""
    monkeypatch.setattr(distributed, "ASK_AGAIN", distributed.timedelta(milliseconds=50))
    store, names = dist.HashStore(), []
    store.set("clearsight/asks/2", "of one that was killed")
    for _ in range(3):
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda rank: distributed._named_attempt(store, rank, 3), range(3)))
        assert len(set(found)) == 1
        names += found[:1]
    assert len(set(names)) == 3


def test_an_inner_group_is_left_by_the_outer_one(tmp_path, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    try:
        with process_group() as group:
            assert group == ProcessGroup(0, 1)
        assert dist.is_initialized()
    finally:
        dist.destroy_process_group()
