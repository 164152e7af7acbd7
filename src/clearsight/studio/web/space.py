"""The routes of the feature space: what is near to a picture, and a map by a network."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request

from ..compute.process import Compute
from ..library import Data, Library, trained_on
from .data import command, named_file

PICTURES = 2000  # of a data set at most, drawn at random: the default of `look neighbours`


def add_spaces(app: FastAPI, library: Library, compute: Compute) -> None:
    """Add the routes; each answer says how far it is until it is `ready`, and is asked for again until then."""

    @app.get("/api/neighbours/{m}/{p}/{d}")
    async def neighbours(m: str, p: str, d: str, request: Request, part: str = "") -> dict[str, Any]:
        """The pictures of a data set that are nearest to a picture."""
        network, kept, data = library.network(m), library.picture(p), _data(library, m, d)
        kind = f"neighbours {request.headers.get('x-page', '')}"
        asked = {"words": network.words, "file": str(kept.file), "data": data.words, "part": part, "most": PICTURES}
        found = await asyncio.to_thread(compute.ask, "neighbours", kind=kind, **asked)
        words = ("look", "neighbours", network.words, named_file(kept.name), data.words, *_part(part), "--json")
        return {
            **found,
            "command": command(words),
            "novelty_command": command(("classify", network.words, named_file(kept.name), "--json")),
        }

    @app.get("/api/data/{d}/space/{m}")
    async def space(d: str, m: str, v: str, request: Request, part: str = "") -> dict[str, Any]:
        """The map of a data set by the features of a network."""
        network, data = library.network(m), library.dataset(d)
        kind = f"space {request.headers.get('x-page', '')}"
        asked = {"words": network.words, "data": data.words, "version": v, "part": part, "most": PICTURES}
        found = await asyncio.to_thread(compute.ask, "space", kind=kind, **asked)
        words = ("look", "embedding", network.words, data.words, "--pictures", str(PICTURES), *_part(part), "--json")
        return {**found, "command": command(words)}


def _data(library: Library, m: str, d: str) -> Data:
    """A data set of the studio, or the one that the network was trained on; raises Unknown."""
    own = trained_on(library.network(m))
    return own if own and own.id == d else library.dataset(d)


def _part(part: str) -> tuple[str, ...]:
    return ("--part", part) if part else ()
