"""A bit flips, a file is cut: it is noticed and said, the checkpoint before is taken, and nothing is lost."""

import random
import time

import pytest

from tests.faults.disk import read_tree, write_tree


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Three times of four with another bit, else with its end cut off."""
    place = draw.randrange(len(data))
    return data[:place] if draw.random() < 0.25 else data[:place] + bytes([data[place] ^ 1 << draw.randrange(8)]) + data[place + 1 :]


def flips(bench, times: int, seed: int):
    """A line for each damaged checkpoint that was not noticed, or not made up for."""
    draw = random.Random(seed)
    saved = [entry for entry in bench.log if entry["op"] == "saved"]
    newest = saved[len(saved) // 2]
    bench.clean()
    bench.begin(fault={"kind": "kill", "at": newest["at"] + 1})
    tree = read_tree(bench.scope)
    path = bench.run / "checkpoints" / newest["path"]
    for i in range(times):
        bench.clean()
        write_tree(tree, bench.scope)
        path.write_bytes(damaged(path.read_bytes(), draw))
        outcome = bench.recover()
        if f"skipped {path}: damaged" not in outcome.said:
            yield f"damage {i} was not noticed: {outcome.said}"
        for line in bench.differences():
            yield f"damage {i}: {line}"


def test_a_damaged_checkpoint_is_made_up_for_reduced(plain):
    assert not list(flips(plain, 4, seed=0))


@pytest.mark.slow
def test_a_damaged_checkpoint_is_made_up_for(plain):
    start = time.monotonic()
    problems = list(flips(plain, 1000, seed=1))
    print(f"1000 damaged checkpoints: {len(problems)} problems, {time.monotonic() - start:.0f} s")
    assert not problems, "\n".join(problems)
