"""The harness would notice: each line that keeps the promise is broken in turn, and each time it finds a loss."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.test_flips import flips
from tests.faults.test_points import critical
from tests.faults.test_power import cuts

FILES, CHECKPOINT, LOOP, SESSION = (
    "clearsight.base.files",
    "clearsight.training.storage.checkpoint",
    "clearsight.training.loop",
    "clearsight.training.session",
)
WRITTEN = "            left = left[os.write(handle, left) :]\n"
SAVED = "    write_atomic(path, payload, hashlib.sha256(payload).digest())\n"


def early_cuts(bench) -> Iterator[str]:
    for tree, promised in cuts(bench):
        yield from bench.cut(tree, promised)


def late_cuts(bench) -> Iterator[str]:
    for tree, promised in reversed(cuts(bench)):
        yield from bench.cut(tree, promised)


def points(kind: str, name: str) -> Callable[..., Iterator[str]]:
    def found(bench) -> Iterator[str]:
        for point in critical(bench, name):
            yield from bench.broken(kind, point)

    return found


def damage(bench) -> Iterator[str]:
    yield from flips(bench, 20, seed=0)


MIDDLE, LAST = "00001-0000001.checkpoint", "00002-0000000.checkpoint"
SLOTS = "slots = state.optimizer.state.setdefault(parameter, {})"
PRUNED_FIRST = f"    for old in checkpoints(folder)[1:]:\n        remove(old)\n{SAVED}"
BROKEN = {
    "data not synced": ([(FILES, f"{WRITTEN}        os.fsync(handle)\n", WRITTEN)], late_cuts),
    "names not synced": ([(FILES, "        _fsync_folder(path.parent)\n", "        pass\n")], late_cuts),
    "new folders not synced": ([(FILES, "    _fsync_folder(folder.parent)\n", "")], early_cuts),
    "written in place": (
        [
            (FILES, 'path.with_name(f".{path.name}.{token_hex(4)}.tmp")', "path"),
            (FILES, "os.O_EXCL", "os.O_TRUNC"),
            (FILES, "    os.replace(temporary, path)\n", ""),
        ],
        points("torn", "recipe.toml"),
    ),
    "digest not checked": ([(CHECKPOINT, "if hashlib.sha256(payload).digest() != trailer:", "if False:")], damage),
    "pruned first": ([(CHECKPOINT, SAVED, PRUNED_FIRST)], points("kill", MIDDLE)),
    "leftovers not swept": ([(SESSION, "        run.sweep()\n", "")], points("kill", MIDDLE)),
    "leftovers of a prune not removed": ([(SESSION, "checkpoint.prune(run.checkpoints, found[0])", "pass")], points("kill", LAST)),
    "optimizer not restored": ([(CHECKPOINT, SLOTS, "slots = {}")], points("kill", MIDDLE)),
    "epoch begun again": ([(LOOP, "order.batches(context)[counters.step :]", "order.batches(context)")], points("kill", MIDDLE)),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_the_harness_notices(bench, name):
    mutation, search = BROKEN[name]
    assert next(search(bench(mutation=mutation)), None)
