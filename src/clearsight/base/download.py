"""Downloads: interrupted ones continue, content is checked, and a file is written whole or not at all."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

from .errors import ClearsightError, CorruptFile
from .files import make_folder, put_in_place
from .progress import Progress

TRIES = 3
TIMEOUT = 30  # seconds without a byte
CHUNK = 1 << 18
FAILURES = (OSError, ValueError, http.client.HTTPException)


class _Short(OSError):
    """The server closed the connection too early."""


def download(
    address: str, path: str | Path, *, digest: str = "", size: int = 0, what: str = "", otherwise: str = "", quiet: bool = False
) -> Path:
    """Download the file at `address` to `path`; an existing one is checked and kept.

    `digest` is `sha256:` or `md5:` and hexadecimal, or its beginning; without one only the length is checked, which is `size`
    bytes if the server does not report it. An interrupted download is kept in `.NAME.part`. Raises ClearsightError, which
    calls the file `what` and ends in `otherwise` (an alternative), and CorruptFile for a file that is not the published one.
    """
    path = Path(path)
    what = what or path.name
    if path.is_file():
        if not fits(path, digest):
            raise CorruptFile(f"{path} is not the file published at {address}: it should have {_named(digest)}. Delete it and try again.")
        return path
    part = path.with_name(f".{path.name}.part")
    again = "With a network, run this again: it continues where it stopped."
    otherwise = otherwise or f"{again} Or put the file of {address} at {path} yourself."
    try:
        make_folder(path.parent)
        with _alone(part, what) as file:
            _receive(address, file, digest, size, what, quiet)
            os.fsync(file.fileno())
            put_in_place(part, path)
    except FAILURES as error:
        raise ClearsightError(f"{what} is not here and cannot be downloaded ({_reason(error)}). {otherwise}") from error
    finally:
        if part.is_file() and not part.stat().st_size:
            part.unlink()
    return path


def fits(path: Path, digest: str) -> bool:
    """Whether the digest of `path` begins with `digest`; true for ''."""
    with path.open("rb") as file:
        return _digest(file, digest).startswith(digest)


def _digest(file: BufferedIOBase, wanted: str) -> str:
    """The digest of an open file as `kind:hexadecimal`, of the same kind as `wanted`."""
    if not wanted:
        return ""
    kind = wanted.partition(":")[0]
    file.seek(0)
    return f"{kind}:{hashlib.file_digest(file, kind).hexdigest()}"


def _named(digest: str) -> str:
    kind, _, value = digest.partition(":")
    return f"{'SHA-256' if kind == 'sha256' else 'MD5'} {value[:16]}…"


def _reason(error: Exception) -> object:
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.reason}, HTTP {error.code}"
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__


@contextmanager
def _alone(part: Path, what: str) -> Iterator[BufferedIOBase]:
    """The partial file, opened and locked for this process."""
    with part.open("a+b") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows: two processes at once are noticed by the digest
            pass
        except BlockingIOError:
            raise ClearsightError(f"{what} is being downloaded by another process: wait for it.") from None
        yield file


def _receive(address: str, file: BufferedIOBase, digest: str, size: int, what: str, quiet: bool) -> None:
    """Fill `file`, resuming after broken connections; raises ClearsightError if the content has another digest."""
    tries = 0
    while True:
        before = file.seek(0, os.SEEK_END)
        try:
            _rest(address, file, size, what, quiet)
        except FAILURES as error:
            tries += 1
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or (tries >= TRIES and file.seek(0, os.SEEK_END) <= before):
                raise
            continue
        actual = _digest(file, digest)
        if actual.startswith(digest):
            return
        file.truncate(0)
        if not before:  # otherwise its beginning may be of an older file: try once more, from the start
            raise ClearsightError(f"{address} came with {_named(actual)}, not {_named(digest)}. Nothing was kept; try again.")


def _rest(address: str, file: BufferedIOBase, size: int, what: str, quiet: bool) -> None:
    """Append the missing bytes, or start again if the server cannot resume."""
    done = file.seek(0, os.SEEK_END)
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection; Python 3.14 warns if it is left to the garbage collector
        if error.code != 416 or not done:
            raise
        if error.headers.get("Content-Range", "") != f"bytes */{done}":  # the partial file is not a beginning of it
            file.truncate(0)
            _rest(address, file, size, what, quiet)
        return
    with answer:
        if done and not (answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {done}-")):
            file.truncate(0)
            done = 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else size
        with Progress(what, -(-total // 10**6), "MB", quiet=quiet) as bar:
            bar.skip(done // 10**6)
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                bar.update(done // 10**6 - bar.done)
        if total and done != total:
            raise _Short(f"{done:,} of {total:,} bytes came")
