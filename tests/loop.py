"""A coroutine run to its end, also where this thread has a loop already: Playwright's for the pages in a browser."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns or raises, from a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Let others run until `true()`, however slow the machine is; raises TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.001)


def sends_at_once(listening: socket.socket) -> bool:
    """Whether what asyncio accepts here is sent without waiting for the other end's receipt, 40 ms for each answer in two parts."""

    async def accepted() -> int:
        met = asyncio.get_running_loop().create_future()

        class Met(asyncio.Protocol):
            def connection_made(self, transport: Any) -> None:
                met.set_result(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                transport.close()

        server = await asyncio.get_running_loop().create_server(Met, sock=listening)
        with socket.create_connection(listening.getsockname()) as client:
            client.sendall(b"GET")
            found = await met
        server.close()
        return int(found)

    return run(accepted()) == 1
