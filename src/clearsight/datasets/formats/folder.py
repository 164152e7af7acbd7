"""A folder per class, with or without `train/`, `val/` and `test/` above them."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import ClearsightError, LayoutError, UsageError, listed, plain, wrong
from ...images.kinds import OTHER_SUFFIXES, SUFFIXES, UNREAD, kind_of
from ..dataset import Dataset, Parts, class_table, clean_label, indices_of, objects
from .layout import LAYOUT, recognise
from .unread import advice

# folders of previews that archives and network drives add, with the suffixes of pictures
HIDDEN = (".", "__MACOSX", "@eaDir")
ONE_CLASS = "picture"
# files of a run or a classifier: its folder holds golden pictures, and figures
RUN_FILES = ({"run.json", "recipe.toml"}, {"config.json", "model.safetensors"})
TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
KNOWN = SUFFIXES | UNREAD
# suffixes of files next to pictures that are not opened to see whether they hold one
NO_PICTURES = {*TABLES, ".txt", ".json", ".xml", ".yaml", ".yml", ".md", ".html", ".htm", ".log", ".py", ".db", ".ini", ".pdf", ".zip"}


def is_run(names: Iterable[str]) -> bool:
    """Whether a folder with files of these `names` is a run's or a classifier's."""
    there = {*names}
    return any(files <= there for files in RUN_FILES)


def is_folder(data: Any) -> bool:
    """Whether `data` is the path of a folder."""
    return isinstance(data, str | Path) and os.path.isdir(data)


def read_folder(data: str | Path, *, group_by: str | None = None, labelled: bool = True) -> Parts:
    """Every picture file below the class folders, in the order of their names; the notes list files that are left out.

    `group_by="folder"` keeps the pictures together that share the name of the first folder below their class folder. Unless they
    must be `labelled`, pictures of a folder without class folders are those of one class, `picture`.
    Files of 0 bytes stay listed, so that `check` names them and reading them fails.
    Raises UsageError without any picture, ClearsightError for a class that train lacks.
    """
    if group_by not in (None, "folder"):
        raise wrong("group_by of a folder", "'folder'", group_by)
    root = Path(data)
    walk = Walk(str(root))
    files, folders, notes = _listed(walk, root, labelled)
    notes += walk.notes()
    if not files:
        raise LayoutError("\n".join([f"no labelled picture in {root}. {LAYOUT.format(root)}", *notes, *walk.advice()]))
    table = class_table({part: (label for _, label in rows) for part, rows in files.items()})
    parts = {part: _dataset(root, rows, table, folders.get(part, ""), group_by) for part, rows in files.items()}
    return Parts(root.resolve().name, table, parts, (*notes, *(walk.tables() if len(table) == 1 and labelled else ())))


def _listed(walk: "Walk", root: Path, labelled: bool) -> tuple[dict[str, list[tuple[str, str]]], dict[str, str], list[str]]:
    """(path, class name) of every picture by part, the folder of each part, and notes."""
    tops, loose = walk.peek("")
    if not labelled and not tops and loose:
        return {"all": [(path, ONE_CLASS) for path in loose]}, {}, []
    try:
        layout = recognise(root, walk.peek)
    except UsageError as error:
        raise LayoutError("\n".join([str(error), *walk.advice()])) from None
    notes, outside = list(layout.notes), list(loose) if layout.parts.get("all") != "" else []
    files: dict[str, list[tuple[str, str]]] = {}
    for part, folder in layout.parts.items():
        classes, flat = walk.scan(folder)
        outside += flat
        if rows := _labelled(walk, [path for path in classes if path not in layout.left_out], notes):
            files[part] = rows
        elif folder:
            notes.append(f"{folder}/ holds no picture in a class folder, so there is no {part} part")
    if outside:
        notes.append(f"{len(outside)} pictures in no class folder, left out: {listed(outside, 3)}")
    return files, layout.parts, notes


def read_unlabelled(data: str | Path) -> tuple[Dataset, tuple[str, ...]]:
    """Every picture file in a folder and below, in the order of their names, without classes (labels are -1), and notes on files left out.

    Raises UsageError without any picture.
    """
    walk = Walk(str(data))
    paths = walk.below("")
    if not paths:
        raise LayoutError("\n".join([f"no picture in {data}.", *walk.notes()]))
    labels = np.full(len(paths), -1, dtype=np.int64)
    return Dataset((), labels, objects(map(_printable, paths)), root=Path(data), paths=objects(paths)), tuple(walk.notes())


@dataclass
class Walk:
    """A walk over a folder tree, with the linked folders visited and counts of files left out. Paths are relative to `root`, with `/`."""

    root: str
    seen: set[str] = field(default_factory=set)
    hidden: int = 0
    others: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    twins: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    listing: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def peek(self, relative: str) -> tuple[list[str], list[str]]:
        """As `scan`, which lists the folder once for both."""
        if relative not in self.listing:
            self.listing[relative] = self.scan(relative)
        return self.listing[relative]

    def scan(self, relative: str) -> tuple[list[str], list[str]]:
        """The folders to enter and the picture files directly in `relative`, each sorted."""
        if relative in self.listing:
            return self.listing.pop(relative)
        folder = os.path.join(self.root, relative)
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise ClearsightError(f"cannot list the folder {plain(folder)}: {error.strerror or error}.") from error
        folders, pictures = [], []
        if is_run(entry.name for entry in entries):
            self.runs.append(relative or self.root)
            return [], []
        for entry in entries:
            path = f"{relative}/{entry.name}" if relative else entry.name
            if entry.name.startswith(HIDDEN):
                self.hidden += 1
            elif _is_folder(entry):
                if self._enters(entry, path):
                    folders.append(path)
            elif self._is_picture(entry, path):
                pictures.append(path)
        return folders, self._without_twins(pictures)

    def below(self, relative: str) -> list[str]:
        """Every picture file in `relative` and its folders."""
        every, waiting = [], [relative]
        while waiting:
            folders, pictures = self.scan(waiting.pop())
            every += pictures
            waiting += reversed(folders)
        return every

    def each(self, relative: str = "") -> Iterator[str]:
        """As `below`, in the order of the paths and folder by folder, so that none waits for all."""
        folders, pictures = self.scan(relative)
        inside = set(folders)
        for path in sorted([*folders, *pictures]):
            if path in inside:
                yield from self.each(path)
            else:
                yield path

    def _enters(self, entry: os.DirEntry[str], path: str) -> bool:
        """False for a link that leads back into the tree, and for a folder that another link led to."""
        linked = entry.is_symlink()
        if not linked and not self.seen:  # the usual case costs nothing
            return True
        real, top = os.path.realpath(entry.path), os.path.realpath(self.root)
        inside = linked and os.path.commonpath((real, top)) in (real, top)
        if inside or real in self.seen:
            self.links.append(path)
            return False
        self.seen.add(real)
        return True

    def _is_picture(self, entry: os.DirEntry[str], path: str) -> bool:
        try:
            facts = entry.stat()
        except OSError as error:
            if entry.is_symlink():
                self.broken.append(path)
            elif not isinstance(error, FileNotFoundError):  # removed meanwhile
                raise ClearsightError(f"cannot look at {plain(entry.path)}: {error.strerror or error}.") from error
            return False
        suffix = os.path.splitext(entry.name)[1].lower()
        regular = stat.S_ISREG(facts.st_mode)  # opening a pipe would hang
        if not regular or suffix not in KNOWN:
            pictures = regular and suffix not in NO_PICTURES and _holds_picture(entry.path)
            (self.unnamed if pictures else self.others)[suffix or "without suffix"] += 1
            return pictures
        if facts.st_size == 0:
            self.empty.append(path)
        return True

    def _without_twins(self, pictures: list[str]) -> list[str]:
        """The pictures of a folder without those of an unreadable kind that are there in a readable one, such as a camera's raw files."""
        kinds = {path: os.path.splitext(path)[1].lower() for path in pictures}
        if UNREAD.isdisjoint(kinds.values()):  # the usual case
            return pictures
        readable = {os.path.splitext(path)[0] for path, suffix in kinds.items() if suffix not in UNREAD}
        kept = []
        for path, suffix in kinds.items():
            if suffix in UNREAD and os.path.splitext(path)[0] in readable:
                self.twins[suffix] += 1
            else:
                self.unread[suffix] += suffix in UNREAD
                kept.append(path)
        return kept

    def notes(self) -> list[str]:
        """Notes on files left out, one line each."""
        others = ", ".join(f"{n} {suffix}" for suffix, n in self.others.most_common(8))
        twins = ", ".join(f"{n} {suffix}" for suffix, n in self.twins.most_common(8))
        unnamed = ", ".join(f"{n} {suffix}" for suffix, n in self.unnamed.most_common(8))
        unread = [f"{n} {suffix} ({'; '.join(OTHER_SUFFIXES[suffix])})" for suffix, n in self.unread.most_common(8) if n]
        lines = (
            (self.runs, f"runs and classifiers of Clearsight left out: {listed(self.runs, 3)}"),
            (unread, f"{self.unread.total()} pictures of a kind that cannot be read, listed but unreadable: {', '.join(unread)}"),
            (twins, f"left out, since a readable picture of the same name is next to them: {twins}"),
            (unnamed, f"{self.unnamed.total()} files have no suffix of pictures, hold pictures and are read: {unnamed}"),
            (self.hidden, f"{self.hidden} hidden files or folders left out"),
            (others, f"{self.others.total()} files that are no pictures left out: {others}"),
            (self.links, f"links to folders that are in the tree already, left out: {listed(self.links, 3)}"),
            (self.broken, f"broken links left out: {listed(self.broken, 3)}"),
            (self.empty, f"{len(self.empty)} empty files (0 bytes), listed but unreadable: {listed(self.empty, 3)}"),
        )
        return [line for count, line in lines if count]

    def advice(self) -> list[str]:
        """What helps where there are no classes."""
        return self.tables() or advice(self.others)

    def tables(self) -> list[str]:
        """A hint where the folder holds tables, in which the labels may be."""
        names = sorted(name for name in os.listdir(self.root) if name.lower().endswith(TABLES))
        return (
            [f"tables in the folder: {listed(names, 3)}. Where the labels are in one, give that: {self.root}/{names[0]}"] if names else []
        )


