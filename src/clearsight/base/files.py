"""Atomic writing: after a crash at any moment a file is the old one or the new one, complete."""

import errno
import hashlib
import json
import os
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from .errors import ClearsightError, CorruptFile, UsageError
from .remote.address import SCHEMES

# folders that are writable but not readable, and file systems on which only files can be synced
_NO_FOLDER_FSYNC = {errno.EACCES, errno.EINVAL, errno.ENOTSUP}
_TEMPORARY = ".*." + "[0-9a-f]" * 8 + ".tmp"


def cache_folder() -> Path:
    """The folder for files that can be made again: `CLEARSIGHT_CACHE`, or else `~/.cache/clearsight`."""
    named = os.environ.get("CLEARSIGHT_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "clearsight"


def digest(data: bytes) -> str:
    """SHA-256 as hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: str | Path, kind: str = "sha256") -> str:
    """SHA-256, or the digest of another `kind`, of a file's content as hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def write_atomic(path: str | Path, *parts: bytes | memoryview | str, mode: int = 0o666) -> None:
    """Write `parts`, one after the other, to a temporary file next to `path`, fsync, rename it to `path`, fsync the folder.

    `mode` are the permissions of a new file, less those that the process withholds.
    """
    write_pieces(path, [part.encode() if isinstance(part, str) else part for part in parts], mode)


def write_pieces(path: str | Path, parts: Iterable[bytes | memoryview], mode: int = 0o666) -> None:
    """As `write_atomic`, of parts that are made as they are written."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.tmp")
    try:
        make_folder(path.parent)
        try:
            _write(temporary, parts, mode)
            put_in_place(temporary, path)
        except BaseException:
            with suppress(OSError):  # the first error is the one to report
                os.unlink(temporary)
            raise
    except OSError as error:
        raise ClearsightError(f"cannot write {path}: {error.strerror or error}. The previous content is untouched.") from error


PAGE_MARK = "Made by Clearsight"  # in the last line of every page


def require_ours(path: Path, mark: str) -> None:
    """Raise UsageError if `path` is a file without `mark`, that is, not written by Clearsight and not to be overwritten."""
    if path.is_file() and not is_link(path) and mark.encode() not in path.read_bytes():
        raise UsageError(
            f"{path} was not written by Clearsight, and would be written over: move it, or name another folder with --out (path=)."
        )


def put_in_place(temporary: str | Path, path: Path) -> None:
    """Rename a synced file to `path`, and sync the folder."""
    os.replace(temporary, path)
    try:
        _fsync_folder(path.parent)
    except OSError as error:
        raise ClearsightError(f"{path} is written, but may not survive a power cut: {error.strerror or error}.") from error


def make_folder(folder: Path) -> bool:
    """Make `folder` and its missing parents, each synced into its parent; False if it exists. Raises OSError, for an address too."""
    if folder.is_dir():
        return False
    if folder.name.endswith(":") and folder.name[:-1].lower() in SCHEMES:  # of Path("s3://bucket"): what it has would seem to be sent there
        raise OSError(errno.EINVAL, f"{folder.name}// is an address, and this is written to folders of this machine only")
    make_folder(folder.parent)
    try:
        os.mkdir(folder)
    except FileExistsError:
        if folder.is_dir():  # another process was faster
            return False
        raise
    _fsync_folder(folder.parent)
    return True


def private_folder(folder: Path) -> Path:
    """Make a `folder` that only its owner can read, with any permissions of its parent. Raises OSError."""
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & 0o077:  # made by an older version
        folder.chmod(0o700)
    return folder


def inside(folder: Path, *names: str) -> Path:
    """`folder / *names`, to be written or removed in; raises ClearsightError if one of the names is a link, which could lead anywhere.

    A link in place of a file is harmless: renaming over it, or removing it, affects the link only.
    """
    path = folder
    for name in names:
        path = path / name
        if is_link(path):
            raise ClearsightError(f"{path} is a link, and a run writes and removes nothing through links. Put the folder itself there.")
    return path


def is_link(path: Path) -> bool:
    """Whether `path` is a link, or a junction of Windows (which Python recognises from 3.12 on)."""
    return path.is_symlink() or getattr(path, "is_junction", bool)()


def clear(folder: Path, spared: Container[str] = ()) -> None:
    """Remove the content of the folder except the names in `spared`; links are removed, not followed. Raises ClearsightError or OSError."""
    for path in folder.iterdir():
        if path.name in spared:
            continue
        if path.is_dir() and not is_link(path):
            clear(path)
            path.rmdir()
        else:
            remove(path)


def remove(path: Path) -> None:
    """Unlink a file that may be missing; raises ClearsightError if it cannot be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ClearsightError(f"cannot remove {path}: {error.strerror or error}.") from error


def is_temporary(path: Path) -> bool:
    """Whether `path` has the name of a temporary file of `write_atomic`."""
    return path.match(_TEMPORARY)


def sweep(folder: Path) -> None:
    """Remove temporary files that a killed `write_atomic` left in `folder` and below; no other process may be writing there."""
    for path in folder.rglob(_TEMPORARY):
        remove(path)


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):  # from a file name that is not UTF-8
        text = json.dumps(value, indent=2)
    write_atomic(path, text + "\n")


def read_json(path: str | Path) -> Any:
    """Read JSON; raises ClearsightError when the file is missing, CorruptFile when it does not parse."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise ClearsightError(f"cannot read {path}: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"{path} is not valid JSON ({error}).") from error


def _write(path: Path, parts: Iterable[bytes | memoryview], mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        for part in parts:
            left = memoryview(part)
            while left:  # a write may be partial
                left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object without duplicate names, of which readers would take different values."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name is given twice")
    return table


def _fsync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FSYNC:
            raise
