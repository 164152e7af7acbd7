"""The routes of the screens Report and Compare: the stored answers of a run, its pictures, and two runs against each other."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from ...base.errors import plain
from ...runs.state import FINISHED
from ..compute.process import Compute, Failed
from ..follow import differing, settings_of
from ..judgements import TAUGHT, Judgement, data_of, home, id_of, judgements
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
        words = judging(library, run, found["on"], folds=found["part"] == FOLDS)
        return {**found, **told, "groups": groups(run) if own else [], "command": command(run, *words, "--json")}

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
    async def compare(a: str, b: str, of: str = "") -> dict[str, Any]:
        """Two runs by their stored answers to the same pictures, of the evaluation `of` of A, and the settings in which they differ."""
        both = [library.runs.path(one) for one in (a, b)]
        pairs = shared(*both)
        first, second = next((pair for pair in pairs if pair[0].id == of), pairs[0] if pairs and not of else (None, None))
        folders = [home(run, one.id) if one else run for run, one in zip(both, (first, second), strict=True)]
        on = {"data": first.data, "part": first.part} if first else {}
        told = {
            "names": [plain(one.name) for one in both],
            "settings": differing([settings_of(one) for one in both]),
            "of": first.id if first else "",
            "judgements": [asdict(pair[0]) for pair in pairs],
            "command": typed(("compare", *map(str, both), *judging(library, both[0], on), "--json")),
            "judging": list(map(command, both)),
        }
        try:
            found = await asyncio.to_thread(compute.ask, "comparison", a=str(both[0]), b=str(both[1]), of=list(map(str, folders)))
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


def others(library: Library, run: Path, on: dict[str, Any]) -> tuple[str, ...]:
    """DATA of the command that gives answers, where they are not to the run's own data."""
    name = str(on.get("data", ""))
    try:
        words = data_of(library, run, name).words
    except Unknown:  # not in the studio: its name is all that the answers know of it
        words = name
    return (words,) if words and words != described(run / RUN).get("data") else ()


def shared(a: Path, b: Path) -> list[tuple[Judgement, Judgement]]:
    """The evaluations of two runs that can be compared: on as many pictures of the same part of the same data, in the order of A's."""
    ours, theirs = ([one for one in judgements(run) if one.part not in TAUGHT] for run in (a, b))
    found = ((one, next((other for other in theirs if _alike(one, other)), None)) for one in ours)
    return [(one, other) for one, other in found if other]


def _alike(one: Judgement, other: Judgement) -> bool:
    return (one.data, one.part, one.n) == (other.data, other.part, other.n)


def judging(library: Library, run: Path, on: dict[str, Any], folds: bool = False) -> tuple[str, ...]:
    """What a command is given to judge on what answers of a run were to."""
    part = str(on.get("part") or "test")
    return (*others(library, run, on), *(() if part == "test" or folds else ("--part", part)))


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
