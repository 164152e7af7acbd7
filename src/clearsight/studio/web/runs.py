"""The routes of what is below ./runs: the list, one run as it goes, and several side by side."""

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from ..follow import about, differing, rows, seen, settings_of, since
from ..library import Library
from ..trainings import Trainings
from .data import command
from .train import done

MOST = 20  # runs side by side


def add_runs(app: FastAPI, library: Library, trainings: Trainings) -> None:
    """Add the routes."""

    @app.get("/api/runs")
    async def listed() -> dict[str, Any]:
        """Every run folder, the newest first."""
        return {"runs": [asdict(one) for one in await asyncio.to_thread(library.runs.listed)]}

    @app.get("/api/runs/{r}")
    async def run(r: str) -> dict[str, Any]:
        """What a run is."""
        found = await done(lambda: about(trainings, r))
        return {**found, "command": command(tuple(found["command"])) if found.get("command") else ""}

    @app.get("/api/runs/{r}/rows")
    async def new(r: str, after: int = -1, at: int = 0) -> dict[str, Any]:
        """What a run has written since the row of epoch `after`, and byte `at` of its lines."""
        return await done(lambda: since(trainings, r, after, max(at, 0)))

    @app.get("/api/runs/{r}/watch/{epoch}")
    async def epoch(r: str, epoch: int) -> dict[str, Any]:
        """The answers to the pictures that are watched, and the first filters, after an epoch."""
        return await done(lambda: seen(trainings, r, epoch))

    @app.get("/api/curves")
    async def curves(runs: str) -> dict[str, Any]:
        """The rows of several runs, ids with commas between them, and the settings that differ."""
        ids = runs.split(",")
        if len(ids) > MOST:
            raise HTTPException(400, f"at most {MOST} runs side by side.")

        def found() -> dict[str, Any]:
            folders = [library.runs.path(id) for id in ids]
            words = command(("compare", *map(str, folders))) if len(folders) == 2 else ""
            return {
                "rows": [rows(one) for one in folders], "settings": differing([settings_of(one) for one in folders]), "command": words,
            }  # fmt: skip

        return await done(found)
