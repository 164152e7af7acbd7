"""What a run was judged on: its own evaluation, and those on other pictures in its folder `judged`, each with its stored answers."""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import plain
from ..evaluation.answers import FILE
from .library import Data, Library
from .runs import JUDGED, RUN, Unknown, described

TAUGHT = ("train", "unlabelled", "val")  # classifier.learnt.LEARNT, which would bring torch here: no run is compared on them
OWN, OTHERS = "own", "judged"  # the id of a run's own evaluation; the folder in a run's that has a folder for each other one


@dataclass(frozen=True)
class Judgement:
    """A judgement as it is listed: `data` and `part` say what it was judged on."""

    id: str
    data: str
    part: str
    n: int
    top1: dict[str, Any] | None
    modified: float  # seconds since 1970


def judgements(run: Path) -> list[Judgement]:
    """Those of a run whose answers are stored: its own first, then the newest first."""
    every = [_told(id, folder) for id, folder in _folders(run).items()]
    return sorted(every, key=lambda one: (one.id != OWN, -one.modified))


def home(run: Path, id: str = "") -> Path:
    """The folder with the answers of a judgement; without an id the first that is listed, or the run's own folder. Raises Unknown."""
    found = _folders(run)
    if not id:
        return found[judgements(run)[0].id] if found else run
    if id not in found:
        raise Unknown("these answers are no longer in the folder of the run.")
    return found[id]


def data_of(library: Library, run: Path, name: str) -> Data:
    """The data set called `name` that a run was judged on: its own, or one of the studio; raises Unknown."""
    words = str(described(run / RUN).get("data", ""))
    if not name or name in _names(words):
        return library.data_of(run)
    for one in library.data.values():
        if name in _names(one.words):
            return one
    raise Unknown(f"its data, {plain(name)}, are not in the studio: start it with clearsight studio DATA.")


def id_of(run: Path, folder: Path) -> str:
    """The id of the judgement in a folder."""
    return OWN if folder == run else f"j_{hashlib.sha256(folder.name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _folders(run: Path) -> dict[str, Path]:
    found = [run]
    with contextlib.suppress(OSError), os.scandir(run / OTHERS) as others:
        found += [run / OTHERS / one.name for one in others if one.is_dir(follow_symlinks=False)]
    return {id_of(run, one): one for one in found if (one / FILE).is_file()}


def _names(words: str) -> tuple[str, str]:
    return Path(words).name, Path(words).stem


def _told(id: str, folder: Path) -> Judgement:
    figures = described(folder / JUDGED)
    on, top1, n = figures.get("judged_on"), figures.get("top1"), figures.get("n")
    return Judgement(
        id=id,
        data=plain(str(on.get("data", ""))) if isinstance(on, dict) else "",
        part=plain(str(figures.get("part", ""))),
        n=n if isinstance(n, int) else 0,
        top1=top1 if isinstance(top1, dict) else None,
        modified=(folder / FILE).stat().st_mtime,
    )
