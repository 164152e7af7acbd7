"""Tar shards of a million pictures: to open them, to read them at random, and peers that read them in order.

    python benchmarks/shards.py [--pictures 1281167] [--peers build/scale/bin/python]

Synthetic pictures of 1,000 bytes with a label each, in shards of 10,000 (2.5 kB a picture on disk, removed afterwards). Seconds and rates
are of CPU time of one process; memory is the growth of its peak. `first` makes the index, `later` has it from the cache. Reading is without
decoding: 10,000 pictures in the order of an epoch, from the shards and from files of their own, and one pass of webdataset, of Hugging
Face's `datasets` (streaming) and of litdata (in its own format) over four shards, by the Python of --peers, which has them.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from common import CONTESTANTS, Contestant, Row, alone, alternate, compare, finish, load_check, parser

SHARD, BYTES, CLASSES, READ = 10_000, 1000, 1000, 10_000
PEERS = ("webdataset", "streaming", "litdata")
PEER_SHARDS = 4


def members(first: int, n: int) -> Iterator[tuple[str, bytes]]:
    body = b"\xff\xd8\xff" + bytes(BYTES - 3)
    for i in range(first, first + n):
        yield f"{i:08d}.jpg", body
        yield f"{i:08d}.cls", str(i * 7919 % CLASSES).encode()


def block(name: str, content: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


def shards(folder: Path, pictures: int) -> Path:
    folder.mkdir()
    for number, first in enumerate(range(0, pictures, SHARD)):
        with (folder / f"{number:05d}.tar").open("wb") as file:
            file.writelines(block(*member) for member in members(first, min(SHARD, pictures - first)))
            file.write(bytes(10240))
    return folder


def loose(folder: Path, n: int) -> Path:
    for name, content in members(0, n):
        place = folder / f"{hash(name) % 10}"
        place.mkdir(parents=True, exist_ok=True)
        if name.endswith(".jpg"):
            (place / name).write_bytes(content)
    return folder


def main() -> None:
    options = parser(__doc__, rounds=3)
    options.add_argument("--pictures", type=int, default=1_281_167)
    options.add_argument("--peers", default="", help="a Python that has webdataset, datasets and litdata")
    given, notes = options.parse_args(), load_check()
    rows: list[Row] = []
    script = str(CONTESTANTS / "shards.py")
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        whole, files = shards(home / "shards", given.pictures), loose(home / "files", min(READ, given.pictures))
        some = home / "some"
        some.mkdir()
        for path in sorted(whole.iterdir())[:PEER_SHARDS]:
            (some / path.name).symlink_to(path)
        env = {"CLEARSIGHT_CACHE": f"{made}/cache", "HF_HOME": f"{made}/hf", "HF_HUB_OFFLINE": "1"}
        first = alternate(1, [Contestant("first", (sys.executable, script, "first", str(whole)), env=env)])
        subprocess.run([sys.executable, script, "open", str(whole)], env={**os.environ, **env}, check=True, stdout=subprocess.DEVNULL)
        n = str(min(READ, given.pictures))
        every = [
            Contestant("later", (sys.executable, script, "open", str(whole)), env=env),
            Contestant("shards", (sys.executable, script, "read", str(whole), n), env=env),
            Contestant("files", (sys.executable, script, "files", str(files), n), env=env),
        ]
        if given.peers:
            every += [Contestant(peer, (given.peers, script, peer, str(some)), env=env) for peer in PEERS]
        runs = alternate(given.rounds, every)
    notes += [*first.notes, *runs.notes]
    what = f"{given.pictures:,} pictures"
    rows += [
        alone(f"open {what}, first", first.values("first", "open_s"), "s"),
        alone(f"open {what}, first, memory", first.values("first", "open_mb"), "MiB"),
        alone(f"open {what}, later", runs.values("later", "open_s"), "s"),
        alone(f"open {what}, later, memory", runs.values("later", "open_mb"), "MiB"),
        alone("data set in memory", runs.values("later", "bytes_a_picture"), "bytes a picture"),
        alone("pictures of an epoch, share exactly once", runs.values("later", "exact"), ""),
    ]
    for against in ("files", *(PEERS if given.peers else ())):
        if runs.values(against, "us"):
            rates = [[1e6 / us for us in runs.values(name, "us")] for name in ("shards", against)]
            rows.append(compare("read, no decoding", *rates, "pictures/CPU s", against=against))
        if against in PEERS and runs.values(against, "mb"):
            rows.append(alone(f"memory of a pass, {against}", runs.values(against, "mb"), "MiB"))
    finish(given, "Tar shards of a million pictures", rows, notes, {})


if __name__ == "__main__":
    main()
