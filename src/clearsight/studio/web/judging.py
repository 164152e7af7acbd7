"""The routes that judge a run as a job: on its validation part, on its test part where that is asked for by name, on other data."""

import asyncio
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from ..jobs import Jobs, Told
from ..judgements import judgements
from ..library import Library
from .data import command

PARTS = ("val", "test")  # the first is for choosing between runs; a test that chooses is no test


def add_judging(app: FastAPI, library: Library, jobs: Jobs) -> None:
    """Add the routes; `jobs` run `clearsight evaluate`."""

    def words(r: str, part: str, data: str) -> tuple[str, ...]:
        if part not in PARTS:
            raise HTTPException(400, f"part is one of {', '.join(PARTS)}.")
        named = (str(library.runs.path(r)), *((library.dataset(data).words,) if data else ()))
        return ("evaluate", "--part", part, "--json", *(("--",) if any(one.startswith("-") for one in named) else ()), *named)

    def told(r: str, job: Told, line: tuple[str, ...]) -> dict[str, Any]:
        found = {**job._asdict(), "command": command(line)}
        if job.state == "done" and (every := judgements(library.runs.path(r))):
            found["of"] = max(every, key=lambda one: one.modified).id
        return found

    @app.get("/api/runs/{r}/judging")
    async def judging(r: str, part: str = PARTS[0], data: str = "") -> dict[str, Any]:
        """The state of `clearsight evaluate` on these pictures, and its result."""
        line = words(r, part, data)
        return told(r, await asyncio.to_thread(jobs.told, *line), line)

    @app.post("/api/runs/{r}/judging")
    async def start(r: str, part: str = PARTS[0], data: str = "") -> dict[str, Any]:
        """Start it."""
        line = words(r, part, data)
        return told(r, await asyncio.to_thread(jobs.start, *line), line)

    @app.post("/api/runs/{r}/judging/stop")
    async def stop(r: str, part: str = PARTS[0], data: str = "") -> dict[str, Any]:
        """Stop it."""
        line = words(r, part, data)
        return told(r, await asyncio.to_thread(jobs.stop, *line), line)