def _holds_picture(path: str) -> bool:
    """Whether a file begins as a picture does."""
    try:
        with open(path, "rb", buffering=0) as file:
            return bool(kind_of(file.read(512)))
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _labelled(walk: Walk, classes: list[str], notes: list[str]) -> list[tuple[str, str]]:
    """(path, class name) of every picture in the class folders."""
    rows: list[tuple[str, str]] = []
    empty = []
    folders: dict[str, list[str]] = {}
    for folder in classes:
        label = clean_label(_printable(folder.rsplit("/", 1)[-1]))
        found = walk.below(folder)
        if found and not label:
            raise ClearsightError(
                f"the folder {folder!r} in {walk.root} holds pictures and has no name but blanks. Name it after its class."
            )
        folders.setdefault(label, []).append(folder)
        rows += [(path, label) for path in found]
        if not found:
            empty.append(folder)
    if empty:
        notes.append(f"class folders without a picture, left out of the classes: {listed(empty)}")
    notes += [f"folders of the same name, taken as one class: {listed(map(repr, same))}" for same in folders.values() if len(same) > 1]
    return rows


def _dataset(root: Path, rows: list[tuple[str, str]], table: tuple[str, ...], prefix: str, group_by: str | None) -> Dataset:
    paths = [path for path, _ in rows]
    depth = prefix.count("/") + 2 if prefix else 1  # folders down to the class
    groups = None
    if group_by:
        pieces = [path.split("/") for path in paths]
        groups = [piece[depth] if len(piece) > depth + 1 else path for piece, path in zip(pieces, paths, strict=True)]
        if groups == paths:
            raise UsageError(f"group_by='folder' needs folders below the class folders, as {root}/cat/monday/1.jpg, and found none.")
    return Dataset(
        classes=table,
        labels=indices_of([label for _, label in rows], table),
        names=objects(map(_printable, paths)),
        root=root,
        paths=objects(paths),
        groups=objects(map(_printable, groups)) if groups else None,
    )


def _printable(name: str) -> str:
    """A file name as text that can be written as UTF-8; on Linux a name is bytes, which may not be valid UTF-8."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()
