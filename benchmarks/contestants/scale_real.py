"""The simulation of scale.py next to real ones: the driver of `clearsight classify` with workers that take time, and an epoch over moto."""

import io
import random
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "benchmarks")]
SHARDS, WORKERS, SECOND = 60, 6, 0.004  # of a picture: workers sleep
EACH, ROOM = 40, 6


def compared() -> dict[str, Any]:
    """Rows of what, real, simulated."""
    return {"rows": [*driver(), *store(), *shuffled()], "notes": []}


def driver() -> list[list[str]]:
    import simulate

    from clearsight.base.progress import Progress
    from clearsight.base.remote.place import Place
    from clearsight.batch import parquet
    from clearsight.batch.driver import Driver
    from clearsight.batch.task import Job, Task
    from clearsight.batch.worker import Done, Ended
    from clearsight.datasets.shards.reading import Shard

    draw = random.Random(1)
    sizes = [draw.randrange(10, 120) for _ in range(SHARDS)]
    rows = []
    for words, factor, killers in (
        ("even workers", [1.0] * WORKERS, ()),
        ("one of six workers 5 times slower", [5.0] + [1.0] * (WORKERS - 1), ()),
        ("the same, three pictures end their process", [5.0] + [1.0] * (WORKERS - 1), ((3, 7), (20, 0), (41, 5))),
    ):
        begun: list[int] = []

        class Timed:
            model = "m" * 64

            def __init__(self, number: int, factor: list[float] = factor, killers: Any = killers, begun: list[int] = begun) -> None:
                self.number, self.factor, self.killers, self.begun = number, factor, killers, begun

            def ask(self, task: Task, told: Any) -> Done:
                shard, self.begun[len(self.begun) :] = int(task.shard.address), [1]
                stop = sizes[shard] if task.stop is None else task.stop
                n, bad = stop - task.start, [p for k, p in self.killers if k == shard and task.start <= p < stop]
                time.sleep(n * SECOND * self.factor[self.number] * ((min(bad) - task.start + 1) / n if bad else 1))
                if bad:
                    raise Ended("SIGSEGV", 0, n)
                data, counts = parquet.file_of(({"shard": task.shard.address, "member": str(k)} for k in range(n)), {"model": self.model})
                return Done(counts, b"" if task.whole else data)

            def close(self) -> None:
                pass

        with tempfile.TemporaryDirectory() as folder:
            one = Driver(Job("m", "cpu", "plain", "", None, 0, {}), Place(folder), Timed, WORKERS, Progress("", 1, quiet=True))
            start = time.monotonic()
            one.work([Task(Shard(str(k), size, str(k)), tuple(map(str, range(size)))) for k, size in enumerate(sizes)])
            took = time.monotonic() - start
        found = simulate.classify(sizes, WORKERS, lambda worker, part, f=factor: part.n * SECOND * f[worker], killers=killers)
        rows.append([f"classify, {words}: seconds", f"{took:.2f}", f"{found.seconds:.2f}"])
        rows.append([f"classify, {words}: tasks", str(len(begun)), str(found.tasks)])
    return rows


def written(folder: str, shards: int) -> int:
    """Shards of tiny pictures in the store: their bytes together."""
    from clearsight.base.remote import store
    from tests.datasets.shards.tars import samples

    total = 0
    for k in range(shards):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name, content in samples(k * EACH, EACH).items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        store.write(f"{folder}/{k:03d}.tar", stream.getvalue())
        total += len(stream.getvalue())
    return total


def store() -> list[list[str]]:
    import os

    import simulate
    import torch

    from clearsight.base.remote import downloads
    from clearsight.datasets.loader import load
    from clearsight.datasets.open import open_dataset
    from clearsight.datasets.shards import remote
    from clearsight.images.preprocess import Preprocessing
    from clearsight.training.blocks import arranged
    from tests.s3 import BUCKET, serving

    shards, rows = 24, []
    with tempfile.TemporaryDirectory() as home, serving() as s3:
        size = written(f"s3://{BUCKET}/compare", shards)
        os.environ |= {"CLEARSIGHT_CACHE": home, "CLEARSIGHT_CACHE_GB": str((ROOM + 0.5) * size / shards / 1e9)}
        remote.FEW = 0
        data = open_dataset(f"s3://{BUCKET}/compare")["all"]
        pictures = load(data, Preprocessing(3, 8, 8, fit="stretch"), cache="off", workers=1)
        blocks = torch.from_numpy(data.spans["shard"].astype("int64"))
        for words, window in (("blocks:3", 3), ("all", shards)):
            order = arranged(blocks, window, 0, 1)
            downloads._known.clear()
            for path in (Path(home) / "remote").iterdir():
                path.unlink()
            s3.sent = 0
            for _ in pictures.batches(order.split(16)):
                continue
            simulated = simulate.downloads(blocks[order].tolist(), ROOM)
            rows.append([f"epoch over S3, {words}: downloads a shard", f"{s3.sent / size:.2f}", f"{simulated / shards:.2f}"])
    return rows


def shuffled() -> list[list[str]]:
    """The validation accuracy of LeNet-5 on scans in shards that are mixed, and in the order of their classes, by the window."""
    import numpy as np

    from clearsight import open_dataset, pack_shards, train

    del open_dataset
    rows = []
    with tempfile.TemporaryDirectory() as home:
        pack_shards("digits", f"{home}/mixed", size=100_000, quiet=True)
        for window in ("blocks:1", "blocks:4", "all"):
            found = [
                train(f"{home}/mixed", model="lenet5", epochs=4, shuffle=window, seed=seed, quiet=True, out=f"{home}/{window[-1]}{seed}")
                for seed in range(2)
            ]
            accuracy = np.mean([one.validation["top1"]["value"] for one in found if one.validation])
            rows.append([f"LeNet-5 on packed digits, 4 epochs, {window}: validation accuracy", f"{accuracy:.1%}", "-"])
    return rows
