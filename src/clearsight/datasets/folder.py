"""A folder per class, with or without `train/`, `val/` and `test/` above them."""

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import ClearsightError, UsageError, listed, plain, wrong
from ..images.decode import SUFFIXES
from .dataset import PART_NAMES, Dataset, Parts, class_table, clean_label, indices_of, objects

# folders of previews that archives and network drives add, with the suffixes of pictures
HIDDEN = (".", "__MACOSX", "@eaDir")
ONE_CLASS = "picture"
LAYOUT = """Expected is a folder per class:
  {0}/cat/1.jpg
  {0}/cat/2.jpg
  {0}/dog/1.jpg
or the same inside parts: {0}/train/cat/1.jpg, {0}/val/cat/2.jpg, {0}/test/cat/3.jpg."""


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
    walk = _Walk(str(root))
    tops, loose = walk.scan("")
    named, beside = _part_folders(root, tops)
    notes = [f"not among the parts, left out: {listed(beside)}"] if beside else []
    files: dict[str, list[tuple[str, str]]] = {}
    if not labelled and not tops and loose:
        files, loose = {"all": [(path, ONE_CLASS) for path in loose]}, []
    for part, folder in (named or {"all": ""} if not files else {}).items():
        classes, outside = (tops, []) if part == "all" else walk.scan(folder)
        loose += outside
        files[part] = _labelled(walk, classes, notes)
        if not files[part]:
            notes.append(f"{folder}/ holds no picture in a class folder, so there is no {part} part")
            del files[part]
    if loose:
        notes.append(f"{len(loose)} pictures in no class folder, left out: {listed(loose, 3)}")
    if not files:
        raise UsageError("\n".join([f"no labelled picture in {root}. {LAYOUT.format(root)}", *notes, *walk.notes()]))
    table = class_table({part: (label for _, label in rows) for part, rows in files.items()})
    parts = {part: _dataset(root, rows, table, named.get(part, ""), group_by) for part, rows in files.items()}
    return Parts(root.resolve().name, table, parts, (*notes, *walk.notes()))


def read_unlabelled(data: str | Path) -> tuple[Dataset, tuple[str, ...]]:
    """Every picture file in a folder and below, in the order of their names, without classes (labels are -1), and notes on files left out.

    Raises UsageError without any picture.
    """
    walk = _Walk(str(data))
    paths = walk.below("")
    if not paths:
        raise UsageError("\n".join([f"no picture in {data}.", *walk.notes()]))
    labels = np.full(len(paths), -1, dtype=np.int64)
    return Dataset((), labels, objects(map(_printable, paths)), root=Path(data), paths=objects(paths)), tuple(walk.notes())


@dataclass
class _Walk:
    """A walk over a folder tree, with the linked folders visited and counts of files left out. Paths are relative to `root`, with `/`."""

    root: str
    seen: set[str] = field(default_factory=set)
    hidden: int = 0
    others: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def scan(self, relative: str) -> tuple[list[str], list[str]]:
        """The folders to enter and the picture files directly in `relative`, each sorted."""
        folder = os.path.join(self.root, relative)
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise ClearsightError(f"cannot list the folder {plain(folder)}: {error.strerror or error}.") from error
        folders, pictures = [], []
        for entry in entries:
            path = f"{relative}/{entry.name}" if relative else entry.name
            if entry.name.startswith(HIDDEN):
                self.hidden += 1
            elif _is_folder(entry):
                if self._enters(entry, path):
                    folders.append(path)
            elif self._is_picture(entry, path):
                pictures.append(path)
        return folders, pictures

    def below(self, relative: str) -> list[str]:
        """Every picture file in `relative` and its folders."""
        every, waiting = [], [relative]
        while waiting:
            folders, pictures = self.scan(waiting.pop())
            every += pictures
            waiting += reversed(folders)
        return every

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
        if suffix not in SUFFIXES or not stat.S_ISREG(facts.st_mode):  # opening a pipe would hang
            self.others[suffix or "without suffix"] += 1
            return False
        if facts.st_size == 0:
            self.empty.append(path)
        return True

    def notes(self) -> list[str]:
        """Notes on files left out, one line each."""
        others = ", ".join(f"{n} {suffix}" for suffix, n in self.others.most_common(8))
        lines = (
            (self.hidden, f"{self.hidden} hidden files or folders left out"),
            (others, f"{self.others.total()} files that are no pictures left out: {others}"),
            (self.links, f"links to folders that are in the tree already, left out: {listed(self.links, 3)}"),
            (self.broken, f"broken links left out: {listed(self.broken, 3)}"),
            (self.empty, f"{len(self.empty)} empty files (0 bytes), listed but unreadable: {listed(self.empty, 3)}"),
        )
        return [line for count, line in lines if count]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _part_folders(root: Path, tops: list[str]) -> tuple[dict[str, str], list[str]]:
    """`{part: folder}` and the other folders, or nothing if the folders are classes.

    A single `train/` among other folders of pictures is a class (of vehicles, say), not a part.
    """
    named = [folder for folder in tops if folder.lower() in PART_NAMES]
    beside = [folder for folder in tops if folder not in named]
    with_classes = [folder for folder in named if _Walk(str(root)).scan(folder)[0]]
    if not with_classes and not beside and len({PART_NAMES[folder.lower()] for folder in named}) > 1:
        raise UsageError(f"{' and '.join(f'{folder}/' for folder in named)} in {root} hold no class folders. {LAYOUT.format(root)}")
    if not with_classes or (len(named) == 1 and any(_Walk(str(root)).below(folder) for folder in beside)):
        return {}, []
    parts: dict[str, str] = {}
    for folder in named:
        part = PART_NAMES[folder.lower()]
        if part in parts:
            raise ClearsightError(f"{root} has two {part} folders, {parts[part]} and {folder}. Keep one.")
        parts[part] = folder
    return {part: parts[part] for part in ("train", "val", "test") if part in parts}, beside


def _labelled(walk: _Walk, classes: list[str], notes: list[str]) -> list[tuple[str, str]]:
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
    depth = 2 if prefix else 1  # folders down to the class
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
