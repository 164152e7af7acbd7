"""The process that reads data sets, without torch: what is in them, sheets of small pictures, one picture large, a map."""

import base64
import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from ...base.errors import ClearsightError, UnreadableImage, plain
from ...datasets.dataset import Dataset, Parts
from ...datasets.decisions.journal import Entry
from ...datasets.decisions.overlay import matched, names_of, unsorted
from ...datasets.facts import state_of
from ...datasets.identity import identified, picture_digest
from ...datasets.open import open_dataset
from ...datasets.survey import survey
from ...evaluation.answers import read as read_answers
from ...images.convert import visible
from ...images.decode import Facts, decode, picture_facts
from ...images.deep import PLAIN, Reading
from .kept import Kept
from .loop import Functions, main
from .pictures import CELL, encoded, stored_bytes, thumbnail, tiled
from .pixel_map import SIDE, directions, vectors
from .problems import groups

MOST = 256  # pictures of a sheet
COLUMNS = 16  # of a sheet
CHUNK = 1024  # pictures of an array at a time
SHEETS, MAPS = 32, 4  # kept, as the windows of a class ask for the same; a sheet takes up to 1 MB
STEP = 0.15  # seconds of reading ahead, between which other questions are answered


class Stale(ClearsightError):
    """The page has rows of a data set that is another by now."""


@dataclass
class Opened:
    """A data set, its pictures numbered through all parts; what reading ahead has found of them."""

    words: str
    parts: Parts
    facts: dict[str, NDArray[Any]] = field(default_factory=dict)
    formats: list[str] = field(default_factory=list)
    points: NDArray[np.uint8] = field(init=False)
    read: int = 0  # pictures, from the first on, of which size and format are known

    def __post_init__(self) -> None:
        n = len(self)
        self.facts = {"width": np.zeros(n, "<u4"), "height": np.zeros(n, "<u4"), "format": np.zeros(n, "u1")}
        self.points = np.zeros((n, SIDE * SIDE * 3), "u1")

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first picture of each part, and the end."""
        return np.cumsum([0, *map(len, self.parts.parts.values())])

    @cached_property
    def reading(self) -> Reading:
        """How values are read: of an array beyond 8 bits by the range of the training part, as in `check`."""
        first = self.parts.parts.get("train") or next(iter(self.parts.parts.values()))
        return PLAIN if first.pictures is None else replace(PLAIN, levels=survey(first).levels)

    @cached_property
    def digest(self) -> str:
        """A digest of names and labels, by which a page's rows are known to be these."""
        found = hashlib.sha256(repr(self.parts.classes).encode())
        for part, data in self.parts.parts.items():
            found.update(part.encode() + "\0".join(map(str, data.names)).encode("utf-8", "surrogatepass") + data.labels.tobytes())
        return found.hexdigest()[:16]

    def at(self, row: int) -> tuple[str, Dataset, int]:
        """Part, data set of the part, and index in it of a picture; raises ClearsightError for a number that none has."""
        if not 0 <= row < len(self):
            raise ClearsightError(f"there is no picture {row}: the data have {len(self):,}.")
        k = int(np.searchsorted(self.starts, row, "right")) - 1
        part = list(self.parts.parts)[k]
        return part, self.parts.parts[part], row - int(self.starts[k])

    @cached_property
    def unique(self) -> list[str]:
        """The names by which the journal of decisions knows the pictures."""
        return [name for names in names_of(self.parts).values() for name in names]

    @cached_property
    def identified(self) -> Parts:
        """The data with the digest of every picture."""
        return identified(self.parts, quiet=True)

    def picture_digest(self, row: int) -> str:
        """The digest of one picture, by which the journal knows it."""
        _, data, i = self.at(row)
        return picture_digest(data.source(i)).decode()

    def states(self, rows: Sequence[int]) -> tuple[str, ...]:
        """Texts that are the same only while these pictures are; arrays are read once."""
        found = [(data, i) for _, data, i in map(self.at, rows)]
        return tuple("" if data.pictures is not None else state_of(data.source(i)) for data, i in found)

    def name(self, row: int) -> str:
        """The name of a picture, fit to print."""
        _, data, i = self.at(row)
        return plain(str(data.names[i]))


class Reader:
    """The data sets that were asked for, each opened once."""

    def __init__(self) -> None:
        self.opened: dict[str, Opened] = {}
        self.pool = ThreadPoolExecutor(os.cpu_count())
        self.sheets, self.maps = Kept(SHEETS), Kept(MAPS)

    def data(self, words: str, version: str = "") -> Opened:
        """The data set of DATA; raises Stale if a page knows another `version` of it, and what open_dataset raises."""
        if words not in self.opened:
            self.opened[words] = Opened(words, open_dataset(words, labelled=False))
        if version and version != self.opened[words].digest:
            raise Stale("the data have changed since this page was opened: load it again.")
        return self.opened[words]


