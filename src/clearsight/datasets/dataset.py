"""The data set that every reader returns: picture sources with class indices and one table of class names."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ClearsightError, listed
from ..base.registry import look_up
from .shards.reading import Shard, Span

# Usual names of the parts, in folders and in tables.
PART_NAMES = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test", "t10k": "test",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures with class indices: arrays in memory (`pictures`), files (`root` / `paths`), or ranges of bytes in `shards` (`spans`).

    `labels` int64 (N,), `names` str objects (N,) unique and stable, relative to the root with `/`;
    `pictures` (N, H, W) or (N, H, W, C), of uint8 or beyond 8 bits; `groups` str objects (N,): pictures that must stay in one part;
    `digests` bytes (N,): identities of the pictures, independent of names; `decoded` (N,): pictures that have been read, or None;
    `spans` records (N,) of shard, offset and length in bytes, where `shard` counts in `shards`.
    Raises ClearsightError if the lengths differ.
    """

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    names: NDArray[np.object_]
    pictures: NDArray[Any] | None = None
    root: Path | None = None
    paths: NDArray[np.object_] | None = None
    groups: NDArray[np.object_] | None = None
    digests: NDArray[np.bytes_] | None = None
    decoded: NDArray[np.object_] | None = None
    spans: NDArray[np.void] | None = None
    shards: tuple[Shard, ...] = ()

    def __post_init__(self) -> None:
        lengths = {key: len(value) for key, value in self._columns().items()}
        kinds = (self.pictures is not None, self.root is not None and self.paths is not None, self.spans is not None)
        if len(set(lengths.values())) != 1 or sum(kinds) != 1:
            raise ClearsightError(f"a dataset needs pictures or paths, as many as labels and names. Got {lengths}.")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Dataset({len(self):,} pictures, {len(self.classes):,} classes)"

    def source(self, i: int) -> Path | NDArray[Any] | Span:
        """Picture `i` as `images.decode` takes it: a path, an array (H, W) or (H, W, C), or a span of a shard."""
        if self.spans is not None:
            shard, offset, length = self.spans[i].tolist()
            return Span(self.shards[shard], offset, length, str(self.names[i]))
        if self.root is not None and self.paths is not None:
            return self.root / str(self.paths[i])
        return np.asarray(self.pictures)[i]  # type: ignore[no-any-return]

    def picture(self, i: int) -> Path | NDArray[Any] | Span:
        """Picture `i` as `source`, or as an array if it has been decoded."""
        known = None if self.decoded is None else self.decoded[i]
        return self.source(i) if known is None else known

    def label(self, i: int) -> str:
        """The class name of picture `i`."""
        return self.classes[int(self.labels[i])]

    def counts(self) -> NDArray[np.int64]:
        """Pictures per class, int64 (K,)."""
        return np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64)

    def subset(self, indices: Sequence[int] | NDArray[Any]) -> "Dataset":
        """The pictures at `indices` (whole numbers, or one bool per picture), with the same class table."""
        rows = np.asarray(indices)
        rows = rows if rows.dtype == bool else rows.astype(np.int64)
        return replace(self, **{key: value[rows] for key, value in self._columns().items()})

    def _columns(self) -> dict[str, NDArray[Any]]:
        every = {key: getattr(self, key) for key in ("labels", "names", "pictures", "paths", "groups", "digests", "decoded", "spans")}
        return {key: value for key, value in every.items() if value is not None}


def joined(first: Dataset, second: Dataset) -> Dataset:
    """The pictures of both, which are parts of one data set."""
    columns: dict[str, Any] = {key: np.concatenate([value, second._columns()[key]]) for key, value in first._columns().items()}
    return replace(first, **columns)


@dataclass(frozen=True, eq=False)
class Parts:
    """A data set as read: `parts` has keys among train, val, test, or only `all` for data without parts.

    `data["test"]` is `data.parts["test"]`. `notes` lists everything that was left out or decided, one line each;
    `layout` is the kind of data that was recognised, where it was opened from a name or a path.
    """

    name: str
    classes: tuple[str, ...]
    parts: dict[str, Dataset]
    notes: tuple[str, ...] = ()
    layout: str = ""

    def __getitem__(self, split: str) -> Dataset:
        """One split: `data["test"]`; raises UsageError with near names where it is not there."""
        return look_up(self.parts, split, "split")


def clean_label(label: str) -> str:
    """A class name without outer space, in Unicode's NFC form, so that the same word is the same class on every system."""
    return unicodedata.normalize("NFC", label.strip())


def class_table(labels: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The one class table for `labels` per part: sorted, by value when all are whole numbers.

    With a train part the table is train's; raises ClearsightError when another part has a class that train lacks.
    """
    found = {part: set(every) for part, every in labels.items()}
    table = found.get("train") or set().union(*found.values())
    for part, every in found.items():
        if extra := sorted(every - table):
            same = {label.casefold() for label in extra} <= {label.casefold() for label in table}
            remedy = "They differ in case only: rename them." if same else f"Add training pictures of it, or take it out of {part}."
            raise ClearsightError(
                f"the {part} part has {'a class' if len(extra) == 1 else 'classes'} that the train part lacks: {listed(map(repr, extra))}. "
                f"Train has: {listed(map(repr, sorted(table)))}. {remedy}"
            )
    if all(label.isdecimal() for label in table):
        return tuple(sorted(table, key=lambda label: (int(label), label)))
    return tuple(sorted(table))


def objects(values: Iterable[str]) -> NDArray[np.object_]:
    """Strings as an object array (N,), never as numpy's fixed-width text."""
    every = list(values)
    array = np.empty(len(every), dtype=object)
    array[:] = every
    return array


def indices_of(labels: Sequence[str], classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Class indices int64 (N,) of class names that are all in `classes`."""
    index = {label: i for i, label in enumerate(classes)}
    return np.fromiter((index[label] for label in labels), dtype=np.int64, count=len(labels))
