"""The studio's web process: a socket on this machine, a browser, and an end that loses nothing."""

import asyncio
import contextlib
import logging
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from ..base.errors import ClearsightError, UsageError, listed, plain
from . import extra as extra
from .compute.process import READER, Compute
from .library import RUNS, Library, data, found, is_data, is_runs, network
from .runs import Runs
from .web.app import create_app
from .web.guard import Guard

HOST = "127.0.0.1"


class Announced(uvicorn.Server):
    """Uvicorn's server, that prints its address when it listens, and opens it in a browser where it should."""

    def __init__(self, config: uvicorn.Config, processes: Sequence[Compute], address: str, browser: bool) -> None:
        super().__init__(config)
        self.processes, self.address, self.browser = processes, address, browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        print(f"clearsight: the studio is at {self.address} (Ctrl-C ends it)", file=sys.stderr, flush=True)
        if self.browser:
            webbrowser.open(self.address)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; questions that are being computed get an error, and do not hold it up."""
        for one in self.processes:
            await asyncio.to_thread(one.close)
        await super().shutdown(sockets)


def studio(words: Sequence[str], *, port: int = 0, browser: bool = True, read_only: bool = False) -> None:
    """Answer the browser on this machine until Ctrl-C: about the data sets and networks of `words`, without a network about runs.

    Those are in the folder of run folders among `words`, else in ./runs. With `read_only` a page decides, takes and starts nothing. Raises
    ClearsightError where the port is taken, UsageError for a second folder of runs.
    """
    folders, named = [one for one in words if is_runs(one)], [one for one in words if is_data(one)]
    if len(folders) > 1:
        raise UsageError(f"the studio follows one folder of runs. Got {listed(map(plain, folders))}: start a studio for each.")
    runs = Path(folders[0] if folders else RUNS)
    networks = {one.id: one for one in map(network, found([one for one in words if one not in (*named, *folders)], runs))}
    sets = {one.id: one for one in map(data, named)}
    with tempfile.TemporaryDirectory(prefix="clearsight-studio-") as folder, bound(port) as listening:  # only this user may read it
        library, compute, reading = Library(Path(folder), networks, sets, runs=Runs(runs)), Compute(), Compute(module=READER)
        own, token = listening.getsockname()[1], secrets.token_urlsafe(32)
        logging.basicConfig(format="clearsight: %(message)s", level=logging.WARNING)
        config = uvicorn.Config(
            Guard(create_app(library, compute, reading), own, token, read_only),
            ws="none", access_log=False, log_config=None, lifespan="on", server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        with contextlib.suppress(KeyboardInterrupt):  # the usual end
            Announced(config, (compute, reading), f"http://{HOST}:{own}/?token={token}", browser).run(sockets=[listening])
    print("clearsight: the studio has ended.", file=sys.stderr)


def bound(port: int) -> socket.socket:
    """A socket of this machine alone; raises ClearsightError if the port is taken."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # or asyncio would send with a delay
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((HOST, port))
    except OSError as error:
        opened.close()
        raise ClearsightError(f"cannot listen at {HOST}:{port}: {plain(error.strerror or error)}. Choose another --port.") from error
    return opened
