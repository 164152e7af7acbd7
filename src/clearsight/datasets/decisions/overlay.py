"""The data set that decisions make of another: labels replaced, pictures left out, by the journal and without touching a file.

A decision belongs to the picture with its digest and its name; to one of its digest alone, if there is exactly one such picture that
has no decision of its own: it was moved or renamed. A file whose pixels have changed is another picture.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...base.errors import ClearsightError, UsageError, listed
from ..dataset import Dataset, Parts, class_table, clean_label, indices_of
from ..formats.folder import ONE_CLASS
from ..identity import identified
from .journal import Entry, Journal


@dataclass(frozen=True)
class Change:
    """What a decision does to a picture: the label that it was given and has now; both are '' without one."""

    picture: str
    kind: str
    was: str
    label: str


@dataclass(frozen=True)
class Overlay:
    """The data with the decisions of a journal: each change, and the decisions whose picture is not there (any more)."""

    parts: Parts
    changes: list[Change]
    lost: list[Entry]


def names_of(parts: Parts) -> dict[str, list[str]]:
    """The names of the pictures by part, with the part in front if several parts have a name: they are unique."""
    every = [str(name) for data in parts.parts.values() for name in data.names]
    shared = len(set(every)) < len(every)
    return {part: [f"{part}/{name}" if shared else str(name) for name in data.names] for part, data in parts.parts.items()}


def unsorted(parts: Parts) -> Parts:
    """`parts`; a folder of pictures without class folders has no classes and the labels -1, in place of the class that stands for it."""
    data = parts.parts.get("all")
    if data is None or data.classes != (ONE_CLASS,) or data.root is None or any("/" in str(name) for name in data.names):
        return parts
    return replace(parts, classes=(), parts={"all": replace(data, classes=(), labels=np.full(len(data), -1, np.int64))})


def matched(parts: Parts, standing: Mapping[tuple[str, str], Entry]) -> tuple[dict[str, list[Entry | None]], list[Entry]]:
    """The decision about each picture of `parts`, which have digests, by part, and the decisions about no picture of them."""
    names, left = names_of(parts), dict(standing)
    found: dict[str, list[Entry | None]] = {}
    moved: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for part, data in parts.parts.items():
        digests = [digest.decode() for digest in data.digests] if data.digests is not None else [""] * len(data)
        found[part] = [left.pop(key, None) for key in zip(digests, names[part], strict=True)]
        for i, (digest, entry) in enumerate(zip(digests, found[part], strict=True)):
            if entry is None and left:
                moved[digest].append((part, i))
    once = Counter(digest for digest, _ in left)
    for (digest, _), entry in list(left.items()):
        if once[digest] == len(moved[digest]) == 1:
            part, i = moved[digest][0]
            found[part][i] = entry
            del left[entry.picture]
    return found, list(left.values())


def overlaid(parts: Parts, journal: str | Path, *, labelled: bool = True, quiet: bool = True) -> Overlay:
    """`parts` as the decisions in `journal` have them; classes without a picture any more are gone, new ones are there.

    Pictures without any label are left out if they must be `labelled`. Raises UsageError without such a file, or where no picture is left.
    """
    if not Path(journal).is_file():
        raise UsageError(f"there is no journal {journal}: clearsight studio DATA makes one, with the first decision of its screen Labels.")
    parts = identified(unsorted(parts), quiet=quiet)
    decisions, lost = matched(parts, Journal(journal).standing())
    names, changes = names_of(parts), []
    labels: dict[str, list[str]] = {}
    for part, data in parts.parts.items():
        given = [data.label(i) if data.classes and data.labels[i] >= 0 else "" for i in range(len(data))]
        labels[part] = [_label(entry, was) for entry, was in zip(decisions[part], given, strict=True)]
        rows = zip(names[part], decisions[part], given, labels[part], strict=True)
        changes += [Change(name, entry.kind, was, label) for name, entry, was, label in rows if entry is not None]
    kept = {part: np.array(list(map(bool, every)) if labelled else _in(decisions[part]), bool) for part, every in labels.items()}
    if not any(mask.any() for mask in kept.values()):
        raise UsageError(f"the decisions in {journal} leave no picture of {parts.name}{' with a label' if labelled else ''}.")
    table = _table(parts, labels)
    made = {part: _relabelled(data, labels[part], table).subset(kept[part]) for part, data in parts.parts.items()}
    made = {part: data for part, data in made.items() if len(data)}
    notes = (*parts.notes, *_notes(Path(journal), changes, lost, sum(map(len, parts.parts.values())) - sum(map(len, made.values()))))
    return Overlay(replace(parts, classes=table, parts=made, notes=notes), changes, lost)


def _in(decisions: Iterable[Entry | None]) -> list[bool]:
    return [entry is None or entry.kind != "leave out" for entry in decisions]


def _label(entry: Entry | None, was: str) -> str:
    """The label by a decision; '' for a picture that is left out, or has none."""
    if entry is None or entry.kind in ("keep", "unsure"):
        return was
    return clean_label(entry.label) if entry.kind == "label" else ""


def _table(parts: Parts, labels: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The classes: those that have pictures now, or had none before, in their order, and the new ones."""
    now = {label for every in labels.values() for label in every} - {""}
    before = {data.classes[k] for data in parts.parts.values() for k in set(data.labels.tolist()) if k >= 0}
    old = [label for label in parts.classes if label in now or label not in before]
    if train := parts.parts.get("train"):
        lacking = sorted(now - {label for label in labels["train"] if label} - set(train.classes))
        if lacking:
            raise ClearsightError(f"the decisions give {listed(map(repr, lacking))} to no training picture: decide about one, too.")
    table = class_table({"": [*old, *now]})
    return table if class_table({"": parts.classes}) == parts.classes else (*old, *(label for label in table if label not in old))


def _relabelled(data: Dataset, labels: list[str], table: tuple[str, ...]) -> Dataset:
    known = [label if label else table[0] for label in labels] if table else []
    rows = np.where(list(map(bool, labels)), indices_of(known, table), -1) if table else np.full(len(data), -1)
    return replace(data, classes=table, labels=rows.astype(np.int64))


def _notes(journal: Path, changes: list[Change], lost: list[Entry], left_out: int) -> list[str]:
    new = sum(one.label not in ("", one.was) for one in changes)
    said = [f"labels of {journal.name}: {new:,} changed, {left_out:,} pictures left out"]
    if lost:
        said.append(f"{len(lost):,} decisions of {journal.name} are about no picture here: {listed((one.name for one in lost), 3)}")
    return said