def bytes_of(values: NDArray[Any]) -> str:
    """An array for the page: its bytes, in base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def data(reader: Reader, words: str) -> dict[str, Any]:
    """What a data set has: parts, classes, and of each picture its class (uint16) and group."""
    found = reader.data(words)
    parts = found.parts.parts
    labels = np.concatenate([one.labels for one in parts.values()])
    return {
        "version": found.digest, "pictures": len(found), "parts": {part: len(one) for part, one in parts.items()},
        "classes": [plain(one) for one in found.parts.classes], "labels": bytes_of(labels.astype("<u2")), "layout": found.parts.layout,
        "unlabelled": not unsorted(found.parts).classes,
        "notes": [plain(one) for one in found.parts.notes], "grouped": any(one.groups is not None for one in parts.values()),
    }  # fmt: skip


def sheet(reader: Reader, words: str, version: str, rows: Sequence[int]) -> dict[str, Any]:
    """The pictures of `rows`, at most 256, in one of 16 columns, with their names; unreadable ones are left blank, with the reason."""
    if not 0 < len(rows) <= MOST:
        raise ClearsightError(f"a sheet has 1 to {MOST} pictures, and {len(rows)} were asked for.")
    found = reader.data(words, version)
    kept: dict[str, Any] = reader.sheets.of((words, tuple(rows), found.states(rows)), lambda: _sheet(reader, found, rows))
    return kept


def _sheet(reader: Reader, found: Opened, rows: Sequence[int]) -> dict[str, Any]:
    unreadable: dict[int, str] = {}

    def one(row: int) -> Image | None:
        _, dataset, i = found.at(row)
        try:
            return thumbnail(decode(dataset.source(i), min_side=CELL, reading=found.reading))
        except UnreadableImage as error:
            unreadable[row] = plain(error.reason)
            return None

    image, side, boxes = tiled(list(reader.pool.map(one, rows)), COLUMNS)
    names = [found.name(row) for row in rows]
    return {"image": image, "side": side, "columns": COLUMNS, "boxes": boxes, "names": names, "unreadable": unreadable}


def ahead(reader: Reader, words: str, version: str, start: int) -> dict[str, Any]:
    """Size and format of the pictures from `start` on: all that have been read, else as many as are read in a moment; 0 is unreadable."""
    found, end = reader.data(words, version), time.monotonic() + STEP
    stop = max(start, found.read)
    while stop < len(found) and (stop == start or time.monotonic() < end):
        stop = (_read_array if found.at(stop)[1].pictures is not None else _read_files)(reader, found, stop)
    if start <= found.read:
        found.read = stop
    chunk = {name: bytes_of(values[start:stop]) for name, values in found.facts.items()}
    return {"start": start, "stop": stop, "formats": found.formats, **chunk}


def _put(found: Opened, rows: slice, facts: Facts, points: NDArray[np.uint8]) -> None:
    if facts.format not in found.formats:
        found.formats.append(facts.format)
    found.facts["format"][rows] = found.formats.index(facts.format) + 1
    found.facts["width"][rows], found.facts["height"][rows], found.points[rows] = facts.width, facts.height, points


def _read_array(reader: Reader, found: Opened, start: int) -> int:
    """Read pictures of one array from `start` on; the row after the last."""
    _, dataset, i = found.at(start)
    some = np.asarray(dataset.pictures)[i : i + CHUNK]
    shown = some if some.dtype == np.uint8 and some.ndim == 3 else np.stack([visible(decode(one, reading=found.reading)) for one in some])
    _put(found, slice(start, start + len(some)), picture_facts(some[0]), vectors(shown.reshape(*shown.shape[:3], -1)))
    return start + len(some)


def _read_files(reader: Reader, found: Opened, start: int) -> int:
    """Read a few files from `start` on; the row after the last."""
    _, dataset, i = found.at(start)
    stop = min(i + COLUMNS, len(dataset))

    def one(k: int) -> tuple[Facts, NDArray[np.uint8]] | None:
        try:
            source = dataset.source(k)
            return picture_facts(source), vectors(visible(decode(source, min_side=SIDE, reading=found.reading))[None])
        except UnreadableImage:
            return None

    for row, told in enumerate(reader.pool.map(one, range(i, stop)), start):
        if told:
            _put(found, slice(row, row + 1), *told)
    return start + stop - i


def picture(reader: Reader, words: str, version: str, row: int) -> dict[str, Any]:
    """One picture as people see it, and everything that is known of it; `error` where it cannot be read."""
    found = reader.data(words, version)
    part, dataset, i = found.at(row)
    told: dict[str, Any] = {"row": row, "name": found.name(row), "label": plain(dataset.label(i)), "part": part}
    if dataset.groups is not None:
        told["group"] = plain(str(dataset.groups[i]))
    try:
        source = dataset.source(i)
        facts, pixels = picture_facts(source), decode(source, reading=found.reading)
    except UnreadableImage as error:
        return {**told, "error": plain(error.reason)}
    return {
        **told, "size": [facts.width, facts.height], "mode": facts.mode, "format": facts.format,
        "digest": picture_digest(source).decode(), "image": encoded(visible(pixels)),
    }  # fmt: skip


def original(reader: Reader, words: str, version: str, row: int) -> dict[str, str]:
    """A picture as it is stored, in base64, with its name: the file's bytes, or a PNG of an array; raises ClearsightError for others."""
    found = reader.data(words, version)
    _, dataset, i = found.at(row)
    content = stored_bytes(dataset.source(i))
    if content is None:
        raise ClearsightError("this picture is no file of at most 20 MB, and no array of 8-bit grey or colours: look at it by a command.")
    return {"name": found.name(row), "bytes": base64.b64encode(content).decode()}


