"""A checkpoint that is damaged, that lies, or that is something else: CorruptFile in one line that names it, and nothing else."""

import hashlib
import os
import random
from pathlib import Path

import pytest
import torch

from clearsight.base.errors import ClearsightError
from clearsight.training.optim.optimizer import make_optimizer
from clearsight.training.storage import checkpoint

from .test_artefacts import LIES, tensors


@pytest.fixture
def path(tmp_path) -> Path:
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    optimizer = make_optimizer(model, name="adamw", lr=1e-3, momentum=0.9, weight_decay=0.01)
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    return checkpoint.save(checkpoint.State(model, optimizer, counters=checkpoint.Counters(epoch=2, step=7, rows=[{"epoch": 1}])), tmp_path)


def refused(path: Path) -> str:
    with pytest.raises(ClearsightError) as caught:
        checkpoint.read(path)
    said = str(caught.value)
    assert str(path) in said and said.isprintable() and len(said) < len(str(path)) + 200
    return said


def flips_and_cuts(path: Path, n: int) -> None:
    whole, draw = path.read_bytes(), random.Random(n)
    for i in range(n):
        data = bytearray(whole)
        if i % 3 == 0:
            del data[draw.randrange(len(data)) :]
        elif i % 3 == 1:
            start = draw.randrange(len(data))
            data[start : start + 512] = bytes(min(512, len(data) - start) or 1)  # a sector that was never written
        else:
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        if data != whole:
            path.write_bytes(data)
            refused(path)
    path.write_bytes(whole)
    checkpoint.read(path)


def test_flips_and_cuts_are_noticed(path):
    flips_and_cuts(path, 200)
    for length in (0, 1, 31, 32, 33):
        whole = path.read_bytes()
        path.write_bytes(whole[:length])
        refused(path)
        path.write_bytes(whole)


@pytest.mark.slow
def test_a_thousand_flips_and_cuts_are_noticed(path):
    flips_and_cuts(path, 3000)


@pytest.mark.parametrize("lie", [*LIES, "of a newer version", "without metadata", "metadata of nothing"])
def test_one_that_lies_under_a_right_digest(path, lie):
    more = {
        "of a newer version": tensors({"__metadata__": {"version": "2" * 10_000}}, 0),
        "without metadata": tensors({}, 0),
        "metadata of nothing": tensors(b'{"__metadata__": null}', 0),
    }
    payload = (LIES | more)[lie]
    path.write_bytes(payload + hashlib.sha256(payload).digest())
    assert ("version" in refused(path)) == ("not a checkpoint" not in refused(path))


def test_what_is_no_file(path):
    path.unlink()
    assert "No such file" in refused(path)
    path.mkdir()
    assert "not a regular file" in refused(path)
    path.rmdir()
    os.mkfifo(path)
    assert "not a regular file" in refused(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "not a regular file" in refused(path)
    path.unlink()
    path.symlink_to(path.name)
    refused(path)
    path.unlink()
    path.write_bytes(b"")
    os.truncate(path, 2**42)
    assert "memory" in refused(path)
