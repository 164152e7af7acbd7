"""The process: sockets, signals, and an orderly end."""

import asyncio
import contextlib
import functools
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from ..base.compute.device import pick_device
from ..base.errors import ClearsightError, plain
from .engine.decoding import Decoder
from .engine.models import Road, Served, described, named, opened
from .options import CONNECTIONS, Options
from .telemetry.metrics import Metrics
from .web.answering import Server
from .web.app import create_app
from .web.gate import Door, Gate, Impatient

KEEP_ALIVE = 15  # seconds
BACKLOG = 1024  # connections that wait in the system
ENDING = 2  # seconds at least, as a connection that waits for no answer is closed after one (LINGER)
ACCEPTED = 8  # of them in one turn of the event loop, so that those which are there already get their turn under overload


class Draining(uvicorn.Server):
    """Uvicorn's server with another end: not ready, then no new connections, then the last answer, and exit code 0."""

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self.server = server
        self.late: set[asyncio.Task[Any]] = set()  # connections that came last; a task without a reference may vanish
        self.door: Door | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and print the address."""
        await super().startup(sockets)
        for listening in sockets or []:
            listening.listen(BACKLOG)  # asyncio has one number for both
            self.door = listening if isinstance(listening, Door) else None
        host, port = (sockets or [])[0].getsockname()[:2]
        say(f"ready at http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends, after the last answer)")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; at once end everything at the second signal."""
        if self.server.state.draining:
            say("stopped at the second signal; requests in flight are lost.")
            os._exit(128 + sig)
        self.server.state.draining = True
        if self.door:
            self.door.defer(0)  # or a connection whose first bytes are still to come would be lost when the port is closed
        duck = self.server.options.lame_duck if sig == signal.SIGTERM else 0.0  # nothing routes around a server that Ctrl-C ends
        waiting = f"answering for {duck:g} s more while load balancers notice, then " if duck else ""
        say(f"draining: {waiting}finishing what is in flight (pictures: {pictures_of(self.server)}). A second signal ends at once.")
        loop = asyncio.get_running_loop()
        loop.call_later(duck, setattr, self, "should_exit", True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take the connections that the system has made already, whose requests would be lost, and close the port; then end."""
        loop, make = asyncio.get_running_loop(), cast(Any, self.config.http_protocol_class)
        connected = functools.partial(make, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        for listening in sockets or []:
            with contextlib.suppress(OSError):
                while True:
                    self.late.add(loop.create_task(loop.connect_accepted_socket(connected, socket.socket.accept(listening)[0])))
        await super().shutdown(sockets)


def pictures_of(server: Server) -> int:
    """The pictures that are admitted and not answered."""
    return sum(one.admission.pictures for one in server.served.values())


def say(line: str) -> None:
    """A line on stderr."""
    print(f"clearsight: {plain(line)}", file=sys.stderr, flush=True)


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address; raises ClearsightError if that is not possible."""
    found = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)  # asyncio sends without delay only where it knows the protocol
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        if found is not None:
            found.close()
        raise ClearsightError(f"cannot listen at {host}:{port}: {error.strerror or error}. Choose another --port, or --host.") from error
    return found


def serve(models: Sequence[str], options: Options, *, device: str = "auto", speed: str = "auto", engine: str = "") -> int:
    """Answer requests until a signal; the exit code, 1 if requests were lost.

    Raises ClearsightError where a model cannot be read, does not reproduce its golden samples, or the address is taken.
    """
    names, metrics = named(models), Metrics()
    road = Road(pick_device(device), speed, engine)
    with bound(options.host, options.port) as listening:
        served = {}
        for name, model in names.items():
            loaded = opened(model, road)
            served[name] = Served(name, model, loaded, options, metrics)
            say(f"{name}: {described(loaded)}")
        server = Server(served, options, metrics, Decoder(bool(options.isolate)))
        app = create_app(server, road)
        with Door(listening, server.shed, server.state.coming) as door:
            Draining(configured(app, server), server).run(sockets=[door])
    lost = pictures_of(server)
    say(f"ended; {f'{lost} pictures were not answered' if lost else 'every admitted picture was answered'}.")
    return 1 if lost else 0


def configured(app: ASGIApp, server: Server) -> uvicorn.Config:
    """Uvicorn's settings: its limits, and none of its output but errors."""

    def connected(server_state: ServerState, **given: Any) -> Gate:
        return Gate(lambda: Impatient(server_state=server_state, **given), server.shed, server_state.connections, server.state.coming)

    options = server.options
    logging.basicConfig(format="clearsight: %(message)s", level=logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of each request that is not HTTP
    return uvicorn.Config(
        app, http=connected,  # type: ignore[arg-type]  # it is called as a class of protocols is
        ws="none", access_log=False, log_config=None, lifespan="on", limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=max(ENDING, round(options.grace)), server_header=False, backlog=ACCEPTED,
        proxy_headers=False,
    )  # fmt: skip
