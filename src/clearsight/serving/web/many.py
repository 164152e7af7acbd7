"""Many pictures in one request: rows of JSON in the order of the pictures, failures among them, sent as they come."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, contextmanager, suppress
from dataclasses import asdict
from typing import TypeVar

from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ...base.errors import UnreadableImage
from ...classifier import Failure, Prediction
from ..engine.batcher import Late
from ..engine.models import Served
from ..options import BODY_SECONDS
from .answering import Asked, Server

Given = TypeVar("Given")
Made = TypeVar("Made")


async def in_turn(work: Callable[[Given], Awaitable[Made]], things: Sequence[Given], window: int) -> AsyncGenerator[Made, None]:
    """The results of `work` on all `things`, in order as they come, `window` of them at a time; the first error ends the others."""
    waiting: deque[asyncio.Future[Made]] = deque()
    try:
        for thing in things:
            waiting.append(asyncio.ensure_future(work(thing)))
            if len(waiting) == window:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@contextmanager
def places_for(served: Served, pictures: int) -> Iterator[int]:
    """Hold the places of a request, and give how many of its `pictures` wait or are computed at the same time; raises Overloaded."""
    with served.admission.admitted() if pictures < 2 else served.admission.admitted_bulk(pictures) as window:
        yield window


async def rows(
    server: Server, served: Served, pictures: Sequence[tuple[str, bytes]], what: Asked, window: int
) -> AsyncGenerator[bytes, None]:
    """A line of JSON for each picture, with the fields of `Prediction` or of `Failure`; `window` of them at a time."""

    async def answer(named: tuple[str, bytes]) -> Prediction | Failure:
        name, data = named
        try:
            return await server.answered(served, data, what, name)
        except UnreadableImage as error:
            return Failure(name, error.reason)
        except (Late, TimeoutError):
            return Failure(name, "the deadline has passed")

    async with aclosing(in_turn(answer, pictures, window)) as answers:
        async for one in answers:
            yield json.dumps(asdict(one)).encode() + b"\n"


class Lines(StreamingResponse):
    """Lines of JSON as they come; `held` is given back at the end. A client that reads nothing for 10 s is disconnected."""

    def __init__(self, lines: AsyncGenerator[bytes, None], held: ExitStack) -> None:
        super().__init__(lines, media_type="application/x-ndjson")
        self.lines, self.held = lines, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them, and end their generator, however this ends."""

        async def sent(message: Message) -> None:
            async with asyncio.timeout(BODY_SECONDS):
                await send(message)

        with self.held:
            async with aclosing(self.lines):
                with suppress(TimeoutError):  # uvicorn closes the connection of an answer without an end
                    await super().__call__(scope, receive, sent)
