"""Which tar files a word on the command line means: a file, a folder of them, or a pattern such as `train-{0000..0146}.tar`."""

import glob
import os
import posixpath
import re
from collections.abc import Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from ...base.errors import ClearsightError, UsageError, listed, plain
from ...base.remote.address import is_address, shown
from ...base.remote.store import listing
from ..formats.layout import part_word
from .reading import Shard, remote_shard, shard_at

SUFFIX = ".tar"
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
MOST = 1_000_000  # shards of a pattern
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def is_shards(data: Any) -> bool:
    """Whether `data` is a tar file, a pattern of tar files, or a folder of them without other folders but parts."""
    if not isinstance(data, str | Path):
        return False
    text = str(data)
    if is_address(data):
        return True  # other data is not read from there
    if os.path.isdir(data):
        return bool(_in_folder(Path(data)))
    if os.path.exists(data):
        return text.lower().endswith((SUFFIX, *COMPRESSED))
    return text.endswith(SUFFIX) and ("{" in text or glob.has_magic(text))


def find_shards(data: str | Path) -> list[tuple[str, Shard]]:
    """Name, relative to their folder, and shard of every tar file that `data` means, in the order of their names or of the pattern.

    Raises UsageError for a pattern that means none, ClearsightError for a file that is missing or cannot be read.
    """
    if is_address(data):
        return _at_address(str(data))
    if os.path.isdir(data):
        root = Path(data)
        return [(name, shard_at(root / name)) for name in _in_folder(root)]
    if os.path.exists(data):
        return [(Path(data).name, shard_at(data))]
    paths = [path for pattern in expand(str(data)) for path in (sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern])]
    if not paths:
        raise UsageError(f"no tar file is called {plain(data)}.")
    if missing := [path for path in paths if not os.path.isfile(path)]:
        raise ClearsightError(
            f"{len(missing):,} of the {len(paths):,} shards of {plain(data)} are missing: {listed(missing, 3)}. "
            "Get them, or narrow the range."
        )
    top = os.path.commonpath([os.path.dirname(path) for path in paths])
    names = [os.path.relpath(path, top or ".").replace(os.sep, "/") for path in paths]
    return [(name, shard_at(path)) for name, path in zip(names, paths, strict=True)]


def _at_address(address: str) -> list[tuple[str, Shard]]:
    """As `find_shards`, of a folder, a file or a pattern in a store; raises UsageError without a tar file, StoreError."""
    files = sorted((file for one in expand(address) for file in listing(one)), key=lambda file: file.address)
    found = [file for file in files if file.name.lower().endswith((SUFFIX, *COMPRESSED))]
    if not found:
        raise UsageError(f"{shown(address)} has no tar file among its {len(files):,} files, and only shards are read from addresses.")
    start = len(posixpath.commonpath([file.address.rpartition("/")[0] for file in found])) + 2  # it has one slash of "://" only
    return [(file.address[start:], remote_shard(file)) for file in found]


def expand(pattern: str) -> list[str]:
    """The names of a pattern with braces, as the shell has them: `{0000..0146}` counts with as many digits, `{train,val}` lists.

    Raises UsageError for more than a million.
    """
    pieces = _BRACES.split(pattern)
    words = [_words(piece) if i % 2 else [piece] for i, piece in enumerate(pieces)]
    if prod(map(len, words)) > MOST:
        raise UsageError(f"{plain(pattern)} means more than {MOST:,} shards. Narrow the range.")
    return ["".join(some) for some in product(*words)]


def _words(braces: str) -> Sequence[str]:
    """What stands for the content of a pair of braces; of a long range only more words than are allowed."""
    if not (numbers := _RANGE.fullmatch(braces)):
        return braces.split(",")
    first, last = int(numbers[1]), min(int(numbers[2]), int(numbers[1]) + MOST)
    return [f"{number:0{len(numbers[1])}d}" for number in range(first, last + 1)]


def part_of(name: str) -> str:
    """The part that a shard's folders or name have a word for, as `val/000.tar` and `imagenet-val-000.tar`; `all` without."""
    words = [*name.split("/")[:-1], Path(name).stem]
    return next((found[0] for word in words if (found := part_word(word))), "all")


def _in_folder(root: Path) -> list[str]:
    """The tar files of a folder, or of the folders of parts in it; empty where other folders may hold pictures."""
    try:
        entries = sorted(entry for entry in os.listdir(root) if not entry.startswith("."))
        folders = [entry for entry in entries if (root / entry).is_dir()]
        tars = [entry for entry in entries if _is_tar(root / entry)]
        for folder in folders:
            inside = [f"{folder}/{name}" for name in sorted(os.listdir(root / folder)) if _is_tar(root / folder / name)]
            if not inside or not part_word(folder):
                return []
            tars += inside
    except OSError:  # the reader of folders reports it
        return []
    return tars


def _is_tar(path: Path) -> bool:
    return path.name.lower().endswith((SUFFIX, *COMPRESSED)) and not path.name.startswith(".") and path.is_file()
