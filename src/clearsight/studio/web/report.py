"""The routes of the screens Report and Compare: the stored answers of a run, its pictures, and two runs against each other."""

import asyncio
import shlex
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from ...base.errors import plain
from ..compute.process import Compute, Failed
from ..follow import differing, settings_of
from ..library import Library
from ..runs import Unknown, described

STRESS, REFUSED = "stress.json", 422  # the file of stress tests; the status of a question that is refused in a sentence
FOLDS = "cross-validation"  # the part of answers to training pictures: no command judges on them again


def add_report(app: FastAPI, library: Library, compute: Compute, reading: Compute) -> None:
    """Add the routes; `compute` reads answers, `reading` the pictures."""

    @app.get("/api/runs/{r}/answers")
    async def answers(r: str) -> dict[str, Any]:
        """Every answer of a run's own evaluation."""
        folder = library.runs.path(r)
        try:
            found = await asyncio.to_thread(compute.ask, "report", folder=str(folder))
        except Failed as error:
            return {"name": plain(folder.name), "refused": refusal(error), "command": command(folder)}
        return {**found, "name": plain(folder.name), "groups": groups(folder), "command": evaluating(folder, found)}

    @app.get("/api/runs/{r}/pictures")
    async def pictures(r: str) -> dict[str, Any]:
        """Where the pictures of a run's answers are in its data, or in a sentence why they are not shown."""
        folder = library.runs.path(r)
        try:
            data = library.data_of(folder)
            found = await asyncio.to_thread(reading.ask, "places", words=data.words, folders=[str(folder)])
        except (Unknown, Failed) as error:
            return {"missing": f"The pictures are not shown: {plain(error)}"}
        return {"data": data.id, "version": found["version"], "rows": found["rows"][0]}

    @app.get("/api/compare")
    async def compare(a: str, b: str) -> dict[str, Any]:
        """Two runs by their stored answers to the same pictures, and the settings in which they differ."""
        both = [library.runs.path(one) for one in (a, b)]
        joint = plain(shlex.join(["clearsight", "compare", *map(str, both), "--json"]))
        told = {
            "names": [plain(one.name) for one in both],
            "settings": differing([settings_of(one) for one in both]),
            "command": joint,
            "judging": list(map(command, both)),
        }
        try:
            found = await asyncio.to_thread(compute.ask, "comparison", a=str(both[0]), b=str(both[1]))
        except Failed as error:
            return {**told, "refused": refusal(error)}
        return {**told, **found}


def refusal(error: Failed) -> str:
    """The words of a question that has no answer here; raises one that failed otherwise."""
    if error.status != REFUSED:
        raise error
    return plain(error)


def command(folder: Path, *more: str) -> str:
    """The command that judges a run."""
    return plain(shlex.join(["clearsight", "evaluate", str(folder), *more]))


def evaluating(folder: Path, found: dict[str, Any]) -> str:
    """The command whose figures are those of the answers."""
    part = str(found["on"].get("part", "test"))
    more = () if part == "test" or found["part"] == FOLDS else ("--part", part)
    return command(folder, *more, "--json")


def groups(folder: Path) -> list[dict[str, Any]]:
    """The worst group of similar pictures, of each stress test of the run that looked for it."""
    found = []
    for name, figures in described(folder / STRESS).items():
        worst = figures.get("subgroups", {}).get("worst") if isinstance(figures, dict) and figures.get("subgroups") else None
        if isinstance(worst, dict) and _is_group(worst):
            told = {key: worst[key] for key in ("top1", "low", "high", "n")}
            found.append({"test": plain(name), "class": plain(worst["class"]), "pictures": list(map(plain, worst["pictures"])), **told})
    return found


def _is_group(worst: dict[str, Any]) -> bool:
    numbers = all(isinstance(worst.get(key), (int, float)) for key in ("top1", "low", "high", "n"))
    return numbers and isinstance(worst.get("class"), str) and isinstance(worst.get("pictures"), list)