def pixel_map(reader: Reader, words: str, version: str) -> dict[str, Any]:
    """The pictures that were read ahead in the plane, by their pixels: `rows` uint32, `places` float32 (N, 2)."""
    found = reader.data(words, version)
    kept: dict[str, Any] = reader.maps.of((words, found.read), lambda: _pixel_map(found))
    return kept


def _pixel_map(found: Opened) -> dict[str, Any]:
    rows = np.flatnonzero(found.facts["format"])
    places, share = directions(found.points, rows)
    return {"rows": bytes_of(rows.astype("<u4")), "places": bytes_of(places.astype("<f4")), "share": share}


def problems(reader: Reader, words: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """What `clearsight check --json` found, with the numbers of the pictures."""
    parts = reader.data(words).parts.parts
    names = [str(name) for one in parts.values() for name in one.names]
    if len(set(names)) < len(names):  # as check prints them
        names = [f"{part}/{name}" for part, one in parts.items() for name in one.names]
    return groups(found, {name: row for row, name in enumerate(names)})


def identity(reader: Reader, words: str, version: str, rows: Sequence[int]) -> list[dict[str, str]]:
    """Digest, name and given label of pictures, by which the journal of decisions knows them."""
    found, told = reader.data(words, version), []
    unlabelled = not unsorted(found.parts).classes
    for row in rows:
        _, data, i = found.at(row)
        told.append({"digest": found.picture_digest(row), "name": found.unique[row], "was": "" if unlabelled else data.label(i)})
    return told


def decided(reader: Reader, words: str, version: str, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the journal's `entries` whose picture is in the data, also under another name, with the picture's number as `row`."""
    found = reader.data(words, version)
    row_of = {name: row for row, name in enumerate(found.unique)}
    own = [row for one in entries if (row := row_of.get(one["name"])) is not None and found.picture_digest(row) == one["digest"]]
    if len(own) < len(entries):  # one was moved, or is gone: every picture is compared
        standing = {(one["digest"], one["name"]): Entry(**one) for one in entries}
        of_part = matched(found.identified, standing)[0]
        every = dict(enumerate(entry for part in found.parts.parts for entry in of_part[part]))
    else:
        every = {row: Entry(**one) for row, one in zip(own, entries, strict=True)}
    return [{"row": row, "seq": one.seq, "kind": one.kind, "label": plain(one.label)} for row, one in every.items() if one]


def places(reader: Reader, words: str, folders: Sequence[str]) -> dict[str, Any]:
    """Where the pictures of a run's answers are in its data: for each folder of answers their numbers, int32, -1 for one that is gone."""
    found, rows = reader.data(words), []
    every: dict[str, dict[str, int]] = {}
    for part, start in zip(found.parts.parts, found.starts.tolist(), strict=False):
        for k, name in enumerate(found.parts.parts[part].names):
            every.setdefault(str(name), {})[part] = start + k
    for folder in folders:
        answers = read_answers(Path(folder))
        part = str(answers.stamp.get("judged_on", {}).get("part", ""))
        rows.append([_place(every.get(str(name), {}), part) for name in answers.names])
    return {"version": found.digest, "rows": [bytes_of(np.array(some, "<i4")) for some in rows]}


def _place(found: dict[str, int], part: str) -> int:
    """The number of the picture of a name, in the part that was judged if several parts have one."""
    return found.get(part, next(iter(found.values())) if len(found) == 1 else -1)


FUNCTIONS: Functions = {
    "warm": lambda reader: "ready", "data": data, "sheet": sheet, "ahead": ahead, "picture": picture, "original": original,
    "map": pixel_map, "problems": problems, "identity": identity, "decided": decided, "places": places,
}  # fmt: skip

if __name__ == "__main__":
    main(FUNCTIONS, Reader())
