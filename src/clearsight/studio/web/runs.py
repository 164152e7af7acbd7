"""The routes of what is below ./runs."""

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from ..library import Library


def add_runs(app: FastAPI, library: Library) -> None:
    """Add the routes."""

    @app.get("/api/runs")
    async def listed() -> dict[str, Any]:
        """Every run folder, the newest first."""
        return {"runs": [asdict(one) for one in await asyncio.to_thread(library.runs.listed)]}
