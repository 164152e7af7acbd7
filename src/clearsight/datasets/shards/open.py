"""Data in shards: tar files as webdataset names their members, or of class folders, read by random access."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...base.errors import ClearsightError, LayoutError, UsageError, listed, plain, wrong
from ...base.progress import Progress
from ...base.remote.address import is_address
from ...base.remote.downloads import at_once
from ..dataset import Dataset, Parts, class_table, clean_label, objects
from ..tables.columns import parse
from ..tables.labels import names_for
from .find import find_shards, part_of
from .index import Index, index
from .names import Names, packed
from .reading import Shard, Span
from .tree import by_folder

SPANS = np.dtype([("shard", "<u4"), ("offset", "<i8"), ("length", "<u4")])
ONE_CLASS = "picture"
MANY = 20  # texts; so many for fewer than two pictures each are captions


@dataclass(frozen=True, eq=False)
class Rows:
    """The pictures of a part, in the order of its shards; `labels` int64 (n,) into `texts`, -1 without."""

    spans: NDArray[Any]
    names: Names
    labels: NDArray[np.int64]
    texts: tuple[str, ...]
    digests: NDArray[np.bytes_] | None
    groups: NDArray[np.object_] | None

    def chosen(self, rows: NDArray[np.int64]) -> "Rows":
        """Some of them, in this order."""
        digests = None if self.digests is None else self.digests[rows]
        groups = None if self.groups is None else self.groups[rows]
        return Rows(self.spans[rows], self.names[rows], self.labels[rows], self.texts, digests, groups)


def read_shards(
    data: str | Path, *, classes: Sequence[str] | None = None, columns: str = "", group_by: str | None = None, labelled: bool = True
) -> Parts:
    """The pictures of tar files in the parts that the files, or the folders inside, are named after; nothing is unpacked.

    Labels are members next to the pictures (`000.cls`, `000.json`, `000.txt`), or else the class folders inside. `columns` may say
    `label=NAME`, a kind of member or a JSON key, and `names=FILE`, the names of whole-number labels, which `classes` gives as well.
    Raises UsageError without labels unless `labelled` is False, ClearsightError for a shard that is damaged.
    """
    given = parse(columns)
    if odd := given.keys() - {"label", "names"}:
        raise UsageError(f"columns of shards are label and names, as in label=cls,names=classes.txt. Got {listed(sorted(odd))}.")
    if group_by not in (None, "folder"):
        raise wrong("group_by of shards", "'folder'", group_by)
    found = find_shards(data)
    indexes = _indexed(found, given.get("label", ""))
    notes, where = notes_on(found, indexes), plain(data)
    numbers = _parts(where, found, indexes)
    if not numbers:
        raise LayoutError("\n".join([f"no picture in {where}.", *notes]))
    rows = {part: joined(found, indexes, some) for part, some in numbers.items()}
    if not _have_labels(where, indexes, rows, notes):
        if label := given.get("label"):
            raise UsageError(
                f"no picture in {where} has a label {label!r}: it names a kind of member (cls, txt) or a key of .json members."
            )
        members = {part: member_names(indexes, some) for part, some in numbers.items()}
        rows = _of_folders(where, rows, members, group_by, labelled, notes)
    elif group_by:
        rows = {part: _grouped(some, list(map(_folder, member_names(indexes, numbers[part])))) for part, some in rows.items()}
    rows = {part: _complete(some, labelled) for part, some in rows.items()}
    if all(one.origin == "packed" for one in indexes) and len({one.texts for one in indexes}) == 1 and not (classes or given):
        table = indexes[0].texts  # in the order that it was packed with
    else:
        table, rows = _named(data, rows, classes, given.get("names", ""), notes)
    shards = tuple(shard for _, shard in found)
    return Parts(Path(data).name or where, table, {part: dataset_of(one, table, shards) for part, one in rows.items()}, tuple(notes))


def each_picture(data: str | Path, notes: list[str]) -> Iterator[Span]:
    """The pictures of tar files, one after the other, without labels; at the end, notes on members left out are added to `notes`."""
    found, indexes = find_shards(data), []
    for name, shard in found:
        one = index(shard)
        for text, (offset, length) in zip(packed(one.names), one.spans.tolist(), strict=True):
            yield Span(shard, offset, length, f"{name}/{text}")
        indexes.append(replace(one, names=b"", spans=one.spans[:1]))
    notes += notes_on(found, indexes)


def _indexed(found: list[tuple[str, Shard]], label: str) -> list[Index]:
    """The indexes of shards; of those at addresses several at a time."""
    sizes = [shard.size for _, shard in found if is_address(shard.address)]
    made, pool = [], ThreadPoolExecutor(at_once(max(sizes)) if sizes else 1, thread_name_prefix="index")
    try:
        with Progress("index", len(found), "shards") as progress:
            for one in pool.map(index, [shard for _, shard in found], repeat(label)):
                made.append(one)
                progress.update(1)
    finally:
        pool.shutdown(cancel_futures=True)
    return made


def _parts(where: str, found: list[tuple[str, Shard]], indexes: list[Index]) -> dict[str, list[int]]:
    """The numbers of the shards with pictures, by part; raises ClearsightError where only some are named after one."""
    parts: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(found):
        if len(indexes[number]):
            parts.setdefault(part_of(name), []).append(number)
    if len(parts) > 1 and "all" in parts:
        raise ClearsightError(
            f"{where}: some shards are named after a part ({listed(part for part in parts if part != 'all')}), others not: "
            f"{listed((found[number][0] for number in parts['all']), 3)}. Rename them, or give one kind."
        )
    return {part: parts[part] for part in ("train", "val", "test", "all") if part in parts}


def joined(found: list[tuple[str, Shard]], indexes: list[Index], numbers: list[int]) -> Rows:
    """The pictures of several shards, in their order, with one table of labels."""
    texts: dict[str, int] = {}
    spans = np.empty(sum(len(indexes[k]) for k in numbers), SPANS)
    labels, names, start = np.empty(len(spans), np.int64), [], 0
    for k in numbers:
        one, rows = indexes[k], slice(start, start + len(indexes[k]))
        spans["shard"][rows], spans["offset"][rows], spans["length"][rows] = k, one.spans["offset"], one.spans["length"]
        places = np.array([*(texts.setdefault(text, len(texts)) for text in one.texts), -1])
        labels[rows] = places[one.labels]
        prefix = f"{found[k][0]}/".encode("utf-8", "surrogateescape")
        names.append(prefix + one.names[:-1].replace(b"\0", b"\0" + prefix) + b"\0")
        start = rows.stop
    every = [indexes[k] for k in numbers]
    digests = [one.digests for one in every if one.digests is not None]
    groups = objects(group for one in every for group in one.groups) if all(one.groups for one in every) else None
    known = np.concatenate(digests) if len(digests) == len(every) else None
    return Rows(spans, packed(b"".join(names)), labels, tuple(texts), known, groups)


def member_names(indexes: list[Index], numbers: list[int]) -> list[bytes]:
    """The names of the members of several shards."""
    return b"".join(indexes[k].names for k in numbers).split(b"\0")[:-1]


def _folder(member: bytes) -> str:
    return member.rpartition(b"/")[0].decode("utf-8", "backslashreplace")


def _have_labels(where: str, indexes: list[Index], rows: dict[str, Rows], notes: list[str]) -> bool:
    """Whether members next to the pictures are their labels; texts that nearly all differ are captions."""
    origins = {origin for one in indexes for origin in one.origin.split("+") if origin}
    if not origins:
        return False
    texts = {text for one in rows.values() for text in one.texts}
    if origins == {"txt"} and len(texts) > MANY and 2 * len(texts) > sum(len(one.spans) for one in rows.values()):
        notes.append(f"the .txt members of {where} are {len(texts):,} different texts, captions and no classes: not used")
        return False
    said = "their own table of contents" if origins == {"packed"} else " and ".join(f".{origin} members" for origin in sorted(origins))
    notes.append(f"labels are those in {said}")
    return True


def _of_folders(
    where: str, rows: dict[str, Rows], members: dict[str, list[bytes]], group_by: str | None, labelled: bool, notes: list[str]
) -> dict[str, Rows]:
    """The pictures with the classes of their folders, in the parts that folders inside are named after."""
    made: dict[str, Rows] = {}
    for part, every in rows.items():
        try:
            inner, said = by_folder(where, members[part])
        except LayoutError:
            if labelled:
                raise
            return {part: replace(one, texts=(ONE_CLASS,), labels=np.zeros(len(one.spans), np.int64)) for part, one in rows.items()}
        notes += [note for note in said if note not in notes]
        for name, found in inner.items():
            labels = np.full(len(every.spans), -1)
            for number, (_, places) in enumerate(found.classes):
                labels[places] = number
            one = replace(every, labels=labels, texts=tuple(label for label, _ in found.classes))
            if group_by:
                one = _grouped(one, [found.groups.get(row, "") for row in range(len(labels))])
            made[name if part == "all" else part] = one.chosen(np.flatnonzero(labels >= 0))
    return made


def _grouped(rows: Rows, groups: Sequence[str]) -> Rows:
    """The pictures with their groups, each a group of its own where that is empty; raises UsageError where all are."""
    if not any(groups):
        raise UsageError("group_by='folder' needs folders inside the shards, below those of the classes, and found none.")
    return replace(rows, groups=objects(group or name for group, name in zip(groups, rows.names, strict=True)))


def _complete(rows: Rows, labelled: bool) -> Rows:
    """The pictures, all of them with a label; raises ClearsightError that names those without."""
    lacking = np.flatnonzero(rows.labels < 0)
    if not len(lacking):
        return rows
    if not labelled:
        return replace(rows, texts=(ONE_CLASS,), labels=np.zeros(len(rows.spans), np.int64))
    raise ClearsightError(
        f"{len(lacking):,} of {len(rows.spans):,} pictures have no label next to them, others have: {listed(rows.names[lacking[:4]], 3)}. "
        "Write those shards again, or say --columns label=NAME, a kind of member (cls, txt) or a key of the .json members."
    )


def _named(
    data: str | Path, rows: dict[str, Rows], classes: Sequence[str] | None, given: str, notes: list[str]
) -> tuple[tuple[str, ...], dict[str, Rows]]:
    """The class table, and the pictures with labels by name: of `classes`, or of a file of names in the folder of the shards."""
    texts = list(dict.fromkeys(text for one in rows.values() for text in one.texts))
    if classes is not None:
        names = {str(number): clean_label(str(label)) for number, label in enumerate(classes)}
        if lacking := [text for text in texts if text not in names]:
            raise UsageError(f"classes name the labels 0 to {len(names) - 1}. The shards have also {listed(map(repr, lacking), 4)}.")
    else:
        home = Path(data) if Path(data).is_dir() else Path(data).parent
        names, said = names_for(home / "shards.tar", texts, given)
        notes += said
    if twins := [name for name, n in Counter(names.values()).items() if n > 1]:
        raise ClearsightError(f"several labels of the shards have the same name: {listed(map(repr, twins), 4)}. Give each another.")
    rows = {part: replace(one, texts=tuple(names.get(text, text) for text in one.texts)) for part, one in rows.items()}
    table = tuple(names.values()) if classes is not None else class_table({part: one.texts for part, one in rows.items()})
    return table, rows


def dataset_of(rows: Rows, table: tuple[str, ...], shards: tuple[Shard, ...]) -> Dataset:
    """The data set of pictures in `shards`, whose labels are in the class table `table`."""
    places = {label: number for number, label in enumerate(table)}
    labels = np.array([places[text] for text in rows.texts], np.int64)[rows.labels]
    names = cast("NDArray[np.object_]", rows.names)  # they behave as one
    return Dataset(table, labels, names, groups=rows.groups, digests=rows.digests, spans=rows.spans, shards=shards)


def notes_on(found: list[tuple[str, Shard]], indexes: list[Index]) -> list[str]:
    """Notes on members left out and on unusual shards, one line each."""
    left_out: Counter[str] = Counter()
    for one in indexes:
        left_out.update(one.left_out)
    said = ", ".join(f"{n} {kind}" for kind, n in left_out.most_common(8))
    notes = [f"members that are no pictures left out: {said}"] if said else []
    if empty := [name for (name, _), one in zip(found, indexes, strict=True) if not len(one)]:
        notes.append(f"shards without a picture: {listed(empty, 3)}")
    unusual: dict[str, list[str]] = {}
    for (name, _), one in zip(found, indexes, strict=True):
        for note in one.notes:
            unusual.setdefault(note.partition(" at byte ")[0], []).append(name)
    return [*notes, *(f"{listed(names, 3)}: {note}" for note, names in unusual.items())]
