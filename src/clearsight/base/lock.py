"""One writer at a time: a lock on a folder that the system itself lets go of when the process that holds it ends, however it ends.

What excludes is the system's lock on the open file (`flock`, on Windows `msvcrt.locking`), never that a file is there: one that
a kill has left, or that was copied with its folder, blocks nobody. It goes when the lock does, and may say who holds it.
On a disk that keeps no locks (some network disks) nothing is excluded, and that is said.
"""

import errno
import os
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
NAMES = (RUN, REPORT)  # what may be in a folder for the sake of its locks
_TRIES = 100  # at making what others remove
_LONGEST = 300  # characters of who holds a lock
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_FAR = 2**30  # the byte that Windows locks: a locked one cannot be read, and what is in the file can


class Lock:
    """A lock that is held, until `release` or the end of the `with`; `note` is a line to say where the disk keeps none."""

    def __init__(self, path: Path, handle: int, note: str = "") -> None:
        self.path, self.handle, self.note = path, handle, note
        _held.add(self)

    def release(self) -> None:
        """Let go, and remove the file; once is enough. Raises ClearsightError when it stays."""
        if self not in _held:
            return
        _held.discard(self)
        try:
            if sys.platform != "win32" and _is_at(self.handle, self.path):  # before letting go: nobody else can have it yet
                remove(self.path)
        finally:
            os.close(self.handle)
        if sys.platform == "win32":  # there a file that is open anywhere cannot be removed
            with suppress(OSError):
                self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.release()
        except ClearsightError:
            if error is None:  # the first error is the one to tell
                raise


_held: set[Lock] = set()


def hold(folder: Path, name: str = RUN, *, wait: bool = False) -> Lock:
    """The lock `name` of `folder`, which is made if it is not there; with `wait` when whoever holds it has let go.

    Raises InUse when another holds it, ClearsightError when the folder cannot be made or written.
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
            os.close(handle)  # who held it has removed it meanwhile
    except OSError as error:
        raise ClearsightError(f"cannot make the folder {folder}, or write in it: {error.strerror or error}.") from error
    raise ClearsightError(f"cannot lock {folder}: others make and remove it again and again. Try once more.")


def require_unlocked(folder: Path, name: str = RUN) -> None:
    """Raise InUse when another holds the lock `name` of `folder` now; makes nothing, and holds nothing afterwards."""
    path = folder / name
    try:
        handle = os.open(path, _FLAGS & ~os.O_CREAT)
    except OSError:
        return
    try:
        _take(handle, path, wait=False)
    finally:
        os.close(handle)


def _opened(path: Path) -> int | None:
    """The lock's file, open; None where its folder was removed by another meanwhile."""
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
    """Lock the open file; returns what there is to say. Raises InUse when another still has it after a tenth of a second."""
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
            time.sleep(0.01)  # who only looked whether it is taken, or is just ending, has it no longer


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file is the one that has this name now."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _say_who(handle: int) -> None:
    """Write into the file who holds the lock; where that cannot be written, nothing is known of them."""
    program = Path(sys.argv[0])
    command = shlex.join([program.parent.name if program.name == "__main__.py" else program.name, *sys.argv[1:]])
    words = f"process {os.getpid()} on {socket.gethostname()} ({command:.200})"
    with suppress(OSError):
        os.truncate(handle, 0)
        os.write(handle, (" ".join(words.split()) + "\n").encode("utf-8", "backslashreplace"))


def _who(handle: int) -> str:
    """What `_say_who` has written."""
    os.lseek(handle, 0, os.SEEK_SET)
    line, end, _rest = os.read(handle, 4 * _LONGEST).decode("utf-8", "replace").partition("\n")
    return line[:_LONGEST] if end else "another process"


def _let_go_in_child() -> None:
    """A forked child holds nothing: a lock would outlive its process with it."""
    for lock in _held:
        with suppress(OSError):
            os.close(lock.handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
