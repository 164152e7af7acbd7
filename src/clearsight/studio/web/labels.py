"""The routes of the screen Labels: the queue, one picture large, decisions and their undoing."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException

from ...base.errors import ClearsightError, plain
from ...datasets.decisions.journal import KINDS, UNDO, Decision, Entry, Journal, Stale, claimed, journal_of, standing
from ..compute.process import Compute
from ..library import Library
from .bodies import json_object
from .data import command

BODY = 2**16  # bytes of decisions
REFUSAL = f"decisions have at most {BODY // 1024} kB at a time."
MOST, LONGEST = 1000, 200  # decisions at a time, letters of a class's name
LAST = 30  # decisions that the page lists
Answer = TypeVar("Answer")


def add_labels(app: FastAPI, library: Library, compute: Compute, reading: Compute) -> None:
    """Add the routes; `compute` learns, `reading` reads pictures. Decisions are written by this process."""

    def journal(d: str) -> Journal:
        return Journal(journal_of(library.dataset(d).words))

    @app.get("/api/data/{d}/labels")
    async def queue(d: str, v: str, request: Request, network: str = "", part: str = "", order: str = "") -> dict[str, Any]:
        """The pictures to decide about, the most worth a look first; called again until `place.ready`, it works a moment each time."""
        one, words = library.dataset(d), library.network(network).words if network else ""
        kind = f"labelling {request.headers.get('x-page', '')}"
        more = {"words": one.words, "version": v, "network": words, "part": part, "by_name": order == "name"}
        found = await asyncio.to_thread(compute.ask, "labelling", kind=kind, journal=str(journal(d).path), **more)
        options = [*(("--part", part) if part else ()), *(("--from", words) if words else ())]
        apply = command(("labels", "apply", one.words))
        return {
            **found,
            "command": command(("labels", "errors", one.words, *options, "--json")) if found["sorted"] else apply,
            "apply": apply,
        }

    @app.get("/api/data/{d}/labels/picture/{row}")
    async def picture(d: str, row: int, v: str) -> dict[str, Any]:
        """One picture, large: also ahead of its turn."""
        return dict(await asyncio.to_thread(reading.ask, "picture", words=library.dataset(d).words, version=v, row=row))

    @app.get("/api/data/{d}/decisions")
    async def decisions(d: str) -> dict[str, Any]:
        """The number of the last row of the journal, and the last decisions that count."""
        return await asyncio.to_thread(_told, journal(d))

    @app.get("/api/data/{d}/decided")
    async def decided(d: str, v: str) -> dict[str, Any]:
        """Every decision that counts, with the number of its picture, and the number of the last row of the journal."""
        entries = await asyncio.to_thread(_entries, journal(d))
        known = [{name: getattr(one, name) for name in ("digest", "name", "seq", "kind", "label")} for one in standing(entries).values()]
        found = await asyncio.to_thread(reading.ask, "decided", words=library.dataset(d).words, version=v, entries=known) if known else []
        return {"seq": entries[-1].seq if entries else 0, "decided": found}

    @app.post("/api/data/{d}/decisions")
    async def decide(d: str, request: Request) -> dict[str, Any]:
        """Add decisions `{version, since, decisions: [{row, kind, label, why}]}`; 409 where another was made since row `since`."""
        asked, one = await json_object(request, BODY, REFUSAL), library.dataset(d)
        wanted = [_decision(each) for each in _list(asked.get("decisions"))]
        rows = [each["row"] for each in asked["decisions"]]
        known = await asyncio.to_thread(reading.ask, "identity", words=one.words, version=str(asked.get("version", "")), rows=rows)
        made = [
            Decision(kind, who["digest"], who["name"], label, who["was"], why)
            for (kind, label, why), who in zip(wanted, known, strict=True)
        ]
        since = _number(asked, "since")
        return {"seq": await _written(lambda: Journal(claimed(one.words)).append(made, since=since))}

    @app.post("/api/data/{d}/decisions/undo")
    async def undo(d: str, request: Request) -> dict[str, Any]:
        """Undo row `seq`, which was the last about its picture when the journal ended with row `since`; 409 where it is not any more."""
        asked = await json_object(request, BODY, REFUSAL)
        library.dataset(d)
        return {"seq": await _written(lambda: journal(d).undo(_number(asked, "seq"), since=_number(asked, "since")))}


async def _written(write: Callable[[], Answer]) -> Answer:
    try:
        return await asyncio.to_thread(write)
    except Stale as error:
        raise HTTPException(409, plain(error)) from error
    except ClearsightError as error:
        raise HTTPException(422, plain(error)) from error
    except OSError as error:
        raise HTTPException(422, f"cannot write the journal: {plain(error.strerror or error)}.") from error


def _entries(journal: Journal) -> list[Entry]:
    try:
        return journal.entries()
    except ClearsightError as error:
        raise HTTPException(422, plain(error)) from error


def _told(journal: Journal) -> dict[str, Any]:
    entries = _entries(journal)
    stands = sorted(standing(entries).values(), key=lambda entry: -entry.seq)
    return {"seq": entries[-1].seq if entries else 0, "decided": len(stands), "last": [_shown(one) for one in stands[:LAST]]}


def _shown(one: Entry) -> dict[str, Any]:
    told = asdict(one)
    return {name: told[name] if name == "seq" else plain(told[name]) for name in ("seq", "at", "kind", "name", "label", "was")}


def _list(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST or not all(isinstance(one, dict) for one in value):
        raise HTTPException(400, f"decisions: a list of 1 to {MOST} objects.")
    return value


def _decision(one: dict[str, Any]) -> tuple[str, str, str]:
    """Kind, label and reason; raises HTTPException for anything else."""
    kind, label, why = (one.get(name, "") for name in ("kind", "label", "why"))
    if not all(isinstance(word, str) and len(word) <= LONGEST for word in (kind, label, why)) or type(one.get("row")) is not int:
        raise HTTPException(400, f"a decision has a row, a kind, a label and why, texts of at most {LONGEST} letters.")
    label = label.strip()
    if kind == UNDO or kind not in KINDS or (kind == "label") != bool(label):
        raise HTTPException(400, f"a decision is one of {', '.join(KINDS)}; a label, and no other, has the name of a class.")
    return kind, label, why


def _number(asked: dict[str, Any], name: str) -> int:
    value = asked.get(name)
    if type(value) is not int or not 0 <= value < 2**53:
        raise HTTPException(400, f"{name}: the number of a row.")
    return value
