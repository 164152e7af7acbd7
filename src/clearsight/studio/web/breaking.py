"""The routes of the screen Break: one picture attacked and corrupted, and a whole set as a job."""

import asyncio
import math
import re
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException

from ...base.errors import plain
from ..compute.process import Compute
from ..jobs import Jobs, Told
from ..library import Library
from .data import command, named_file

WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")  # a name of an attack, a corruption or a part
VERBS = ("attack", "stress")
MOST = 100_000  # pictures of a job


def add_breaking(app: FastAPI, library: Library, compute: Compute, jobs: Jobs) -> None:
    """Add the routes; `compute` has torch, `jobs` run commands."""
    _add_one(app, library, compute)
    _add_whole(app, library, jobs)


def _add_one(app: FastAPI, library: Library, compute: Compute) -> None:
    """What is asked of one picture."""

    async def of(request: Request, what: str, m: str, p: str, **more: Any) -> dict[str, Any]:
        network, kept = library.network(m), library.picture(p)
        kind = f"{what} {request.headers.get('x-page', '')}"
        return dict(await asyncio.to_thread(compute.ask, what, kind=kind, words=network.words, file=str(kept.file), **more))

    def said(m: str, p: str, *words: str) -> str:
        verb, *options = words
        return command((*verb.split(), library.network(m).words, named_file(library.picture(p).name), *options))

    @app.get("/api/networks/{m}/slider/{p}")
    async def slider(m: str, p: str, request: Request, target: int | None = None) -> dict[str, Any]:
        """FGSM at every ε."""
        found = await of(request, "slider", m, p, target=target)
        return {**found, "command": said(m, p, "attack", "--method", "fgsm", *_towards(found))}

    @app.get("/api/networks/{m}/survival/{p}")
    async def survival(m: str, p: str, request: Request, target: int | None = None) -> dict[str, Any]:
        """What of it survives saving."""
        return await of(request, "survival", m, p, target=target)

    @app.get("/api/networks/{m}/attacked/{p}")
    async def attacked(m: str, p: str, request: Request, method: str, epsilon: float, target: int | None = None) -> dict[str, Any]:
        """One attack at one ε."""
        epsilon = _positive(epsilon)
        found = await of(request, "attacked", m, p, method=_word("method", method), epsilon=epsilon, target=target)
        steps = ("--steps", str(found["steps"])) if found.get("steps") else ()
        words = ("attack", "--method", method, "--epsilon", f"{epsilon:.9g}", *steps, *_towards(found), "--json")
        return {**found, "command": said(m, p, *words)}

    @app.get("/api/networks/{m}/panel/{p}")
    async def panel(m: str, p: str, request: Request, seed: int = 0, part: int = 0) -> dict[str, Any]:
        """The answers under a part of the corruptions and challenges."""
        found = await of(request, "panel", m, p, index=_seed(seed), part=part)
        names = ",".join(found.get("names", ()))
        return {**found, "command": said(m, p, "look challenges", "--only", names, "--seed", str(seed), "--json")}

    @app.get("/api/networks/{m}/mixed/{p}")
    async def mixed(m: str, p: str, request: Request, changes: str = "", seed: int = 0) -> dict[str, Any]:
        """The picture under changes such as `fog:3,snow:1`."""
        return await of(request, "mixed", m, p, changes=_changes(changes), index=_seed(seed))


def _add_whole(app: FastAPI, library: Library, jobs: Jobs) -> None:
    """A verb over a whole set."""

    def words(verb: str, m: str, asked: dict[str, str]) -> tuple[str, ...]:
        if verb not in VERBS:
            raise HTTPException(404, f"{plain(verb)} is not a job of this screen.")
        if unknown := set(asked) - {"data", "n", "method", "epsilon"}:
            raise HTTPException(400, f"{plain(min(unknown))} is not an option of this job.")
        one = library.network(m).words
        data = [library.dataset(asked["data"]).words] if asked.get("data") else []
        options = ["--n", str(_count(asked.get("n", "200")))]
        if verb == "attack":
            options += ["--method", _word("method", asked.get("method", "pgd")), "--epsilon", _epsilon(asked.get("epsilon", "8/255"))]
        return (verb, one, *data, *options, "--json")

    def told(job: Told, line: tuple[str, ...]) -> dict[str, Any]:
        return {"state": job.state, "said": job.said, "result": job.result, "command": command(line)}

    @app.get("/api/networks/{m}/job/{verb}")
    async def job(m: str, verb: str, request: Request) -> dict[str, Any]:
        """The state of `clearsight attack` or `stress` with these options, and its result."""
        line = words(verb, m, dict(request.query_params))
        return told(await asyncio.to_thread(jobs.told, *line), line)

    @app.post("/api/networks/{m}/job/{verb}")
    async def start(m: str, verb: str, request: Request) -> dict[str, Any]:
        """Start it."""
        line = words(verb, m, dict(request.query_params))
        return told(await asyncio.to_thread(jobs.start, *line), line)

    @app.post("/api/networks/{m}/job/{verb}/stop")
    async def stop(m: str, verb: str, request: Request) -> dict[str, Any]:
        """Stop it."""
        line = words(verb, m, dict(request.query_params))
        return told(await asyncio.to_thread(jobs.stop, *line), line)


def _towards(found: dict[str, Any]) -> tuple[str, ...]:
    """The option of a targeted attack: with = so that no name of a class becomes an option."""
    return (f"--target={found['aim']}",) if found.get("aim") else ()


def _word(name: str, text: str) -> str:
    if not WORD.fullmatch(text):
        raise HTTPException(400, f"{name} must be a name. Got {plain(text)!r}.")
    return text


def _positive(epsilon: float) -> float:
    if not 0 < epsilon <= 1000 or not math.isfinite(epsilon):
        raise HTTPException(400, "epsilon must be a number above 0, in units of [0, 1].")
    return epsilon


def _epsilon(text: str) -> str:
    """ε as the command line takes it: 0.03 or 8/255."""
    if not re.fullmatch(r"\d{1,6}(\.\d{1,12})?(/\d{1,6})?", text):
        raise HTTPException(400, "epsilon must be a number such as 0.03, or a fraction such as 8/255.")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 8 and 1 <= int(text) <= MOST):
        raise HTTPException(400, f"n must be a whole number from 1 to {MOST:,}.")
    return int(text)


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**31:
        raise HTTPException(400, "seed must be a whole number from 0.")
    return seed


def _changes(text: str) -> list[tuple[str, int]]:
    found = []
    for one in filter(None, text.split(",")):
        name, _, step = one.partition(":")
        if step not in ("1", "2", "3", "4", "5"):
            raise HTTPException(400, "changes must be names with a step from 1 to 5, such as fog:3,snow:1.")
        found.append((_word("a change", name), int(step)))
    if len(found) > 4:
        raise HTTPException(400, "at most 4 changes are made one after another.")
    return found
