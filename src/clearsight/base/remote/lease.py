"""The lock of a folder at an address: an object that one writer creates, renews while it works, and removes at its end.

The holder is who has written `.lock.N` with the highest N. A writer takes the next number by a write that fails where the object exists
(`If-None-Match: *`), so that of several only one gets it, of those who come to a lock that has ended as well. A holder that died leaves its
object: it ends `LEASE` seconds after the last renewal by the clocks of both machines, and another writer watches it for a further `RENEW`
seconds, so that a wrong clock takes nothing from a living one. A holder that could not renew in time writes nothing more.
"""

import json
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from ..errors import ClearsightError, InUse
from ..lock import description
from . import store
from .address import joined, shown

NAME = ".lock."
LEASE, RENEW = 300.0, 60.0  # seconds
_TRIES = 20  # to take a number that others take as well
_SETTLED = 2.0  # seconds after which the last of several writers is known, where none of them is refused


class LostLease(ClearsightError):
    """The lock of a folder at an address has ended or is another writer's: nothing more may be written there."""


class _Held(NamedTuple):
    """A lock as it is in the store: `owner` describes the process, `token` is of the folder it writes from, `time` its last renewal."""

    number: int
    version: str
    owner: str
    token: str
    time: float
    lease: float

    @property
    def left(self) -> float:
        """The seconds until it ends, by this machine's clock."""
        return self.time + self.lease - time.time()


class Lease:
    """The lock of `address`, held until `release`; `note` are lines to show about how it was taken."""

    def __init__(self, address: str, token: str, number: int, note: str) -> None:
        self.address, self.token, self.number, self.note = address, token, number, note
        self._renewed, self._ended, self._alone = _clocks(), threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._renewing, name="lease", daemon=True)
        self._thread.start()

    def require(self) -> None:
        """Raise LostLease unless this process still holds the lock; StoreError where the store does not answer and it may have ended."""
        since = max(now - then for now, then in zip(_clocks(), self._renewed, strict=True))
        if since >= RENEW:  # the process, or the machine, may have been stopped for hours
            self._renew()

    def release(self) -> None:
        """Remove the lock, if it is still this process's; further calls do nothing."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        with suppress(ClearsightError):  # it ends by itself
            if self._is_ours(_newest(self.address)):
                store.remove(_object(self.address, self.number))

    def _renewing(self) -> None:
        while not self._ended.wait(RENEW):
            with suppress(ClearsightError):  # `require` reports it before anything is written
                self._renew()

    def _renew(self) -> None:
        with self._alone:
            held = _newest(self.address)
            if not self._is_ours(held):
                who = held.owner if held else "another process, which has ended"
                raise LostLease(
                    f"the run at {shown(self.address)} is no longer this process's: its lock was not renewed for {LEASE:.0f} s, and "
                    f"{who} has taken it. Nothing more was written there."
                )
            begun = _clocks()
            store.write(_object(self.address, self.number), _content(self.token))
            self._renewed = begun

    def _is_ours(self, held: _Held | None) -> bool:
        return held is not None and (held.number, held.token) == (self.number, self.token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def take(address: str, token: str, *, alone: bool = True) -> Lease:
    """Take the lock of `address`. `token` names the folder of this machine that is written from: its lock of an earlier process is taken
    over at once where the caller is `alone` in that folder. Raises InUse while another holds it, StoreError.
    """
    notes: list[str] = []
    for _ in range(_TRIES):
        held = _newest(address)
        if held and not (alone and held.token == token):
            notes[:] = [_taken_over(address, held)]
        number = held.number + 1 if held else 1
        made = store.create(_object(address, number), _content(token))
        if made is None:
            _settle(address, number, token)
            notes.append(
                f"the store of {shown(address)} has no conditional writes: trainings that begin there in the same seconds may not notice "
                "each other. Start one at a time"
            )
        elif not made and not (alone and _read(address, number).token == token):  # the answer to an own request may have been lost
            continue
        _require_highest(address, number, token)
        for before in range(held.number if held else 1, number):
            store.remove(_object(address, before))
        return Lease(address, token, number, "\n".join(notes))
    raise ClearsightError(f"cannot lock {shown(address)}: others take and leave it again and again. Try once more.")


def require_free(address: str, token: str = "") -> None:
    """Raise InUse if a lock of another folder than that of `token` is at `address` and has not ended."""
    held = _newest(address)
    if held and held.token != token and held.left > 0:
        raise _in_use(address, held)


def is_lock(name: str) -> bool:
    """Whether a file directly in a folder at an address is a lock."""
    return name.startswith(NAME) and name.removeprefix(NAME).isdecimal()


def _taken_over(address: str, held: _Held) -> str:
    """A line on a lock that has ended and is not renewed; raises InUse for a living one."""
    if held.left > 0:
        raise _in_use(address, held)
    time.sleep(RENEW)
    now = _newest(address)
    if now and (now.number, now.version) != (held.number, held.version):
        raise _in_use(address, now)
    ended = f"ended {-held.left:,.0f} s ago and was not renewed in the last {RENEW:.0f} s"
    return f"the lock of {shown(address)} by {held.owner} {ended}: taken over"


def _in_use(address: str, held: _Held) -> InUse:
    ends = f", whose lock ends {held.left:,.0f} s from now unless it is renewed," if held.left > 0 else ""
    return InUse(shown(address), f"{held.owner}{ends}")


def _require_highest(address: str, number: int, token: str) -> None:
    """Raise InUse where another took a higher number meanwhile, which is the lock then."""
    now = _newest(address)
    if now is not None and (now.number, now.token) != (number, token):
        store.remove(_object(address, number))
        raise _in_use(address, now)


def _settle(address: str, number: int, token: str) -> None:
    """Write the lock in a store without conditional writes, and wait for the last of several writers; raises InUse for the others."""
    store.write(_object(address, number), _content(token))
    time.sleep(_SETTLED)
    if (now := _read(address, number)).token != token:
        raise _in_use(address, now)


def _clocks() -> tuple[float, float]:
    """Two clocks in seconds: the first is never set, and stops while the machine sleeps; the second is not."""
    return time.monotonic(), time.time()


def _object(address: str, number: int) -> str:
    return joined(address, f"{NAME}{number}")


def _content(token: str) -> bytes:
    table = {"owner": shown(description()), "token": token, "time": time.time(), "lease": LEASE}
    return json.dumps(table).encode()


def _newest(address: str) -> _Held | None:
    """The lock with the highest number."""
    base = f"{address.rstrip('/')}/"
    try:
        names = [file.address.removeprefix(base) for file in store.listing(base)]
    except store.MissingFile:
        return None
    numbers = sorted((int(name.removeprefix(NAME)) for name in names if is_lock(name)), reverse=True)
    for number in numbers:
        with suppress(store.MissingFile):  # it has just been removed
            return _read(address, number)
    return None


def _read(address: str, number: int) -> _Held:
    """A lock as it is written; one that cannot be understood never ends by itself. Raises StoreError."""
    file = store.described(_object(address, number))  # before its content: a renewal in between is seen as one that follows
    content = store.read_all(file.address)
    try:
        table = json.loads(content)
        return _Held(number, file.version, str(table["owner"]), str(table["token"]), float(table["time"]), float(table["lease"]))
    except (ValueError, KeyError, TypeError):
        return _Held(number, file.version, f"an unknown lock, {shown(file.address)},", "", time.time(), LEASE)
