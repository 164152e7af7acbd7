"""The one module that calls fsspec: list, read, write and remove files at addresses, with time limits and repeated attempts.

A transient failure is repeated, with waiting times that double and vary at random; what a repetition cannot mend (a missing file, a
refused access) is an error at once. Every answer is compared with the length that was asked for. fsspec is not safe after `fork`: start
processes by `spawn`.
"""

import random
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ..errors import ClearsightError, listed
from .address import is_address, require_package, scheme_of, shown

CONNECT, READ = 5, 30  # seconds without a connection, and without a byte
TRIES = 6
CONDITIONAL = ("s3", "gs")  # of which fsspec passes the condition of a write on to the store
FIRST, LONGEST = 0.2, 10.0  # seconds before the second attempt, which double, up to the longest
_AT_ONCE = {"s3": {"max_concurrency": 10}}  # parts of a large file that are written together
Result = TypeVar("Result")


class StoreError(ClearsightError):
    """A file at an address that cannot be read or written: names the address, the bytes and the number of attempts."""


class MissingFile(StoreError):
    """There is no file at an address."""


@dataclass(frozen=True)
class RemoteFile:
    """A file at an address: `size` in bytes, and a `version` that changes with its content (ETag, or time of the last change)."""

    address: str
    size: int
    version: str

    @property
    def name(self) -> str:
        """The last part of the address."""
        return shown(self.address).rstrip("/").rpartition("/")[2]


class _Whole(Exception):
    """A file that came whole, where a part was asked for."""


class _Short(OSError):
    """An answer with fewer bytes than asked for."""


def listing(address: str) -> list[RemoteFile]:
    """The files at `address`, in the order of their addresses: one file, those that a pattern (`*`, `?`, `[a-z]`) matches, or a folder's
    and those below it. Raises MissingFile without a file, StoreError.
    """
    store, path = _store(address)

    def found() -> dict[str, dict[str, Any]]:
        if scheme_of(address) in ("http", "https"):
            return _on_web(store, path)
        if any(letter in path for letter in "*[?"):
            return dict(store.glob(path, detail=True))
        facts = store.info(path)
        return {path: facts} if facts["type"] == "file" else dict(store.find(path, detail=True))

    rows = _repeated(address, "list", "", found)
    files = [_described(store, name, facts) for name, facts in sorted(rows.items()) if facts["type"] == "file" and not name.endswith("/")]
    if not files:
        raise MissingFile(f"there is no file at {shown(address)}.")
    return files


def _on_web(store: Any, path: str) -> dict[str, dict[str, Any]]:
    """The files at an address of a web server: those that a page lists, a pattern's or those in the folder, or one."""
    if any(letter in path for letter in "*["):
        names = store.glob(path)
    elif path.endswith("/") or "." not in path.rpartition("/")[2]:
        names = [name for name in store.ls(path.rstrip("/") + "/", detail=False) if not name.endswith("/")] or [path]
    else:
        names = [path]
    return {name: store.info(name) for name in names}


def described(address: str) -> RemoteFile:
    """Size and version of the file at `address`; raises MissingFile, StoreError."""
    store, path = _store(address)
    facts = _repeated(address, "read", "its size", lambda: store.info(path))
    if facts["type"] != "file":
        raise MissingFile(f"{shown(address)} is a folder, where a file is needed.")
    return _described(store, path, facts)


def exists(address: str) -> bool:
    """Whether there is a file at `address`; raises StoreError."""
    try:
        described(address)
    except MissingFile:
        return False
    return True


def read(address: str, offset: int, length: int) -> bytes:
    """`length` bytes of the file at `address` from `offset` on; raises MissingFile, StoreError."""
    store, path = _store(address)

    def ranged() -> bytes:
        data = bytes(store.cat_file(path, start=offset, end=offset + length))
        if len(data) > length:
            raise _Whole
        if len(data) != length:
            raise _Short(f"{len(data):,} bytes came instead")
        return data

    return _repeated(address, "read", f"bytes {offset:,} to {offset + length:,}", ranged) if length else b""


def read_all(address: str) -> bytes:
    """The whole file at `address`, at one moment: in one request, as another may write it. Raises MissingFile, StoreError."""
    store, path = _store(address)

    def whole() -> bytes:
        data = bytes(store.cat_file(path))
        size = store.info(path).get("size")  # some web servers do not report it
        if size is not None and len(data) != int(size):  # a short answer, or a file of another length meanwhile
            raise _Short(f"{len(data):,} bytes came instead of {size:,}")
        return data

    return _repeated(address, "read", "the whole file", whole)


def read_end(address: str, length: int) -> bytes:
    """The last `length` bytes of the file at `address`, or all of a shorter one, at one moment. Raises MissingFile, StoreError."""
    store, path = _store(address)

    def end() -> bytes:
        before = _described(store, path, store.info(path))
        start = max(0, before.size - length)
        data = bytes(store.cat_file(path, start=start, end=before.size)) if before.size else b""
        if len(data) != before.size - start or _described(store, path, store.info(path)) != before:
            raise _Short("it was written meanwhile")
        return data

    return _repeated(address, "read", f"its last {length:,} bytes", end)


def write(address: str, data: bytes) -> None:
    """Write a file at once: readers find the earlier one or the new one, whole. Raises StoreError."""
    store, path = _store(address)
    if scheme_of(address) in ("http", "https"):
        raise StoreError(f"{shown(address)} is on a web server, which can only be read from.")
    _repeated(address, "write", f"{len(data):,} bytes", lambda: store.pipe_file(path, data, **_AT_ONCE.get(scheme_of(address), {})))


