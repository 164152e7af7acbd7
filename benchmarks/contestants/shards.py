"""One step with shards: `open FOLDER`, `first FOLDER` (without an index), `read FOLDER n`, `files FOLDER n`, or a peer's pass,
`webdataset FOLDER`, `streaming FOLDER` or `litdata FOLDER` (which copies the pictures to a format of its own first).

Pictures are read and not decoded. Ends with a line of JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def opened(folder: str) -> dict[str, float]:
    import numpy as np

    from clearsight.base.randomness import permutation
    from clearsight.datasets.open import open_dataset

    before, start = peak(), time.process_time()
    data = open_dataset(folder)["all"]
    seconds, mb = time.process_time() - start, peak() - before
    order = permutation(0, 1, len(data)).numpy()
    exact = float(np.array_equal(np.sort(order), np.arange(len(data))))
    held = data.labels.nbytes + data.spans.nbytes + len(data.names.text) + data.names.starts.nbytes + data.names.lengths.nbytes
    return {"open_s": seconds, "open_mb": mb, "pictures": len(data), "exact": exact, "bytes_a_picture": held / len(data)}


def first(folder: str) -> dict[str, float]:
    """Without an index in the cache, also where it is measured again."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["CLEARSIGHT_CACHE"] = cache
        return opened(folder)


def read(folder: str, n: int) -> dict[str, float]:
    from clearsight.base.randomness import permutation
    from clearsight.datasets.open import open_dataset

    data = open_dataset(folder)["all"]
    rows = permutation(0, 1, len(data))[:n].tolist()
    start = time.process_time()
    for i in rows:
        data.source(i).read()
    return {"us": (time.process_time() - start) / n * 1e6}


def files(folder: str, n: int) -> dict[str, float]:
    from clearsight.base.randomness import permutation
    from clearsight.datasets.open import open_dataset

    data = open_dataset(folder)["all"]
    rows = permutation(0, 1, len(data))[:n].tolist()
    start = time.process_time()
    for i in rows:
        data.source(i).read_bytes()
    return {"us": (time.process_time() - start) / n * 1e6}


def webdataset(folder: str) -> dict[str, float]:
    import webdataset as wds

    before, start = peak(), time.process_time()
    n = sum(1 for _ in wds.WebDataset(sorted(map(str, Path(folder).glob("*.tar"))), shardshuffle=False))
    return {"us": (time.process_time() - start) / n * 1e6, "mb": peak() - before, "pictures": n}


def streaming(folder: str) -> dict[str, float]:
    import datasets

    found = sorted(map(str, Path(folder).glob("*.tar")))
    rows = datasets.load_dataset("webdataset", data_files={"train": found}, streaming=True)["train"]
    rows = rows.cast_column("jpg", datasets.Image(decode=False))
    before, start = peak(), time.process_time()
    n = sum(1 for _ in rows)
    return {"us": (time.process_time() - start) / n * 1e6, "mb": peak() - before, "pictures": n}


def litdata(folder: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([sys.executable, __file__, "optimize", folder, made], check=True)  # its memory is not that of a pass
        from litdata import StreamingDataset

        before, start = peak(), time.process_time()
        n = sum(1 for _ in StreamingDataset(made, shuffle=True))
        return {"us": (time.process_time() - start) / n * 1e6, "mb": peak() - before, "pictures": n}


def optimize(folder: Path, into: str) -> None:
    """The pictures of tar shards in chunks of 64 MB, as `litdata.optimize` writes them."""
    import tarfile

    from litdata.streaming.writer import BinaryWriter

    writer, n = BinaryWriter(into, chunk_bytes="64MB"), 0
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name.endswith(".jpg"):
                    writer.add_item(n, archive.extractfile(member).read())  # type: ignore[union-attr]
                    n += 1
    writer.done()
    writer.merge()


STEPS = {
    "open": opened, "first": first, "read": read, "files": files, "webdataset": webdataset, "streaming": streaming, "litdata": litdata,
}  # fmt: skip

if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "optimize":
        optimize(Path(words[0]), words[1])
    else:
        print(json.dumps(STEPS[what](words[0], *map(int, words[1:]))))
