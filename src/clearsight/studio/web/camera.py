"""The routes of the screen Camera: pictures of classes in a folder below ./runs, and the answer of a head on them."""

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException

from ..compute.process import Compute
from ..library import RUNS, Library
from . import bodies
from .data import command

PICTURE, SMALL = 2**22, 2**12  # bytes of a picture of the camera, of the rest
MOST = 1000  # pictures that are taken back at a time


def add_camera(app: FastAPI, library: Library, compute: Compute) -> None:
    """Add the routes. A set has a name, and a class too: neither is ever a path."""

    async def of(what: str, name: str, m: str, kind: str = "", **more: Any) -> dict[str, Any]:
        folder = Path(RUNS) / f"camera-{slug(name)}"  # here, also where the runs of another machine are followed
        words = library.network(m).words if m else ""
        found = await asyncio.to_thread(compute.ask, what, kind=kind, folder=str(folder), words=words, **more)
        start = ["--from", words] if words else []
        return {**found, "command": command(("train", folder.as_posix(), *start)), "folder": folder.as_posix()}

    async def with_file(what: str, request: Request, kind: str = "", **more: Any) -> dict[str, Any]:
        """The answer to a question about the picture in the body, whose file is gone afterwards."""
        data = await bodies.read(request, PICTURE, f"a picture of the camera has at most {PICTURE // 2**20} MB.")
        handle, file = tempfile.mkstemp(dir=library.folder)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
            return await of(what, _header(request, "x-set"), request.headers.get("x-network", ""), kind, file=file, **more)
        finally:
            os.unlink(file)

    @app.get("/api/camera")
    async def camera(name: str = "", network: str = "") -> dict[str, Any]:
        """What a set has so far."""
        return await of("camera", name, network)

    @app.post("/api/camera/picture")
    async def picture(request: Request) -> dict[str, Any]:
        """Store the picture in the body as one of the class in the header X-Name, percent-encoded; the name of the set is in X-Set."""
        return await with_file("camera_add", request, label=_header(request, "x-name"))

    @app.post("/api/camera/answer")
    async def answer(request: Request) -> dict[str, Any]:
        """The answer to the picture in the body."""
        return await with_file("camera_answer", request, f"camera {request.headers.get('x-page', '')}")

    @app.post("/api/camera/undo")
    async def undo(request: Request) -> dict[str, Any]:
        """Take the last pictures back: `{name, network, count}`."""
        asked = await bodies.json_object(request, SMALL, "this question has at most 4 kB.")
        name, network, count = (asked.get(key) for key in ("name", "network", "count"))
        if not isinstance(name, str) or not isinstance(network, str) or type(count) is not int or not 0 < count <= MOST:
            raise HTTPException(400, f"a name, a network and a count from 1 to {MOST}.")
        return await of("camera_undo", name, network, count=count)


def slug(name: str) -> str:
    """The name of a set as its folder has it: letters, digits, - and _."""
    return re.sub(r"[^\w-]+", "-", name).strip("-_")[:40].strip("-_").lower() or "classes"


def _header(request: Request, name: str) -> str:
    return unquote(request.headers.get(name, ""), errors="replace")[:200]
