"""The routes of the screen Data: a data set, its small pictures, one large, a map, and its problems."""

import asyncio
import base64
import shlex
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException

from ...base.errors import plain
from ..compute.process import Compute
from ..jobs import Jobs, Told
from ..library import Data, Library


def add_data(app: FastAPI, library: Library, reading: Compute, jobs: Jobs) -> None:
    """Add the routes; `reading` reads data sets, `jobs` run commands."""

    async def of(d: str, what: str, kind: str = "", **more: Any) -> Any:
        return await asyncio.to_thread(reading.ask, what, kind=kind, words=library.dataset(d).words, **more)

    @app.get("/api/data/{d}")
    async def data(d: str) -> dict[str, Any]:
        """A data set: its parts, classes, and the class of every picture."""
        one = library.dataset(d)
        return {"name": one.name, **await of(d, "data"), "command": command(_check(one))}

    @app.get("/api/data/{d}/sheet")
    async def sheet(d: str, rows: str, v: str) -> dict[str, Any]:
        """Small pictures of `rows`, numbers with commas between them."""
        return dict(await of(d, "sheet", version=v, rows=_numbers(rows)))

    @app.get("/api/data/{d}/ahead")
    async def ahead(d: str, start: int, v: str) -> dict[str, Any]:
        """Sizes and formats from a picture on, as many as are read in a moment."""
        return dict(await of(d, "ahead", version=v, start=start))

    @app.get("/api/data/{d}/map")
    async def pixel_map(d: str, v: str) -> dict[str, Any]:
        """A map by pixels."""
        return dict(await of(d, "map", version=v))

    @app.get("/api/data/{d}/picture/{row}")
    async def picture(d: str, row: int, v: str, request: Request) -> dict[str, Any]:
        """One picture, large."""
        return dict(await of(d, "picture", f"large {request.headers.get('x-page', '')}", version=v, row=row))

    @app.get("/api/data/{d}/problems")
    async def problems(d: str) -> dict[str, Any]:
        """What `clearsight check` finds, and whether it has ended."""
        return await told(d, await asyncio.to_thread(jobs.told, *_check(library.dataset(d))))

    @app.post("/api/data/{d}/problems")
    async def look(d: str) -> dict[str, Any]:
        """Run `clearsight check`."""
        return await told(d, await asyncio.to_thread(jobs.start, *_check(library.dataset(d))))

    @app.post("/api/data/{d}/problems/stop")
    async def stop(d: str) -> dict[str, Any]:
        """Stop `clearsight check`."""
        return await told(d, await asyncio.to_thread(jobs.stop, *_check(library.dataset(d))))

    _add_keeping(app, library, reading)

    async def told(d: str, job: Told) -> dict[str, Any]:
        answer = {"state": job.state, "said": job.said, "command": command(_check(library.dataset(d)))}
        if job.state == "done":
            answer |= {"kinds": await of(d, "problems", found=job.result)}
            answer |= {name: job.result[name] for name in ("poisonous", "warnings", "notes")}
            answer["apply"] = command(("labels", "apply", library.dataset(d).words))
        return answer


def _add_keeping(app: FastAPI, library: Library, reading: Compute) -> None:
    @app.post("/api/data/{d}/picture/{row}/keep")
    async def keep(d: str, row: int, v: str) -> dict[str, str]:
        """Take a picture as the page's own, for the questions that are asked of pictures."""
        found = await asyncio.to_thread(reading.ask, "original", words=library.dataset(d).words, version=v, row=row)
        kept = await asyncio.to_thread(library.keep, base64.b64decode(found["bytes"]), found["name"])
        return {"picture": kept.id}


def command(words: tuple[str, ...]) -> str:
    """A command of this program as it is typed."""
    return plain(shlex.join(["clearsight", *words]))


def named_file(name: str) -> str:
    """The name of a file as a word of a command: one that begins with - is no option."""
    return f"./{name}" if name.startswith("-") else name


def _check(one: Data) -> tuple[str, ...]:
    return ("check", one.words, "--json")


def _numbers(rows: str) -> list[int]:
    try:
        return [int(one) for one in rows.split(",")]
    except ValueError:
        raise HTTPException(400, "rows: numbers with commas between them.") from None
