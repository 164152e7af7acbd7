"""The files that the names in a table mean: other separators, folders or suffixes than those written."""

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ...base.errors import ClearsightError, listed
from ...images.kinds import SUFFIXES
from ..formats.layout import GENERIC, part_word

_DEEPEST, _MOST = 3, 500  # folders below that of the table, and how many of them are tried
_SAMPLE = 50  # names that decide which way of reading is tried on all
_REMOTE = re.compile(r"[a-z]+://", re.IGNORECASE)


class Way(NamedTuple):
    """One way to read names: a rewriting, and the folder they are relative to (`None`: a folder of their label)."""

    said: str
    rewritten: Callable[[str], str]
    base: str | None = ""


@dataclass
class Finder:
    """Finds the files that names mean, below `folder`, that of the table called `table`."""

    folder: Path
    table: str
    _stems: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _folders: list[str] | None = None
    _pieces: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def file(self, name: str) -> str:
        """The path of the file `name`, with a suffix of pictures added where it has none; empty if there are no or several such files."""
        try:
            if stat.S_ISREG(os.stat(self.folder / name).st_mode):
                return name
        except (OSError, ValueError):
            pass
        head, _, stem = name.rpartition("/")
        found = self._in(head).get(stem, []) if stem else []
        if not found:
            return self._recased(name)
        return f"{head}/{found[0]}" if head and len(found) == 1 else found[0] if len(found) == 1 else ""

    def _recased(self, name: str) -> str:
        """The one file whose path differs from `name` in upper and lower case only, which some systems ignore; else empty."""
        folder = ""
        for piece in name.split("/"):
            if folder not in self._pieces:
                self._pieces[folder] = {}
                with suppress(OSError, ValueError):
                    for entry in os.listdir(self.folder / folder):
                        self._pieces[folder].setdefault(entry.casefold(), []).append(entry)
            found = [piece] if piece == os.pardir else self._pieces[folder].get(piece.casefold(), [])
            if len(found) != 1:
                return ""
            folder = f"{folder}/{found[0]}" if folder else found[0]
        return folder if os.path.isfile(self.folder / folder) else ""

    def _in(self, folder: str) -> dict[str, list[str]]:
        """The picture files of a folder by their name without suffix."""
        if folder not in self._stems:
            try:
                names = os.listdir(self.folder / folder)
            except (OSError, ValueError):
                names = []
            known = self._stems[folder] = {}
            for name in names:
                stem, suffix = os.path.splitext(name)
                if suffix.lower() in SUFFIXES:
                    known.setdefault(stem, []).append(name)
        return self._stems[folder]

    def exists(self, name: str) -> bool:
        """Whether `name` is a picture in some way of reading."""
        return self.share([name.strip()]) > 0

    def is_file(self, name: str) -> bool:
        """Whether `name` looks like the name of a picture, or is one."""
        return os.path.splitext(name.strip())[1].lower() in SUFFIXES or self.exists(name)

    def share(self, names: Sequence[str]) -> float:
        """The largest share of a sample of `names` that are files in one way of reading."""
        sample = [name for name in names if name and len(name) < 1000][:_SAMPLE]
        if not sample:
            return 0.0
        return max(sum(bool(self._found(way, name, "")) for name in sample) for way in self.ways(sample)) / len(sample)

    def locate(self, names: Sequence[str], labels: Sequence[str]) -> tuple[list[str], list[str]]:
        """The path of every name, empty where there is no file, and notes on how they are read.

        Raises ClearsightError for names that are addresses on the network, or that mean files in two folders.
        """
        if remote := next((name for name in names if _REMOTE.match(name)), ""):
            raise ClearsightError(f"{self.table}: {remote} is an address on the network. Download the pictures, and list their files.")
        first = self.ways(())[0]
        paths = self._all(first, names, labels)
        if all(paths):
            return paths, self._suffixes(names, paths)
        missing = [i for i, path in enumerate(paths) if not path][:_SAMPLE]
        count: dict[int, int] = {}
        ways = self.ways([names[i] for i in missing])
        for k, way in enumerate(ways):
            count[k] = sum(bool(self._found(way, names[i], labels[i])) for i in missing)
        best = max(count.values())
        if not best:
            return paths, []
        able = [ways[k] for k in count if count[k] == best]
        every = [(way, self._all(way, names, labels)) for way in able]
        most = max(sum(map(bool, paths)) for _, paths in every)
        whole = [(way, paths) for way, paths in every if sum(map(bool, paths)) == most]
        if most < sum(map(bool, paths)):
            return paths, []
        way, paths = self._one(whole)
        return paths, [*([way.said] if way.said else []), *self._suffixes(names, paths)]

    def _one(self, whole: list[tuple[Way, list[str]]]) -> tuple[Way, list[str]]:
        """The one way of several: all that find the same files, or the folder of the part that the table is named after."""
        way, paths = whole[0]
        if all(others == paths for _, others in whole):
            return way, paths
        part = part_word(Path(self.table).stem)
        fits = [one for one in whole if part and part[0] in _parts_of(one[0].base or "")]
        if len({tuple(others) for _, others in fits}) == 1:
            return fits[0]
        folders = listed(sorted({repr(os.path.dirname(others[0])) for _, others in whole}), 3)
        raise ClearsightError(
            f"{self.table}: its names are files in several folders ({folders}). Write the folder into the column of paths."
        )

    def _all(self, way: Way, names: Sequence[str], labels: Sequence[str]) -> list[str]:
        return [self._found(way, name, label) for name, label in zip(names, labels, strict=True)]

    def _found(self, way: Way, name: str, label: str) -> str:
        name = way.rewritten(name)
        base = label if way.base is None else way.base
        if way.base is None and (not label or "/" in label):
            return ""
        return self.file(self.relative(f"{base}/{name.lstrip('/')}" if base else name)) if name else ""

    def relative(self, path: str) -> str:
        """A path as the picture's name: relative where it lies below the table's folder, so that one file has one name."""
        name = os.path.normpath(path) if path else ""
        if os.path.isabs(name) or name.startswith(os.pardir):
            relative = os.path.relpath(self.folder / name, self.folder)
            name = name if relative.startswith(os.pardir) else relative
        return name.replace(os.sep, "/")

    def ways(self, names: Sequence[str]) -> list[Way]:
        """The ways to read `names`: as they are first, then rewritten, then from other folders."""
        ways = [Way("", str)]
        if not names:
            return ways
        rewritings: list[tuple[str, Callable[[str], str]]] = [("", str)]
        if any("\\" in name for name in names):
            rewritings = [("paths have backslashes: read as /", _slashes)]
            ways.append(Way(*rewritings[0]))
        deepest = max(_slashes(name).count("/") for name in names)
        shorter: list[tuple[str, Callable[[str], str]]] = [
            (f"the first {n} folders of the paths do not exist here: left out", _Shorter(n)) for n in range(1, min(deepest, 12) + 1)
        ]
        ways += [Way(*one) for one in shorter]
        for base in self._bases():
            for said, rewritten in (*rewritings, *shorter[-1:]):
                ways.append(Way("; ".join(filter(None, (said, f"files are in {base}/"))), rewritten, base))
        return [*ways, Way("files are in the folder of their label", _slashes, None)]

    def _bases(self) -> list[str]:
        if self._folders is None:
            self._folders = list(_folders(self.folder))
        return self._folders

    def _suffixes(self, names: Sequence[str], paths: list[str]) -> list[str]:
        added = recased = 0
        for name, path in zip(names, paths, strict=True):
            added += bool(path) and os.path.splitext(path)[1].lower() != os.path.splitext(name)[1].lower()
            pieces = zip(reversed(_slashes(name).split("/")), reversed(path.split("/")), strict=False)
            recased += any(given != found and given.casefold() == found.casefold() for given, found in pieces)
        return [
            *([f"{added:,} names have no suffix of a picture: the only file of that name is read"] if added else []),
            *([f"{recased:,} names differ from those of their files in upper and lower case: read"] if recased else []),
        ]


