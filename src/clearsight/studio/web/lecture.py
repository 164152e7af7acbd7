"""The routes of the screen Lecture: slides with their commands, figures, words, and exercises, which are graded here."""

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException

from ..compute.process import Compute
from ..lecture.glossary import words
from ..lecture.slides import Run, slides
from ..library import Library
from .bodies import json_object
from .data import command

BODY = 2**14  # bytes of an answer
SEEDS = 2**32
OWN = "own-"  # how the exercises on a network begin
NETWORKS, PICTURES = ("runs/lenet5", "runs/pixels"), ("digit.png", "cat.jpg")  # of the table's commands


def add_lecture(app: FastAPI, library: Library, compute: Compute) -> None:
    """Add the routes."""
    _add_slides(app, library, compute)
    _add_exercises(app, library, compute)


def _add_slides(app: FastAPI, library: Library, compute: Compute) -> None:
    @app.get("/api/lecture")
    async def lecture(network: str = "", picture: str = "") -> dict[str, Any]:
        """Every slide, its commands with the reader's network and picture, and the words of the glossary."""
        named = (library.network(network).words if network else "", library.picture(picture).name if picture else "")
        rows = [
            {"id": one.id, "title": one.title, "sees": one.sees, "figures": one.figures, "words": one.words, "exercises": one.exercises,
             "further": one.further, "commands": [typed(run, *named) for run in one.runs], "needs": needs(one.runs, *named)}
            for one in slides()
        ]  # fmt: skip
        return {"slides": rows, "words": [word._asdict() for word in words()]}

    @app.get("/api/lecture/figures/{name}")
    async def figure(name: str, request: Request, network: str = "", picture: str = "") -> dict[str, Any]:
        """A figure, of the reader's network and picture where it can be."""
        kind = f"figure {name} {request.headers.get('x-page', '')}"
        return dict(await asyncio.to_thread(compute.ask, "figure", kind=kind, name=name, **own(library, network, picture)))


def typed(run: Run, network: str, picture: str) -> str:
    """A command of the table as it is typed, with the reader's network and picture in place of the table's."""
    own = {**dict.fromkeys(NETWORKS, network), **dict.fromkeys(PICTURES, picture)}
    given = [own.get(word) or word for word in shlex.split(run.command)]
    return command((*given, *(("--out", "figure.png") if run.figure else ())))


def needs(runs: Sequence[Run], network: str, picture: str) -> dict[str, list[str]]:
    """What must be there before commands of the table: trainings, as they are typed, and names that stand for pictures."""
    said = {word for run in runs for word in shlex.split(run.command)}
    trainings = [] if network else [one for one in NETWORKS if one in said]
    return {
        "trainings": [command(("train", "digits", "--model", Path(one).name, "--out", Path(one).name)) for one in trainings],
        "pictures": [] if picture else [one for one in PICTURES if one in said],
    }


def _add_exercises(app: FastAPI, library: Library, compute: Compute) -> None:
    @app.get("/api/exercises")
    async def listed() -> dict[str, Any]:
        """Every kind of exercise."""
        return {"exercises": await asyncio.to_thread(compute.ask, "exercises")}

    def of(kind: str, seed: int, network: str, picture: str) -> dict[str, Any]:
        """The exercise that is meant, for the computation."""
        if not 0 <= seed < SEEDS:
            raise HTTPException(400, f"seed must be from 0 to {SEEDS - 1}. Got {seed}.")
        return {"name": kind, "seed": seed, **own(library, network, picture)}

    @app.get("/api/exercises/{kind}/{seed}")
    async def asked(kind: str, seed: int, network: str = "", picture: str = "") -> dict[str, Any]:
        """An exercise without its answers; those on a network are of the reader's."""
        made = await asyncio.to_thread(compute.ask, "exercise", **of(kind, seed, network, picture))
        if kind.startswith(OWN):
            verb = ["look", "summary", library.network(network).words if network else NETWORKS[0], "--json"]
        else:
            verb = ["exercises", "--only", kind, "--seed", str(seed), "--json"]
        return {**made, "command": command(tuple(verb))}

    @app.post("/api/exercises/{kind}/{seed}")
    async def graded(kind: str, seed: int, request: Request, network: str = "", picture: str = "") -> dict[str, Any]:
        """The mark of `{answer, part, solution, run}`: `part` where there are several, `solution` to see it after a try, `run` an id."""
        meant, sent = of(kind, seed, network, picture), await json_object(request, BODY, f"an answer has at most {BODY // 1024} kB.")
        answer, part, run = (str(sent.get(name, "")) for name in ("answer", "part", "run"))
        folder = str(await asyncio.to_thread(library.runs.path, run)) if run else ""  # a page knows a run by its id
        more: dict[str, Any] = {"part": part, "answer": answer, "solution": sent.get("solution") is True, "run": folder}
        return dict(await asyncio.to_thread(compute.ask, "grade", **meant, **more))


def own(library: Library, network: str, picture: str) -> dict[str, str]:
    """The reader's network and picture by their ids, for the computation; empty without one."""
    return {
        "words": library.network(network).words if network else "",
        "file": str(library.picture(picture).file) if picture else "",
    }
