"""The one writer: whatever Clearsight leaves on disk is either the old file or the new one, whole."""

import errno
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from .errors import ClearsightError, CorruptFile

# a folder that may be written but not read, and file systems on which only files can be synced
_NO_FOLDER_FSYNC = {errno.EACCES, errno.EINVAL, errno.ENOTSUP}


def cache_folder() -> Path:
    """Where Clearsight keeps what it can make again: `CLEARSIGHT_CACHE`, else `~/.cache/clearsight`."""
    named = os.environ.get("CLEARSIGHT_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "clearsight"


def digest(data: bytes) -> str:
    """SHA-256 as hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_atomic(path: str | Path, data: bytes | str) -> None:
    """Write `data` to a temporary file beside `path`, fsync, rename over it, fsync the folder."""
    path = Path(path)
    payload = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ClearsightError(f"cannot write {path}: {error.strerror or error}. What was there before is untouched.") from error
    try:
        _fsync_folder(path.parent)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FSYNC:
            raise ClearsightError(f"{path} is written, but may not survive a power cut: {error.strerror or error}.") from error


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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; one reader takes the first of two values under one name, another the last."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name is given twice")
    return table


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _fsync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
