"""The routes of the screen Networks: the registry, one network of it, and a network while it is typed."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException

from ..compute.process import Compute
from ..library import Library
from .bodies import json_object
from .data import command

BODY = 2**21  # bytes of a formula; the parser has a limit of its own
REFUSAL = f"a formula has at most {BODY // 1024} kB."
LONGEST = 40  # letters that say which formula of a page it is
TABLES = ("keras", "ilsvrc", "descent")


def add_zoo(app: FastAPI, library: Library, compute: Compute) -> None:
    """Add the routes."""

    @app.get("/api/zoo")
    async def zoo() -> dict[str, Any]:
        """The networks of the registry with their facts and ids, and the tables of their history."""
        found = await asyncio.to_thread(compute.ask, "zoo")
        ids = {one.words: one.id for one in library.registry.values()}
        rows = [{**row, "id": ids.get(row["name"], "")} for row in found["rows"]]
        tables = {table: command(("models", "--table", table, "--json")) for table in TABLES}
        commands = {"rows": command(("models", "--json")), **tables}
        return {**found, "rows": rows, "commands": commands}

    @app.get("/api/zoo/{m}")
    async def architecture(m: str, request: Request) -> dict[str, Any]:
        """One network of the registry: its weights, stages and layers."""
        words = library.network(m).words
        kind = f"architecture {request.headers.get('x-page', '')}"
        return {
            **await asyncio.to_thread(compute.ask, "architecture", kind=kind, name=words),
            "command": command(("models", words, "--json")),
        }

    @app.post("/api/formula")
    async def formula(request: Request) -> dict[str, Any]:
        """The network that `{text, size, classes, which}` means; of one page and `which` only the newest is answered."""
        asked = await json_object(request, BODY, REFUSAL)
        text, which = (_text(asked, name) for name in ("text", "which"))
        size, classes = _size(asked.get("size")), asked.get("classes")
        if classes is not None and type(classes) is not int:
            raise HTTPException(400, "classes: a whole number.")
        kind = f"formula {which[:LONGEST]} {request.headers.get('x-page', '')}"
        found = await asyncio.to_thread(compute.ask, "typed", kind=kind, text=text, size=size, classes=classes)
        options = ["--input", "x".join(map(str, (*size[1:], size[0])))] if size else []
        options += ["--classes", str(classes)] if classes else []
        return found if "wrong" in found else {**found, "command": command(("models", text.strip(), *options, "--json"))}


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str):
        raise HTTPException(400, f"{name}: a text.")
    return value


def _size(value: Any) -> list[int] | None:
    """Channels, rows and columns; raises HTTPException for anything else."""
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3 or any(type(one) is not int for one in value):
        raise HTTPException(400, "size: three whole numbers, the channels, rows and columns.")
    return value
