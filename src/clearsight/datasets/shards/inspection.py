"""`check_shards`: whether shards are whole, hold what they say, and are mixed enough to be read in order."""

import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import ClearsightError, UnreadableImage, UsageError, listed, plain
from ...base.files import file_digest
from ...base.progress import Progress
from ...base.result import Result, Row
from ...images.decode import examined
from ..dataset import Dataset, Parts
from ..identity import data_digest
from .find import find_shards, is_shards
from .headers import members
from .index import BESIDE, build, published, sealed
from .open import read_shards
from .reading import Shard, bring
from .writing import LIST

MIXED = 0.5  # of the classes that a random shard would hold
_CHUNK = 256


@dataclass(frozen=True)
class ShardFacts:
    """A shard: its pictures, bytes, and the number of classes among them."""

    name: str
    pictures: int
    bytes: int
    classes: int


@dataclass(frozen=True)
class ShardsCheck(Result):
    """The findings of `check_shards`: `problems` are a reason not to use the shards; `duplicates` are groups of names of equal pictures."""

    name: str
    pictures: int
    classes: int
    shards: tuple[ShardFacts, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    duplicates: tuple[tuple[str, ...], ...]

    def headline(self) -> str:
        """Pictures, shards, and the number of findings."""
        said = f"{self.name}: {self.pictures:,} pictures of {self.classes:,} classes in {len(self.shards):,} shards"
        return f"{said}, {len(self.problems)} problems, {len(self.warnings)} warnings"

    def rows(self) -> list[Row]:
        """A line for each shard."""
        return [
            {"shard": one.name, "pictures": one.pictures, "classes": one.classes, "MB": round(one.bytes / 1e6, 1)} for one in self.shards
        ]

    def findings(self) -> list[str]:
        """A line for each finding, its severity first."""
        kinds = (("problem", self.problems), ("warning", self.warnings), ("note", self.notes))
        return [f"{kind}: {line}" for kind, lines in kinds for line in lines]


def check_shards(data: str | Path, *, quiet: bool = False) -> ShardsCheck:
    """Read every byte of the shards of `data`: headers, checksums of packed ones, all pictures, duplicates, classes of each shard.

    Raises UsageError for data that are no shards.
    """
    if not is_shards(data):
        raise UsageError(f"{plain(data)} is not a tar file, nor a folder or a pattern of them. clearsight check takes other data.")
    found = find_shards(data)
    problems = [*_damaged(found), *_changed(data, found, quiet)]
    problems += [] if problems else _misindexed(found)
    if problems:
        facts = tuple(ShardFacts(name, 0, shard.size, 0) for name, shard in found)
        return ShardsCheck(Path(data).name, 0, 0, facts, tuple(problems), (), (), ())
    parts = read_shards(data)
    digests, unreadable = _digests(parts, quiet)
    problems += _unreadable(unreadable) + _wrong(parts, digests)
    twins = _twins(parts, digests)
    facts = tuple(_facts(found, parts))
    warnings = [*_duplicated(twins), *_in_order(parts, facts)]
    pictures = sum(map(len, parts.parts.values()))
    return ShardsCheck(parts.name, pictures, len(parts.classes), facts, tuple(problems), tuple(warnings), parts.notes, tuple(twins))


def _damaged(found: list[tuple[str, Shard]]) -> Iterator[str]:
    for _, shard in found:
        try:
            bring(shard)
            members(shard)
        except ClearsightError as error:
            yield str(error)


def _misindexed(found: list[tuple[str, Shard]]) -> Iterator[str]:
    """Shards of this machine with an index next to them that is another's."""
    for name, shard in found:
        if Path(shard.address + BESIDE).is_file():
            known = published(shard)
            if known is None or sealed(known) != sealed(build(shard)):
                yield f"{name}{BESIDE} is not the index of {name}: remove it, or pack the data again"


def _changed(data: str | Path, found: list[tuple[str, Shard]], quiet: bool) -> Iterator[str]:
    """Shards that differ from the list that `pack` has written next to them, or that one of the two lacks."""
    path = Path(data) / LIST
    if not path.is_file():
        return
    try:
        listed_ones = {str(one["name"]): str(one["sha256"]) for one in json.loads(path.read_text(encoding="utf-8"))["shards"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield f"{path} cannot be read ({error}): pack the data again"
        return
    if lacking := sorted(listed_ones.keys() - {name for name, _ in found}):
        yield f"{len(lacking):,} shards of {LIST} are missing: {listed(lacking, 3)}"
    with Progress("compare", len(found), "shards", quiet=quiet) as progress:
        for name, shard in found:
            if name not in listed_ones:
                yield f"{name} is not in {LIST}: it was put there later"
            elif file_digest(shard.address) != listed_ones[name]:
                yield f"{name} has other bytes than were packed: get it again"
            progress.update(1)


def _digests(parts: Parts, quiet: bool) -> tuple[dict[str, np.ndarray], list[UnreadableImage]]:
    """The digest of every picture by part, computed from its bytes, and the errors of those that cannot be read."""
    failures: list[UnreadableImage] = []

    def one(dataset: Dataset, i: int) -> bytes:
        source: Any = dataset.source(i)
        try:
            examined(source)
            return data_digest(source.read())[0]
        except UnreadableImage as error:
            failures.append(error)
            return b""

    made = {}
    with Progress("read", sum(map(len, parts.parts.values())), quiet=quiet) as progress, ThreadPoolExecutor() as pool:
        for part, data in parts.parts.items():
            made[part] = np.empty(len(data), "S32")
            for start in range(0, len(data), _CHUNK):
                rows = range(start, min(start + _CHUNK, len(data)))
                made[part][start : rows.stop] = list(pool.map(one, [data] * len(rows), rows))
                progress.update(len(rows))
    return made, failures


def _unreadable(failures: list[UnreadableImage]) -> list[str]:
    return [f"{len(failures):,} pictures cannot be read, the first: {failures[0]}"] if failures else []


def _wrong(parts: Parts, digests: dict[str, np.ndarray]) -> list[str]:
    """Packed pictures that are not those of their table of contents."""
    found = []
    for part, data in parts.parts.items():
        if data.digests is not None and len(rows := np.flatnonzero(data.digests != digests[part])):
            found.append(
                f"{len(rows):,} pictures are not those that were packed: {listed((data.names[row] for row in rows[:4].tolist()), 3)}"
            )
    return found


def _twins(parts: Parts, digests: dict[str, np.ndarray]) -> list[tuple[str, ...]]:
    """Groups of names of equal pictures, the largest first."""
    names: dict[bytes, list[str]] = defaultdict(list)
    for part, data in parts.parts.items():
        for i, digest in enumerate(digests[part].tolist()):
            names[digest].append(str(data.names[i]))
    return sorted((tuple(same) for digest, same in names.items() if digest and len(same) > 1), key=lambda same: (-len(same), same))


def _duplicated(twins: list[tuple[str, ...]]) -> list[str]:
    if not twins:
        return []
    more = sum(len(same) - 1 for same in twins)
    return [
        f"{more:,} pictures are there more than once, such as {listed(map(plain, twins[0]), 3)}. clearsight check tells what they spoil"
    ]


def _facts(found: list[tuple[str, Shard]], parts: Parts) -> Iterator[ShardFacts]:
    for number, (name, shard) in enumerate(found):
        rows = [data.labels[data.spans["shard"] == number] for data in parts.parts.values() if data.spans is not None]
        labels = np.concatenate(rows)
        yield ShardFacts(name, len(labels), shard.size, len(np.unique(labels)))


def _in_order(parts: Parts, facts: tuple[ShardFacts, ...]) -> list[str]:
    """A warning where shards hold far fewer classes than random ones of their size would."""
    counts = sum(data.counts() for data in parts.parts.values())
    share = np.asarray(counts) / max(np.sum(counts), 1)
    full = [one for one in facts if one.pictures]
    wanted = [float((1 - (1 - share) ** one.pictures).sum()) for one in full]
    if len(full) < 2 or sum(one.classes for one in full) >= MIXED * sum(wanted):
        return []
    mean = sum(one.classes for one in full) / len(full)
    return [
        f"shards are in the order of the classes: {mean:,.1f} classes each, where mixed ones would have {sum(wanted) / len(full):,.1f}. "
        "Clearsight shuffles over all shards; a program that reads them in order learns one class after the other. clearsight shards pack "
        "mixes them"
    ]
