"""Connections: refused before anything is parsed where nothing has room, closed where their headers take too long."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from ..engine.admission import Overloaded
from ..options import HEADER_SECONDS

LINGER = 1.0  # seconds in which the body of a refused request is read, since its client would miss the answer otherwise
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: %d\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b'Content-Length: %d\r\n\r\n{"error": "%b"}'
)


class Impatient(H11Protocol):
    """Uvicorn's HTTP/1.1, that also closes a connection whose headers take too long."""

    hurry: asyncio.TimerHandle | None = None

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
        """Forget the clock."""
        self.calm()
        super().connection_lost(exc)

    def calm(self) -> None:
        """Stop the clock."""
        if self.hurry is not None:
            self.hurry.cancel()
            self.hurry = None


class Gate(asyncio.Protocol):
    """A new connection: given to `make()` with its first bytes, or refused where `wait()` says after how many seconds there may be room.

    To set up and parse HTTP takes ten times as long as this refusal, which leaves the processor to what was admitted.
    """

    def __init__(self, make: Callable[[], Impatient], wait: Callable[[], int], open_: set[Any]) -> None:
        self.make, self.wait, self.open = make, wait, open_
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
        if data.startswith(b"POST ") and (seconds := self.wait()):
            self.refused = True
            error = Overloaded(seconds).error.encode()
            self.transport.write(FULL % (seconds, len(error) + 13, error))
            self.transport.write_eof()
            self.hurry = asyncio.get_running_loop().call_later(LINGER, self.transport.close)
            return
        self.open.discard(self)
        http = self.make()
        self.transport.set_protocol(http)
        http.connection_made(self.transport)
        http.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock."""
        self.hurry.cancel()
        self.open.discard(self)

    def shutdown(self) -> None:
        """The server ends: close the connection, soon, as a request may be under way."""
        self.hurry.cancel()
        self.hurry = asyncio.get_running_loop().call_later(LINGER, self.transport.close)
