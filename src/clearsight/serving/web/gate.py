"""Connections: refused before anything is parsed where nothing has room, closed where their headers take too long."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from ..engine.admission import Overloaded
from ..options import HEADER_SECONDS

REFUSED = 32  # connections in one turn of the event loop
SMALL = 2**16  # bytes of a request that is refused where it is accepted
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*(?:\r|$)", re.IGNORECASE)
LINGER = 1.0  # seconds: the body of a refused request, and at the end a request under way, is still read, or its client would get no answer
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: %d\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b'Content-Length: %d\r\n\r\n{"error": "%b"}'
)


class Impatient(H11Protocol):
    """Uvicorn's HTTP/1.1, that also closes a connection whose headers take too long."""

    hurry: asyncio.TimerHandle | None = None
    coming: set[tuple[str, int]]  # the gate's

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self.hurry = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def data_received(self, data: bytes) -> None:
        """Stop the clock when a request is there, and start it when part of the next one is."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self.calm()
        elif self.hurry is None:
            self.hurry = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock, and what was coming."""
        self.calm()
        self.coming.discard(self.client or ("", 0))
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: close the connection after its answer, or, if it waits for none, soon, as a request may be under way."""
        if self.cycle is not None and not self.cycle.response_complete:
            super().shutdown()
            return
        self.calm()
        self.hurry = self.loop.call_later(LINGER, self.transport.close)

    def calm(self) -> None:
        """Stop the clock."""
        if self.hurry is not None:
            self.hurry.cancel()
            self.hurry = None


class Door(socket.socket):
    """A listening socket, in the place of `listening`, that refuses a whole request for pictures itself where `shed()` says so.

    It is then received, answered and closed in four calls of the system: 40 µs of the processor at 2,000 a second, where a connection of
    the event loop costs 170.
    """

    def __init__(self, listening: socket.socket, shed: Callable[[], int], coming: set[tuple[str, int]]) -> None:
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self.shed, self.coming = shed, coming
        self.defer(HEADER_SECONDS)

    def defer(self, seconds: float) -> None:
        """Let the system keep a connection for so long until its first bytes are there; on Linux."""
        if hasattr(socket, "TCP_DEFER_ACCEPT"):
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, int(seconds))

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that is not refused; raises BlockingIOError after some refusals, to let others have their turn."""
        for _ in range(REFUSED):
            connection, address = super().accept()
            if not (size := whole(connection)):
                return connection, address
            if not (seconds := self.shed()):
                self.coming.add(address[:2])
                return connection, address
            with connection, contextlib.suppress(OSError):
                connection.recv(size)  # what is not read would end the connection before its answer
                connection.send(refusal(seconds))
        raise BlockingIOError


def whole(connection: socket.socket) -> int:
    """The bytes of a request for pictures if all of it has arrived and nothing else, else 0."""
    try:
        data = connection.recv(SMALL, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except (OSError, AttributeError):  # nothing has arrived, or a system without these
        return 0
    head, end, body = data.partition(b"\r\n\r\n")
    length = LENGTH.search(head) if end and head.startswith(b"POST ") else None
    return len(data) if length and len(body) == int(length[1]) else 0


def refusal(seconds: int) -> bytes:
    """The answer to a request for which there may be room after so many `seconds`."""
    error = Overloaded(seconds).error.encode()
    return FULL % (seconds, len(error) + 13, error)


class Gate(asyncio.Protocol):
    """A new connection: given to `make()` with its first bytes, or refused where `wait()` says after how many seconds there may be room.

    To set up and parse HTTP takes ten times as long as this refusal, which leaves the processor to what was admitted.
    """

    def __init__(self, make: Callable[[], Impatient], wait: Callable[[], int], open_: set[Any], coming: set[tuple[str, int]]) -> None:
        self.make, self.wait, self.open, self.coming = make, wait, open_, coming
        self.refused = False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        self.transport = transport
        self.open.add(self)
        self.hurry = asyncio.get_running_loop().call_later(HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Refuse a request for pictures, or pass the connection on."""
        if self.refused:
            return
        self.hurry.cancel()
        client = self.client()
        if data.startswith(b"POST ") and client not in self.coming and (seconds := self.wait()):
            self.refused = True
            self.transport.write(refusal(seconds))
            self.transport.write_eof()
            self.hurry = asyncio.get_running_loop().call_later(LINGER, self.transport.close)
            return
        self.open.discard(self)
        http = self.make()
        http.coming = self.coming
        if data.startswith(b"POST ") and b"\r\n\r\n" in data:
            self.coming.add(client)
        self.transport.set_protocol(http)
        http.connection_made(self.transport)
        http.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock, and what was coming."""
        self.hurry.cancel()
        self.coming.discard(self.client())
        self.open.discard(self)

    def client(self) -> tuple[str, int]:
        """The address of the other end."""
        host, port = (self.transport.get_extra_info("peername") or ("", 0))[:2]
        return host, port

    def shutdown(self) -> None:
        """The server ends: close the connection, soon, as a request may be under way."""
        self.hurry.cancel()
        self.hurry = asyncio.get_running_loop().call_later(LINGER, self.transport.close)
