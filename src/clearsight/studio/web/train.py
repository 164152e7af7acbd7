"""The routes of the screen Train: what can be asked, and runs that begin, stop, go on and go on longer."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException

from ...base.errors import ClearsightError, plain
from ..form import form, options, starting
from ..jobs import Jobs
from ..library import Library
from ..runs import Unknown
from ..trainings import Trainings
from .bodies import json_object
from .data import command

BODY = 2**16  # bytes of a question
REFUSAL = f"a question has at most {BODY // 1024} kB."
Answer = TypeVar("Answer")


def add_train(app: FastAPI, library: Library, jobs: Jobs, trainings: Trainings) -> None:
    """Add the routes; `jobs` examine a training, `trainings` do it."""

    async def asked(request: Request) -> tuple[str, list[str]]:
        """Data and options of the training that a page asks for: `{data, start, settings}`."""
        body = await json_object(request, BODY, REFUSAL)
        data, start, settings = body.get("data"), body.get("start", ""), body.get("settings", {})
        if not isinstance(data, str) or not isinstance(start, str) or not isinstance(settings, dict):
            raise HTTPException(400, "data and start are ids, settings an object.")
        words = library.network(start).words if start.startswith("m_") else start
        if words == start and start not in ("", "none"):
            raise HTTPException(400, "start: the id of a network, none, or nothing.")
        return data, await done(lambda: [*starting(words), *options(settings)])

    @app.get("/api/recipe")
    async def recipe() -> dict[str, Any]:
        """What a training may be asked: data, what to start from, and the settings in sections."""
        await asyncio.to_thread(library.look_again)
        starts = [{"id": one.id, "name": one.name} for one in library.networks.values() if one.classes]
        data = [{"id": one.id, "name": one.name} for one in trainings.sets().values()]
        return {"data": data, "starts": starts, "sections": await asyncio.to_thread(form)}

    @app.post("/api/trainings/command")
    async def words(request: Request) -> dict[str, Any]:
        """The command of a training; nothing is started."""
        data, settings = await asked(request)
        return {"command": command(tuple(await done(lambda: trainings.words(data, settings))))}

    @app.post("/api/trainings/forecast")
    async def forecast(request: Request) -> dict[str, Any]:
        """What `clearsight train --doctor` finds: asked again, how far it is."""
        data, settings = await asked(request)
        words = await done(lambda: trainings.words(data, [*settings, "--doctor", "--json", "-q"]))
        return (await asyncio.to_thread(jobs.start, *words))._asdict() | {"command": command(tuple(words))}

    @app.post("/api/trainings")
    async def start(request: Request) -> dict[str, Any]:
        """Begin a training."""
        data, settings = await asked(request)
        return _begun(await done(lambda: trainings.start(data, settings)))

    @app.post("/api/runs/{r}/stop")
    async def stop(r: str) -> dict[str, Any]:
        """Ask a training to save and end."""
        await done(lambda: trainings.stop(r))
        return {"run": r}

    @app.post("/api/runs/{r}/resume")
    async def go_on(r: str) -> dict[str, Any]:
        """Continue a training."""
        return _begun(await done(lambda: trainings.go_on(r)))

    @app.post("/api/runs/{r}/longer")
    async def longer(r: str, request: Request) -> dict[str, Any]:
        """Begin a training from the weights of a finished one: `{epochs}`."""
        epochs = (await json_object(request, BODY, REFUSAL)).get("epochs")
        if type(epochs) is not int or not 0 < epochs < 10**6:
            raise HTTPException(400, "epochs: a whole number from 1.")
        return _begun(await done(lambda: trainings.longer(r, epochs)))


def _begun(told: tuple[str, list[str]]) -> dict[str, Any]:
    return {"run": told[0], "command": command(tuple(told[1]))}


async def done(call: Callable[[], Answer]) -> Answer:
    """What `call` returns, in a thread; what it refuses is an answer of status 422, but for an id that means nothing."""
    try:
        return await asyncio.to_thread(call)
    except Unknown:
        raise
    except ClearsightError as error:
        raise HTTPException(422, plain(error)) from error
