"""The routes of what is below ./runs: the list, one run as it goes, and several side by side."""

import asyncio
import hashlib
import json
import math
import time
from typing import Any

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from ...base.result import jsonable
from ..follow import about, differing, rows, seen, settings_of, since
from ..library import Library
from ..runs import Runs
from ..trainings import Trainings
from .data import command
from .train import done

MOST = 20  # runs side by side
SHARED = 2.0  # seconds for which windows that follow the list share one look at the folders: a thousand take 0.1 s of a processor


class Listing:
    """The list of runs as it is sent, and its version, by which a window says what it has."""

    def __init__(self, runs: Runs) -> None:
        self.runs, self.turn = runs, asyncio.Lock()
        self.at, self.version, self.text = -math.inf, "", "[]"

    async def answer(self, version: str) -> str:
        """The list in JSON; where `version` is still its version, only that."""
        async with self.turn:
            if not version or time.monotonic() - self.at > SHARED:
                await asyncio.to_thread(self._look)
                self.at = time.monotonic()
        return json.dumps({"version": self.version}) if version == self.version else f'{{"version": "{self.version}", "runs": {self.text}}}'

    def _look(self) -> None:
        rows = self.runs.listed()
        version = hashlib.blake2b(repr(rows).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        if version != self.version:
            self.version, self.text = version, json.dumps([jsonable(row) for row in rows])


def add_runs(app: FastAPI, library: Library, trainings: Trainings) -> None:
    """Add the routes."""

    listing = Listing(library.runs)

    @app.get("/api/runs")
    async def listed(version: str = "") -> Response:
        """Every run folder, the newest first; only its version where a page has this one already."""
        return Response(await listing.answer(version), media_type="application/json")

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
