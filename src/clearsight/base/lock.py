"""Folder locks for one writer at a time, released by the operating system when the process ends, in any way.

The lock is the system's on the open file (`flock`, on Windows `msvcrt.locking`), not the existence of the file: a file left by a killed
process, or copied with its folder, blocks no other process. The file is removed with the lock and may name its holder.
On a file system without locks (some network disks) nothing is excluded, and a note reports that.
"""

import errno
import os
import re
import shlex
import socket
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from .errors import ClearsightError, InUse
from .files import make_folder, remove

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, wait: bool) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # LK_LOCK gives up after 10 s
else:
    import fcntl

    def _lock(handle: int, wait: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


RUN, REPORT = ".lock", ".report.lock"
NAMES = (RUN, REPORT)  # files of locks that may be in a folder
_TRIES = 100  # to create a file while other processes remove it
_LONGEST = 300  # characters that describe the holder
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_HOLDER = re.compile(r"process (\d{1,9}) on (\S+) ")  # what `_say_who` writes
_FAR = 2**30  # the byte that Windows locks, beyond the content: a locked byte cannot be read


class Lock:
    """A lock held until `release` or the end of the `with` block; `note` is a line to show if the disk has no locks."""

    def __init__(self, path: Path, handle: int, note: str = "") -> None:
        self.path, self.handle, self.note = path, handle, note
        _held.add(self)

    def release(self) -> None:
        """Release the lock and remove its file; further calls do nothing. Raises ClearsightError if the file cannot be removed."""
        if self not in _held:
            return
        _held.discard(self)
        try:
            if sys.platform != "win32" and _is_at(self.handle, self.path):  # before the release, while no other process can hold it
                remove(self.path)
        finally:
            os.close(self.handle)
        if sys.platform == "win32":  # where open files cannot be removed
            with suppress(OSError):
                self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.release()
        except ClearsightError:
            if error is None:  # the first error is the one to report
                raise


_held: set[Lock] = set()


def hold(folder: Path, name: str = RUN, *, wait: bool = False) -> Lock:
    """Take the lock `name` of `folder`, which is made if missing; `wait` waits for the holder to release it.

    Raises InUse if another process holds it, ClearsightError if the folder cannot be made or written.
    """
    path = folder / name
    try:
        for _ in range(_TRIES):
            handle = _opened(path)
            if handle is None:
                continue
            try:
                note = _take(handle, path, wait)
                ours = _is_at(handle, path)
            except BaseException:
                os.close(handle)
                raise
            if ours:
                if not wait:
                    _say_who(handle)
                return Lock(path, handle, note)
            os.close(handle)  # the former holder has removed it meanwhile
    except OSError as error:
        said = f"cannot make the folder {folder}, or write in it: {error.strerror or error}."
        raise ClearsightError(f"{said} Name another with --out (out=).") from error
    raise ClearsightError(f"cannot lock {folder}: others make and remove it again and again. Try once more.")


def require_unlocked(folder: Path, name: str = RUN) -> None:
    """Raise InUse if another process holds the lock `name` of `folder`; creates nothing, and holds nothing afterwards."""
    path = folder / name
    try:
        handle = os.open(path, _FLAGS & ~os.O_CREAT)
    except OSError:
        return
    try:
        _take(handle, path, wait=False)
    finally:
        os.close(handle)


def elsewhere(folder: Path, name: str = RUN) -> bool:
    """Whether the file of the lock names a holder on another machine, as in a folder that is synchronised from there."""
    try:
        with (folder / name).open("rb") as file:
            line = file.read(4 * _LONGEST).decode("utf-8", "replace")
    except OSError:
        return False
    said = re.match(r"process \d+ on (\S+) \(", line)
    return said is not None and said[1] != socket.gethostname()


def holder(folder: Path, name: str = RUN) -> int | None:
    """The id of the process of this user on this machine that holds the lock `name` of `folder`; None where it cannot be sure of one."""
    path = folder / name
    try:
        require_unlocked(folder, name)
    except InUse as error:
        said = _HOLDER.match(error.holder)
        if said and said[2] == socket.gethostname() and _has_open(int(said[1]), path):
            return int(said[1])
    return None


def _has_open(process: int, path: Path) -> bool:
    """Whether a process of this user has the file at `path` open, as `/proc` says: ids are used again, and a file may say anything."""
    try:
        opened = list(Path(f"/proc/{process}/fd").iterdir())
        ours = Path(f"/proc/{process}").stat().st_uid == os.getuid()
        wanted = path.stat(follow_symlinks=False)
    except OSError:
        return False
    for one in opened:
        with suppress(OSError):
            if ours and os.path.samestat(one.stat(), wanted):
                return True
    return False


def _opened(path: Path) -> int | None:
    """The open file of the lock; None if another process has removed its folder meanwhile."""
    if path.is_symlink():
        raise ClearsightError(f"{path} is a link, and is not followed: remove it.")
    try:
        make_folder(path.parent)
        handle = os.open(path, _FLAGS, 0o666)
    except FileNotFoundError:
        return None
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise ClearsightError(f"{path} is not a regular file: remove it.")


def _take(handle: int, path: Path, wait: bool) -> str:
    """Lock the open file; returns a note, or ''. Raises InUse if another process still holds it after a tenth of a second."""
    tries = 0
    while True:
        try:
            _lock(handle, wait)
            return ""
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return f"the disk of {path.parent} keeps no locks ({error.strerror}): see to it that nothing else writes there"
            if error.errno not in _TAKEN:
                raise
        if not wait:
            tries += 1
            if tries == 10:
                raise InUse(path.parent, _who(handle))
            time.sleep(0.01)  # a process that only tested it, or is ending, has released it by then


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def description() -> str:
    """This process in a line: its number, machine and command."""
    program = Path(sys.argv[0])
    command = shlex.join([program.parent.name if program.name == "__main__.py" else program.name, *sys.argv[1:]])
    return " ".join(f"process {os.getpid()} on {socket.gethostname()} ({command:.200})".split())


def _say_who(handle: int) -> None:
    """Describe the holder in the lock's file, if it can be written."""
    with suppress(OSError):
        os.truncate(handle, 0)
        os.write(handle, (description() + "\n").encode("utf-8", "backslashreplace"))


def _who(handle: int) -> str:
    """The description that `_say_who` wrote."""
    os.lseek(handle, 0, os.SEEK_SET)
    line, end, _rest = os.read(handle, 4 * _LONGEST).decode("utf-8", "replace").partition("\n")
    return line[:_LONGEST] if end else "another process"


def _let_go_in_child() -> None:
    """Close the locks in a forked child, which would keep them after its parent's end."""
    for lock in _held:
        with suppress(OSError):
            os.close(lock.handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
