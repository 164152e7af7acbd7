"""The manifest of a batch: what the words on the command line mean, as tasks of one shard each."""

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path

from ..base.errors import UsageError, listed, plain
from ..base.files import digest
from ..base.remote.address import is_address, shown
from ..base.remote.store import listing
from ..datasets.formats.folder import Walk
from ..datasets.shards.find import COMPRESSED, SUFFIX, expand
from ..datasets.shards.reading import Shard, remote_shard, shard_at
from ..images.kinds import SUFFIXES
from .task import Task

FILES = 4096  # loose pictures of one task


def plan(words: Sequence[str], notes: list[str]) -> list[Task]:
    """A task for each shard, and for each few thousand pictures in files of their own, of folders, files, patterns and addresses.

    Files of no use are counted in `notes`. Raises UsageError where there is nothing to classify, ClearsightError.
    """
    tasks = [task for word in words for task in (_at_address(word, notes) if is_address(word) else _here(word, notes))]
    if not tasks:
        raise UsageError("\n".join([f"no shard (.tar) and no picture in {listed(map(shown, words))}.", *map(plain, notes)]))
    keys = [task.key for task in tasks]
    if len(set(keys)) < len(keys):
        twice = sorted({shown(task.shard.address) for task in tasks if keys.count(task.key) > 1})
        raise UsageError(f"named twice, which would count pictures twice: {listed(twice, 3)}.")
    return tasks


def _here(word: str, notes: list[str]) -> Iterator[Task]:
    patterns = [word] if os.path.exists(word) else expand(word)
    paths = [path for one in patterns for path in (sorted(glob.glob(one, recursive=True)) if glob.has_magic(one) else [one])]
    loose: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            yield from _folder(path, notes)
        elif _is_shard(path):
            yield Task(shard_at(path))
        elif os.path.isfile(path):
            loose.append(path)
        else:
            raise UsageError(f"there is no file or folder {plain(path)}.")
    yield from _chunks("", loose)


def _folder(folder: str, notes: list[str]) -> Iterator[Task]:
    """The shards in a folder and below, then its pictures."""
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.name.startswith(".") and _is_shard(str(path)):
            yield Task(shard_at(path))
    walk = Walk(folder)
    yield from _chunks(folder, walk.each())
    walk.others = Counter({suffix: n for suffix, n in walk.others.items() if suffix != SUFFIX})
    notes += walk.notes()


def _chunks(folder: str, names: Iterable[str]) -> Iterator[Task]:
    """Tasks of some thousand pictures in files, whose content is identified by sizes and times."""
    waiting = iter(names)
    while some := tuple(islice(waiting, FILES)):
        facts = [os.stat(os.path.join(folder, name)) for name in some]
        state = digest(" ".join(f"{one.st_size} {one.st_mtime_ns}" for one in facts).encode())
        yield Task(Shard(folder or ".", sum(one.st_size for one in facts), state), some)


def _at_address(word: str, notes: list[str]) -> Iterator[Task]:
    files = [file for one in expand(word) for file in listing(one)]
    yield from (Task(remote_shard(file)) for file in files if _is_shard(file.name))
    pictures = [file for file in files if os.path.splitext(file.name)[1].lower() in SUFFIXES]
    for start in range(0, len(pictures), FILES):
        some = pictures[start : start + FILES]
        base = _common([file.address.rpartition("/")[0].split("/") for file in some])
        state = digest(" ".join(f"{file.size} {file.version}" for file in some).encode())
        names = tuple(file.address.removeprefix(f"{base}/") for file in some)
        yield Task(Shard(base, sum(file.size for file in some), state), names)
    others = len(files) - len(pictures) - sum(_is_shard(file.name) for file in files)
    if others:
        notes.append(f"{shown(word)}: {others:,} files are neither shards nor pictures, and are left out")


def _common(folders: Sequence[list[str]]) -> str:
    """The address of the folder that all are in, from the parts of their addresses."""
    shared = takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
    return "/".join(names[0] for names in shared)


def _is_shard(name: str) -> bool:
    """Whether a name is that of a shard; raises UsageError for a compressed one."""
    if name.lower().endswith(COMPRESSED):
        raise UsageError(f"{shown(name)} is compressed, so that no picture in it can be reached without those before: unpack it to a .tar.")
    return name.lower().endswith(SUFFIX)