def create(address: str, data: bytes) -> bool | None:
    """Write a file unless there is one: True if it was written, False if one was there, None if the store cannot tell, and so has not, or
    has written over it. Raises StoreError.
    """
    store, path = _store(address)

    def once() -> bool | None:
        try:
            store.pipe_file(path, data, mode="create")
        except Exception as error:
            code = _code(error)
            if isinstance(error, FileExistsError) or code == "PreconditionFailed":
                return False
            if code in ("NotImplemented", "501"):
                return None
            raise
        return True

    if scheme_of(address) not in CONDITIONAL:
        return None
    made = _repeated(address, "write", f"{len(data):,} bytes", once)
    ignored = made and _repeated(address, "write", f"{len(data):,} bytes", once)  # some take the condition and do not look at it
    return None if ignored else made


def _code(error: Exception) -> str:
    """The code of a store's answer, or ''."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or getattr(error, "code", ""))


def remove(address: str) -> None:
    """Remove the file at `address`, which may be missing; raises StoreError."""
    store, path = _store(address)
    try:
        _repeated(address, "remove", "", lambda: store.rm_file(path))
    except MissingFile:
        return


def _store(address: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it."""
    if not is_address(address):
        raise ClearsightError(f"{address} is no address of a known kind.")
    require_package(address)
    import fsspec

    store, path = fsspec.core.url_to_fs(address, **_options(scheme_of(address)))
    if hasattr(store, "retries"):
        store.retries = 1  # s3fs would repeat on its own, five times for each of ours
    if once := getattr(getattr(type(store), "_request", None), "__wrapped__", None):
        store._request = partial(once, store)  # and so would gcsfs, whose number of times is fixed when it is imported
    return store, path


def _options(scheme: str) -> dict[str, Any]:
    """Time limits, and no memory of earlier listings, in the words of the file system."""
    if scheme == "s3":
        limits = {"connect_timeout": CONNECT, "read_timeout": READ, "retries": {"max_attempts": 0}}
        # one request for a whole file: parts of a large one could be of two files, where it is replaced meanwhile
        return {"config_kwargs": limits, "use_listings_cache": False, "max_concurrency": 1}
    if scheme in ("http", "https", "gs"):
        from aiohttp import ClientTimeout

        limit = ClientTimeout(total=None, sock_connect=CONNECT, sock_read=READ)
        words: dict[str, Any] = {"requests_timeout": limit} if scheme == "gs" else {"client_kwargs": {"timeout": limit}}
        return {**words, "use_listings_cache": False}
    return {"use_listings_cache": False}


def _described(store: Any, path: str, facts: dict[str, Any]) -> RemoteFile:
    size = facts.get("size")
    if size is None:
        raise StoreError(f"the server of {shown(store.unstrip_protocol(path))} does not report its size, which is needed.")
    version = next((facts[key] for key in ("ETag", "md5Hash", "etag", "blob_id", "LastModified", "mtime", "updated") if facts.get(key)), "")
    if version == facts.get("md5Hash"):
        version = b64decode(version).hex()  # as an ETag of S3 has it
    return RemoteFile(str(store.unstrip_protocol(path)), int(size), str(version).strip('"'))


def _repeated(address: str, verb: str, what: str, work: Callable[[], Result]) -> Result:
    """`work()`, repeated after failures that may pass; raises MissingFile, and StoreError after the last attempt."""
    wait, start = FIRST, time.monotonic()
    for attempt in range(1, TRIES + 1):
        try:
            return work()
        except Exception as error:  # each file system raises kinds of its own
            if _missing(error):
                raise MissingFile(f"there is no file at {shown(address)}.") from None
            if final := _final(error):
                raise StoreError(f"cannot {verb} {shown(address)}: {final}.") from None
            reason = (shown(error) or type(error).__name__)[:300]
        if attempt < TRIES:
            time.sleep(wait * random.uniform(0.5, 1))  # at random: workers that failed together must not return together
            wait = min(2 * wait, LONGEST)
    said = listed([part for part in (what, f"{TRIES} attempts in {time.monotonic() - start:.0f} s") if part])
    raise StoreError(f"cannot {verb} {shown(address)} ({said}): {reason}. Nothing was skipped; run the same command again to continue.")


def _missing(error: Exception) -> bool:
    """Whether a file is missing for certain: fsspec reports some failures of the connection in the same way."""
    cause = error.__cause__
    hidden = isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)
    return isinstance(error, FileNotFoundError) and not hidden and getattr(cause, "status", 404) in (404, 410)


def _final(error: Exception) -> str:
    """The reason and the remedy where a repetition cannot help, else ''."""
    kind = type(error).__name__
    if kind in ("NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"):
        return "no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or for a public bucket FSSPEC_S3_ANON=true"
    if isinstance(error, _Whole):
        return "its server sends whole files only, where parts are needed. Download the files, and name their folder"
    status = getattr(error, "status", 0) or getattr(error, "code", 0)  # one of aiohttp's warns when it is asked for its code
    if isinstance(error, PermissionError) or status in (401, 403) or str(error).startswith("Forbidden"):  # as gcsfs says it
        return f"access is denied ({shown(error)[:200]})"
    if isinstance(error, NotImplementedError | IsADirectoryError | NotADirectoryError):
        return f"{kind} {shown(error)[:200]}".strip()
    return ""
