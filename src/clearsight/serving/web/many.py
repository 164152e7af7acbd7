"""Many pictures in one request: rows of JSON in the order of the pictures, failures among them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import TypeVar

from ...base.errors import UnreadableImage
from ...classifier import Failure, Prediction
from ..engine.batcher import Late
from ..engine.models import Served
from .answering import Asked, Server

WINDOW = 16  # pictures of one request that take places in the queue at the same time
Given = TypeVar("Given")
Made = TypeVar("Made")


async def in_turn(work: Callable[[Given], Awaitable[Made]], things: Sequence[Given], window: int) -> list[Made]:
    """`work` on all `things`, `window` of them at a time; the first error ends the others."""
    free = asyncio.Semaphore(window)

    async def one(thing: Given) -> Made:
        async with free:
            return await work(thing)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(thing)) for thing in things]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def window_of(served: Served, pictures: int) -> int:
    """How many of the `pictures` of one request wait or are computed at the same time."""
    return min(pictures, WINDOW, served.admission.queue)


async def rows(server: Server, served: Served, pictures: Sequence[tuple[str, bytes]], what: Asked) -> bytes:
    """A line of JSON for each picture, with the fields of `Prediction` or of `Failure`."""

    async def answer(named: tuple[str, bytes]) -> Prediction | Failure:
        name, data = named
        try:
            return await server.answered(served, data, what, name)
        except UnreadableImage as error:
            return Failure(name, error.reason)
        except (Late, TimeoutError):
            return Failure(name, "the deadline has passed")

    answers = await in_turn(answer, pictures, window_of(served, len(pictures)))
    return b"".join(json.dumps(asdict(one)).encode() + b"\n" for one in answers)
