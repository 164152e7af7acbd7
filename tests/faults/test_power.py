"""The power fails: what was not synced is there or not there, in every combination. Then a resume."""

import time

import pytest

from tests.faults.disk import Disk


def cuts(bench):
    """Every different disk that a power cut can leave, with the checkpoints that the run counted on then."""
    disk, promised, found = Disk(bench.scope), [], {}
    for entry in bench.log:
        disk.apply(entry)
        if entry["op"] == "saved":
            promised = [entry["path"], *promised]
        for tree in disk.cuts():
            found[frozenset(tree.items())] = (tree, promised)  # the latest promise is the hardest
    return list(found.values())


def test_a_power_cut_loses_nothing_that_was_promised_reduced(plain):
    every = cuts(plain)
    assert len(every) > 100
    problems = [problem for tree, promised in every[:: len(every) // 24] for problem in plain.cut(tree, promised)]
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_a_power_cut_loses_nothing_that_was_promised(plain):
    every, start = cuts(plain), time.monotonic()
    problems = [problem for tree, promised in every for problem in plain.cut(tree, promised)]
    print(f"{len(every)} disks after a power cut: {len(problems)} problems, {time.monotonic() - start:.0f} s")
    assert not problems, "\n".join(problems)


def test_after_the_end_all_is_on_the_disk(plain):
    disk = Disk(plain.scope)
    for entry in plain.log:
        disk.apply(entry)
    for tree in disk.cuts():
        lost = [name for name, content in disk.kept().items() if tree.get(name, b"not there") != content]
        assert not lost  # an old checkpoint may come back: its removal is not synced
