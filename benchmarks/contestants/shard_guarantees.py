"""What webdataset, `datasets` and litdata guarantee over four uneven shards: how many samples a rank gets, and what a resume misses.

Run by a Python that has them; ends with a line of JSON. docs/how-to/shards.md has the table.
"""

import io
import json
import os
import tarfile
import tempfile
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
SIZES, BUFFER, SEEN = (70, 40, 3, 86), 20, 50


def written(folder: Path) -> list[str]:
    """The shards, with samples numbered through."""
    n, paths = 0, []
    for number, size in enumerate(SIZES):
        paths.append(str(folder / f"{number}.tar"))
        with tarfile.open(paths[-1], "w") as archive:
            for key in range(n, n + size):
                for name, content in ((f"{key:06d}.bin", b"x"), (f"{key:06d}.cls", b"1")):
                    info = tarfile.TarInfo(name)
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
        n += size
    return paths


def of_webdataset(paths: list[str]) -> dict[str, Any]:
    import webdataset as wds

    ranks = []
    for rank in range(2):
        os.environ.update(RANK=str(rank), WORLD_SIZE="2")
        ranks.append([one["__key__"] for one in wds.WebDataset(paths, shardshuffle=False, nodesplitter=wds.split_by_node)])
    os.environ.update(RANK="0", WORLD_SIZE="1")
    data = wds.WebDataset(paths, shardshuffle=100, seed=0).shuffle(BUFFER)
    first = {one["__url__"] for one, _ in zip(data, range(BUFFER), strict=False)}
    return {
        "ranks": [*map(len, ranks)], "once": len({*ranks[0], *ranks[1]}) == sum(SIZES), "state": hasattr(data, "state_dict"),
        "shards_in_first_20": len(first),
    }  # fmt: skip


def of_datasets(paths: list[str]) -> dict[str, Any]:
    import datasets
    from datasets.distributed import split_dataset_by_node

    data = datasets.load_dataset("webdataset", data_files={"train": paths}, streaming=True)["train"]
    found: dict[str, Any] = {}
    for world in (2, 3):
        ranks = [[one["__key__"] for one in split_dataset_by_node(data, rank=rank, world_size=world)] for rank in range(world)]
        found[f"ranks_of_{world}"] = [*map(len, ranks)]
    shuffled = data.shuffle(seed=0, buffer_size=BUFFER)
    rows = iter(shuffled)
    seen = {next(rows)["__key__"] for _ in range(SEEN)}
    again = data.shuffle(seed=0, buffer_size=BUFFER)
    again.load_state_dict(shuffled.state_dict())
    return {**found, "never_came": sum(SIZES) - len(seen | {one["__key__"] for one in again})}


def of_litdata(folder: str) -> dict[str, Any]:
    """In its own format, whose chunks have one size: as many samples, 50 a chunk."""
    import litdata
    from litdata.streaming import dataset as module
    from litdata.streaming.writer import BinaryWriter
    from litdata.utilities.env import _DistributedEnv

    writer = BinaryWriter(folder, chunk_size=50)
    for n in range(sum(SIZES)):
        writer.add_item(n, {"n": n})
    writer.done()
    writer.merge()
    found: dict[str, Any] = {}
    for world in (2, 3):
        for drop in (None, False):
            ranks = []
            for rank in range(world):
                module._DistributedEnv.detect = classmethod(lambda _, w=world, r=rank: _DistributedEnv(w, r, 1))
                ranks.append([one["n"] for one in litdata.StreamingDataset(folder, shuffle=True, drop_last=drop)])
            found[f"ranks_of_{world}_{'as_it_comes' if drop is None else 'nothing_dropped'}"] = [*map(len, ranks)]
            found[f"different_of_{world}_{'as_it_comes' if drop is None else 'nothing_dropped'}"] = len(set().union(*ranks))
    module._DistributedEnv.detect = classmethod(lambda _: _DistributedEnv(1, 0, 1))
    data = lambda: litdata.StreamingDataLoader(litdata.StreamingDataset(folder, shuffle=True, seed=0), batch_size=10, num_workers=0)  # noqa: E731
    loader, seen, order = data(), list[int](), [int(n) for batch in data() for n in batch["n"]]
    for _, batch in zip(range(SEEN // 10), loader, strict=False):  # in this order no batch more is drawn
        seen += batch["n"].tolist()
    again = data()
    again.load_state_dict(loader.state_dict())
    rest = [int(n) for batch in again for n in batch["n"]]
    first = {n // 50 for n in order[:BUFFER]}
    return {**found, "never_came": sum(SIZES) - len({*seen, *rest}), "same_order": seen + rest == order, "chunks_in_first_20": len(first)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        shards = written(Path(made))
        found = {"webdataset": of_webdataset(shards), "datasets": of_datasets(shards), "litdata": of_litdata(f"{made}/litdata")}
        print(json.dumps(found))