def _parts_of(folder: str) -> set[str]:
    return {found[0] for piece in folder.split("/") if (found := part_word(piece))}


def _slashes(name: str) -> str:
    return name.replace("\\", "/")


@dataclass(frozen=True)
class _Shorter:
    """Paths without their first `n` folders."""

    n: int

    def __call__(self, name: str) -> str:
        return "/".join(_slashes(name).split("/")[self.n :])


def _folders(root: Path) -> Iterator[str]:
    """Folders below `root`, and those of pictures next to it, as paths relative to it."""
    waiting, n = [("", 0)], 0
    while waiting and n < _MOST:
        folder, depth = waiting.pop(0)
        for name in _subfolders(root / folder):
            path = f"{folder}/{name}" if folder else name
            n += 1
            yield path
            if depth + 1 < _DEEPEST:
                waiting.append((path, depth + 1))
    own = root.resolve().name
    beside = [name for name in _subfolders(root / os.pardir) if name != own and _of_pictures(name)][:_MOST]
    yield from (f"{os.pardir}/{name}" for name in beside)


def _of_pictures(name: str) -> bool:
    """Whether a folder is called images, train_images or the like: other folders next to the table's are of other data."""
    part = part_word(name)
    return (part is not None and not part[1]) or bool(GENERIC & set(re.findall("[a-z]+", name.lower())))


def _subfolders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(entry.name for entry in found if not entry.name.startswith(".") and entry.is_dir())
    except OSError:
        return []
