"""The routes of the screens Report and Compare: the stored answers of a run, its pictures, and two runs against each other."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from ...base.errors import plain
from ...runs.state import FINISHED
from ..compute.process import Compute, Failed
from ..follow import differing, settings_of
from ..judgements import data_of, home, id_of, judgements
from ..library import Library, network
from ..runs import JUDGED, RUN, Unknown, described
from .data import command as typed

STRESS, REFUSED = "stress.json", 422  # the file of stress tests; the status of a question that is refused in a sentence
FOLDS = "cross-validation"  # the part of answers to training pictures: no command judges on them again


def add_report(app: FastAPI, library: Library, compute: Compute, reading: Compute) -> None:
    """Add the routes; `compute` reads answers, `reading` the pictures."""

    @app.get("/api/runs/{r}/answers")
    async def answers(r: str, of: str = "") -> dict[str, Any]:
        """Every answer of an evaluation of a run, by default of its own, and which others there are."""
        run = library.runs.path(r)
        folder = home(run, of)
        own = folder == run
        told = {
            "name": plain(run.name), "of": id_of(run, folder), "judgements": list(map(asdict, judgements(run))),
            "network": network(str(run)).id if (run / FINISHED).is_file() else "",
        }  # fmt: skip
        try:
            found = await asyncio.to_thread(compute.ask, "report", folder=str(folder), run=str(run))
        except Failed as error:
            return {**told, "refused": refusal(error)}
        return {**found, **told, "groups": groups(run) if own else [], "command": evaluating(run, found, others(library, run, found))}

    @app.get("/api/runs/{r}/pictures")
    async def pictures(r: str, of: str = "") -> dict[str, Any]:
        """Where the pictures of a run's answers are in its data, or in a sentence why they are not shown."""
        run = library.runs.path(r)
        folder = home(run, of)
        name = "" if folder == run else on_of(described(folder / JUDGED))
        try:
            data = data_of(library, run, name)
            found = await asyncio.to_thread(reading.ask, "places", words=data.words, folders=[str(folder)])
        except (Unknown, Failed) as error:
            return {"missing": f"The pictures are not shown: {plain(error)}"}
        return {"data": data.id, "version": found["version"], "rows": found["rows"][0]}

    @app.get("/api/compare")
    async def compare(a: str, b: str) -> dict[str, Any]:
        """Two runs by their stored answers to the same pictures, and the settings in which they differ."""
        both = [library.runs.path(one) for one in (a, b)]
        joint = typed(("compare", *map(str, both), "--json"))
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
    return typed(("evaluate", str(folder), *more))


def on_of(figures: dict[str, Any]) -> str:
    """The name of the data set that an evaluation says it was made on."""
    on = figures.get("judged_on")
    return str(on.get("data", "")) if isinstance(on, dict) else ""


def others(library: Library, run: Path, found: dict[str, Any]) -> tuple[str, ...]:
    """DATA of the command that gives these answers, where they are not to the run's own data."""
    with suppress(Unknown):
        if (data := data_of(library, run, str(found["on"].get("data", "")))).words != described(run / RUN).get("data"):
            return (data.words,)
    return ()


def evaluating(folder: Path, found: dict[str, Any], data: tuple[str, ...] = ()) -> str:
    """The command whose figures are those of the answers."""
    part = str(found["on"].get("part", "test"))
    more = () if part == "test" or found["part"] == FOLDS else ("--part", part)
    return command(folder, *data, *more, "--json")


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
