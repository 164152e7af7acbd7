"""Real processes on a store with faults, killed at random, and a picture that ends them: every picture once, few bytes, little memory."""

import os
import random
import resource
import signal
import threading
import time

import numpy as np
import pytest

from clearsight import load
from clearsight.base.remote import store
from clearsight.batch import local, on_ray
from clearsight.batch.members import members
from clearsight.batch.on_ray import Actor
from clearsight.batch.run import classify_shards
from clearsight.batch.task import task_of
from clearsight.classifier.artefact import packed
from tests.batch.conftest import pack, rows

KILLER = """
import importlib.util, os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != "clearsight.images.preprocess":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        first = spec.loader.exec_module

        def run(module):
            first(module)
            decode = module.decode

            def fatal(source, **how):
                if "killer" in str(getattr(source, "name", "")):
                    os.kill(os.getpid(), signal.SIGSEGV)
                return decode(source, **how)

            module.decode = fatal

        spec.loader.exec_module = run
        return spec

sys.meta_path.insert(0, Finder())
"""


@pytest.fixture
def filled(s3, tmp_path, monkeypatch):
    """Eight uneven shards of noise in the store, one picture of which ends its process; returns their size and their pictures."""
    noise, size, pictures = np.random.default_rng(0), 0, {}
    for k in range(8):
        names = [f"{k}-{n:03}{'-killer' if (k, n) == (3, 11) else ''}.png" for n in range(6 + 3 * k)]
        some = {name: packed(noise.integers(0, 256, (120, 160, 3), dtype=np.uint8)) for name in names}
        pictures |= some
        pack(tmp_path / "one.tar", some)
        store.write(f"{s3.folder}/in/{k}.tar", (tmp_path / "one.tar").read_bytes())
        size += (tmp_path / "one.tar").stat().st_size
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(KILLER)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return size, pictures


def require_whole(found, out: str, pictures: dict[str, bytes], classifier) -> None:
    """Every picture has one row, the answer that it has alone; the one that ends its process has the reason."""
    every = rows(out)
    assert (found.pictures, found.failed, found.ended) == (132, 1, 1) and len({row["member"] for row in every}) == 132 == len(every)
    (broken,) = [row for row in every if row["error"]]
    assert "killer" in broken["member"] and ("SIGSEGV" in broken["error"] or "Actor" in broken["error"])
    for row in every:
        if not row["error"]:
            alone = classifier.classify(pictures[row["member"]])
            assert (row["label"], row["confidence"]) == (alone.label, pytest.approx(alone.confidence, abs=1e-5)), row["member"]


@pytest.mark.slow
def test_processes_that_are_killed_over_a_store_with_faults(filled, s3, model, monkeypatch):
    started, stop = [], threading.Event()
    first = local.Process.__init__
    monkeypatch.setattr(local.Process, "__init__", lambda self, *args, **more: (started.append(self), first(self, *args, **more))[1])

    def kill() -> None:
        dice = random.Random(1)
        for _ in range(3):
            while not stop.wait(3) and not (alive := [one for one in started if getattr(one, "model", "") and one.process.poll() is None]):
                time.sleep(0.1)
            if not stop.is_set():
                os.kill(dice.choice(alive).process.pid, signal.SIGKILL)

    s3.share = 0.2
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        found = classify_shards(model, f"{s3.folder}/in", f"{s3.folder}/out", workers=2, quiet=True)
    finally:
        stop.set()
        killer.join()
    size, pictures = filled
    require_whole(found, f"{s3.folder}/out", pictures, load(model))
    sent, memory = s3.sent, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert memory < 2 * 2**30 and sent <= 1.2 * size
    print(f"{len(started)} starts, {s3.faults} faults, {sent / size:.3f} of the bytes, {memory / 2**20:.0f} MiB")


class Fatal(Actor):
    """An actor that ends in a task with such a picture."""

    def work(self, task):
        if any("killer" in member.name for member in members(task_of(task))):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().work(task)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_actors_over_a_store_with_faults(filled, s3, model, ray, monkeypatch):
    monkeypatch.setattr(on_ray, "Actor", Fatal)
    s3.share = 0.2
    found = classify_shards(model, f"{s3.folder}/in", f"{s3.folder}/out", on="ray", workers=1, quiet=True)
    size, pictures = filled
    require_whole(found, f"{s3.folder}/out", pictures, load(model))
    assert s3.faults and s3.sent <= 1.2 * size
    print(f"{s3.faults} faults, {s3.sent / size:.3f} of the bytes")
