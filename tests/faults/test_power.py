"""The power fails: what was not synced is there or not there, in every combination. Then a resume."""

import json
import time

import pytest

from tests.faults.disk import Disk, read_tree
from tests.faults.test_points import critical


def cuts(bench, log=None, tree=None, promised=()):
    """Every different disk that a power cut can leave of a run (or of what a `log` does to a `tree`), with what was promised then."""
    disk, promised, found = Disk(bench.scope, tree), list(promised), {}
    for entry in log or bench.log:
        disk.apply(entry)
        if entry["op"] == "saved":
            promised = [entry["path"], *promised]
        for left in disk.cuts():
            found[frozenset(left.items())] = (left, promised)  # the latest promise is the hardest
    return list(found.values())


def cuts_of_a_resume(bench):
    """The same of a resume, after a kill in the middle of writing a checkpoint."""
    point = critical(bench, "00001-0000001.checkpoint")[2]
    bench.clean()
    bench.begin(fault={"kind": "kill", "at": point})
    tree, log = read_tree(bench.scope), bench.folder / "log"
    log.unlink(missing_ok=True)
    assert bench.recover(log=str(log)).code == 0
    return cuts(bench, [json.loads(line) for line in log.read_text().splitlines()], tree, bench.promised(point))


@pytest.mark.parametrize("of", [cuts, cuts_of_a_resume])
def test_a_power_cut_loses_nothing_that_was_promised_reduced(plain, of):
    every = of(plain)
    assert len(every) > 100
    problems = [problem for tree, promised in every[:: len(every) // 12] for problem in plain.cut(tree, promised)]
    assert not problems, "\n".join(problems)


@pytest.mark.slow
@pytest.mark.parametrize("of", [cuts, cuts_of_a_resume])
def test_a_power_cut_loses_nothing_that_was_promised(plain, of):
    every, start = of(plain), time.monotonic()
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
