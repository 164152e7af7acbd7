"""`pack`: write a data set as tar shards, shuffled, as webdataset and Hugging Face's `datasets` read them."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from PIL import Image

from ...base.errors import ClearsightError, UsageError, listed, wrong
from ...base.files import file_digest, is_temporary, make_folder, put_in_place, write_atomic, write_json
from ...base.lock import hold
from ...base.progress import Progress
from ...base.randomness import permutation
from ...base.result import Result, Row
from ...images.kinds import SUFFIXES, UNREAD, kind_of
from ..dataset import Dataset, Parts
from ..identity import identified
from .headers import BLOCK, META
from .index import BESIDE, build, sealed
from .reading import Span, shard_at

SIZE = 256_000_000  # bytes
LEAST = 100_000
LINE = 80  # bytes of a picture in the table of contents, about
LIST, CLASSES = "shards.json", "classes.txt"
_RECORD = 20 * BLOCK  # tar files end on such a border
_ENDINGS = {"JPEG": "jpg", "TIFF": "tif", "PPM": "ppm"}


@dataclass(frozen=True)
class PackedShard:
    """A shard that was written: its `part`, pictures, bytes and SHA-256; `fresh` is False for one that was there from an earlier try."""

    name: str
    part: str
    pictures: int
    bytes: int
    sha256: str
    fresh: bool


@dataclass(frozen=True)
class Packed(Result):
    """The shards of a data set in the folder `out`, in the order of their names, and the class table."""

    out: str
    classes: tuple[str, ...]
    shards: tuple[PackedShard, ...]

    def headline(self) -> str:
        """Pictures, shards and bytes, and where they are."""
        pictures, size = sum(shard.pictures for shard in self.shards), sum(shard.bytes for shard in self.shards)
        kept = sum(not shard.fresh for shard in self.shards)
        shards = f"{len(self.shards):,} shards{f', {kept:,} of them from an earlier try' if kept else ''}"
        return f"{self.out}: {pictures:,} pictures of {len(self.classes):,} classes in {shards}, {size / 1e6:,.1f} MB"

    def rows(self) -> list[Row]:
        """A line for each shard."""
        return [
            {"shard": one.name, "pictures": one.pictures, "MB": round(one.bytes / 1e6, 1), "sha256": one.sha256[:12]} for one in self.shards
        ]


def pack(parts: Parts, out: str | Path, *, size: int = SIZE, seed: int = 0, quiet: bool = False) -> Packed:
    """Write `parts` into the folder `out` as shards of about `size` bytes, each part shuffled by `seed`; pictures are copied as they are.

    The same data, size and seed give the same bytes. Each shard is written under a temporary name and then renamed; those of an earlier
    try that was stopped are kept. Raises UsageError for a folder with other files, ClearsightError for a picture that cannot be copied.
    """
    if size < LEAST:
        raise wrong("the size of a shard", f"at least {LEAST:,} bytes", f"{size:,}")
    folder = Path(out)
    parts = identified(parts, quiet=quiet)
    plans = [plan for part, data in parts.parts.items() for plan in _plans(part, data, size, seed)]
    with hold(folder):
        _refuse_others(folder, {plan.name for plan in plans})
        with Progress("pack", sum(len(plan.rows) for plan in plans), quiet=quiet) as progress:
            shards = []
            for plan in plans:
                shards.append(_written(folder / plan.name, plan))
                progress.update(len(plan.rows))
        write_atomic(folder / CLASSES, "".join(f"{label}\n" for label in parts.classes))
        made = Packed(str(out), parts.classes, tuple(shards))
        facts = [{"name": one.name, "pictures": one.pictures, "bytes": one.bytes, "sha256": one.sha256} for one in shards]
        write_json(folder / LIST, {"version": 1, "classes": parts.classes, "seed": seed, "size": size, "shards": facts})
    return made


@dataclass(frozen=True, eq=False)
class _Plan:
    """One shard to come: `rows` of `data`, and the number of the first in its part."""

    name: str
    part: str
    data: Dataset
    rows: np.ndarray
    first: int

    @property
    def meta(self) -> bytes:
        """The table of contents: the class table, and of each picture the number of its class, its digest, its former name, its group."""
        data = self.data.subset(self.rows)
        table: dict[str, Any] = {"version": 1, "classes": data.classes, "labels": data.labels.tolist()}
        table["digests"] = [digest.decode() for digest in data.digests.tolist()] if data.digests is not None else []
        table["names"] = list(data.names)
        if data.groups is not None:
            table["groups"] = list(data.groups)
        return json.dumps(table, separators=(",", ":")).encode()


def _plans(part: str, data: Dataset, size: int, seed: int) -> Iterator[_Plan]:
    """The shards of a part: its shuffled pictures, cut where the next would go beyond `size`."""
    order = permutation(seed, 0, len(data)).numpy()
    labels = _blocks(1) + LINE
    cost = np.array([_blocks(_length(data, int(i))) + labels for i in order])
    cuts, total = [0], 0
    for place, bytes_ in enumerate(cost.tolist()):
        if total and total + bytes_ > size:
            cuts.append(place)
            total = 0
        total += bytes_
    digits = max(5, len(str(len(cuts) - 1)))
    for number, (start, stop) in enumerate(zip(cuts, [*cuts[1:], len(order)], strict=True)):
        yield _Plan(f"{part}-{number:0{digits}d}.tar", part, data, order[start:stop], start)


def _blocks(length: int) -> int:
    """The bytes of a member with its header."""
    return BLOCK + -(-length // BLOCK) * BLOCK


def _length(data: Dataset, i: int) -> int:
    source = data.source(i)
    if isinstance(source, Span):
        return source.length
    try:
        return source.stat().st_size if isinstance(source, Path) else len(_content(data, i))
    except OSError as error:
        raise _unread(data, i, error) from error


def _content(data: Dataset, i: int) -> bytes:
    """The encoded picture `i`, as it is; arrays are encoded without loss."""
    source = data.source(i)
    try:
        if isinstance(source, Span):
            return source.read()
        if isinstance(source, Path):
            return source.read_bytes()
    except (OSError, ClearsightError) as error:
        raise _unread(data, i, error) from error
    stream, array = io.BytesIO(), np.asarray(source)
    if array.dtype == np.uint8 and (array.ndim == 2 or array.shape[2] == 3):
        Image.fromarray(array).save(stream, "PNG")
    else:
        np.save(stream, array)
    return stream.getvalue()


def _unread(data: Dataset, i: int, error: Exception) -> ClearsightError:
    return ClearsightError(f"cannot read {data.names[i]}: {getattr(error, 'strerror', None) or error}. Nothing may be left out: stopped.")


def _ending(data: Dataset, i: int, content: bytes) -> str:
    """The suffix of the picture, by its content or else its name."""
    if kind := kind_of(content[:BLOCK]):
        return _ENDINGS.get(kind, kind.lower())
    suffix = Path(str(data.names[i])).suffix.lower()
    return suffix[1:] if suffix in SUFFIXES | UNREAD else "jpg"


def _members(plan: _Plan) -> Iterator[tuple[str, bytes]]:
    yield META.decode(), plan.meta
    for place, row in enumerate(plan.rows.tolist(), plan.first):
        content = _content(plan.data, row)
        yield f"{place:08d}.{_ending(plan.data, row, content)}", content
        yield f"{place:08d}.cls", str(plan.data.labels[row]).encode()


def _written(path: Path, plan: _Plan) -> PackedShard:
    """Write a shard under a temporary name, then rename it; one that is there and begins with the same table is kept."""
    if path.exists():
        return _kept(path, plan)
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.tmp")
    found, summed = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    try:
        with temporary.open("xb") as file:
            for name, content in _members(plan):
                block = _header(name, len(content)) + content + bytes(-len(content) % BLOCK)
                found.update(block)
                summed.update(block)
                file.write(block)
            end = bytes(2 * BLOCK + -(file.tell() + 2 * BLOCK) % _RECORD)
            found.update(end)
            summed.update(end)
            file.write(end)
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        put_in_place(temporary, path)
    except OSError as error:
        raise ClearsightError(
            f"cannot write {path}: {error.strerror or error}. The same command goes on after the last whole shard."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    _publish(path, found.hexdigest(), summed.hexdigest())
    return PackedShard(path.name, plan.part, len(plan.rows), size, found.hexdigest(), True)


def _publish(path: Path, sha256: str, md5: str) -> None:
    """Write the index next to a shard; the MD5 is what stores know of an object."""
    shard = shard_at(path)
    write_atomic(path.with_name(path.name + BESIDE), *sealed(build(shard), bytes=shard.size, sha256=sha256, md5=md5))


def _kept(path: Path, plan: _Plan) -> PackedShard:
    """The shard of an earlier try; raises UsageError for one of other data."""
    meta = plan.meta
    start = _header(META.decode(), len(meta)) + meta
    with path.open("rb") as file:
        if file.read(len(start)) != start:
            raise UsageError(f"{path} holds other pictures, or was packed with another size or seed. Name another folder.")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    _publish(path, digest, file_digest(path, "md5"))
    return PackedShard(path.name, plan.part, len(plan.rows), path.stat().st_size, digest, False)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.USTAR_FORMAT)


def _refuse_others(folder: Path, names: set[str]) -> None:
    """Remove what a killed try has left; raise UsageError where the folder holds anything that is not a shard of this data."""
    make_folder(folder)
    known = {*names, *(name + BESIDE for name in names), LIST, CLASSES, ".lock"}
    entries = sorted(folder.iterdir())
    if others := [entry.name for entry in entries if entry.name not in known and not is_temporary(entry)]:
        raise UsageError(f"{folder} holds other files: {listed(others, 3)}. Shards go into a folder of their own.")
    for entry in entries:
        if is_temporary(entry):
            entry.unlink(missing_ok=True)
