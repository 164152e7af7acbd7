"""Files from an archive or a table, written once into the cache, so that data can be read without unpacking it by hand."""

import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...base.errors import ClearsightError, UsageError, plain
from ...base.files import cache_folder, digest, private_folder

FREE_SHARE = 0.5  # of the free disk that an archive may take


def is_zip(data: Any) -> bool:
    """Whether `data` is the path of a `.zip` file."""
    return isinstance(data, str | Path) and Path(data).suffix.lower() == ".zip" and os.path.isfile(data)


def written_once(path: Path, write: Callable[[Path], None], kind: str = "unpacked") -> Path:
    """The folder below `kind` in the cache with the files that `write` makes of `path`: made once for each state of the file.

    Raises ClearsightError where it cannot be written.
    """
    state = os.stat(path)
    key = digest(os.fsencode(os.path.realpath(path)) + f" {state.st_size} {state.st_mtime_ns}".encode())[:24]
    try:
        home = private_folder(cache_folder() / kind)
        folder = home / key
        if folder.is_dir():
            return folder
        temporary = Path(tempfile.mkdtemp(dir=home, prefix=f"{key}-"))
        try:
            write(temporary)
            with suppress(OSError):  # another process was faster
                os.replace(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise ClearsightError(f"cannot write the files of {path} under {cache_folder()}: {error.strerror or error}.") from error
    return folder


def unpacked(path: Path) -> Path:
    """The folder with the files of the `.zip` archive `path`; the only file in it, if it has one file only.

    Raises ClearsightError for an archive that is damaged, locked by a password, larger than half of the free disk, or that has names
    which lead out of it.
    """
    folder = written_once(path, lambda into: _extract(path, into))
    files = [entry for entry in sorted(folder.iterdir()) if entry.is_file()]
    return files[0] if len(files) == 1 and len(list(folder.iterdir())) == 1 else folder


def _extract(path: Path, into: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            every = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
            room = shutil.disk_usage(into).free * FREE_SHARE
            if (total := sum(info.file_size for info in every)) > room:
                raise UsageError(f"{path} unpacks to {total / 2**30:,.1f} GB, and {room / 2**30:,.1f} GB may be used. Unpack it elsewhere.")
            for info in every:
                _extract_file(archive, info, path, into)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise ClearsightError(f"cannot read {path}: {plain(error)}. It may be damaged or cut short; get it again.") from error
    except RuntimeError as error:  # a password
        raise ClearsightError(f"cannot read {path}: {plain(error)}. Unpack it by hand, and give the folder.") from error


def _is_hidden(name: str) -> bool:
    pieces = name.replace("\\", "/").split("/")
    return "__MACOSX" in pieces or any(piece.startswith(".") and piece not in (".", "..") for piece in pieces)


def _extract_file(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, into: Path) -> None:
    name = info.filename.replace("\\", "/")
    pieces = name.split("/")
    if name.startswith("/") or ".." in pieces or ":" in pieces[0] or "\0" in name:
        raise ClearsightError(f"{path} holds a name that leads out of it: {plain(name)!r}. Nothing of it is used.")
    if stat.S_ISLNK(info.external_attr >> 16):
        return
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(info) as content, target.open("wb") as file:
        shutil.copyfileobj(content, file, 2**20)
