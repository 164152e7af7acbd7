"""Which pictures a judgement is made on: never, by accident, the ones the classifier has learnt from."""

from pathlib import Path

from ..base.errors import UsageError
from ..datasets.dataset import Dataset, Parts
from ..datasets.open import open_dataset
from ..datasets.split import apply_manifest
from ..train.run import Run


def choose_part(model: str | Path, data: str | None, part: str = "test") -> tuple[Dataset, str, tuple[str, ...]]:
    """The part of `data` to judge the classifier in `model` on, what it is called, and what must be said about it.

    The data a run was trained on (`data` left out, or the same pictures) are divided by the run's own split. Other
    data are divided as they come; when they bring no parts, all of them are judged.
    """
    run = Run(Path(model))
    trained_on: str | None = None
    group_by, table = None, ""
    if run.division.is_file():
        facts, table = run.divided()
        trained_on = facts["data"]
    if run.begun:
        group_by = run.reopen()[0].group_by or None
    if data is None and not trained_on:
        raise UsageError(f"{model} does not say what it was trained on: name the DATA to judge it on.")
    same = data is None or data == trained_on or str(Path(data).resolve()) == trained_on
    whole = open_dataset(data or trained_on or "", group_by=group_by if same else None)
    if table and (same or _names(whole) == _names_in(table)):
        return _named(apply_manifest(whole, table), part, whole.notes)
    if part not in whole.parts and "all" in whole.parts and part in ("test", "all"):
        everything = whole.parts["all"]
        return everything, "all", (*whole.notes, f"{whole.name} brings no parts: all {len(everything):,} pictures are judged.")
    return _named(whole, part, whole.notes)


def _named(parts: Parts, part: str, notes: tuple[str, ...]) -> tuple[Dataset, str, tuple[str, ...]]:
    if part not in parts.parts:
        raise UsageError(f"{parts.name} has no part {part!r}. There is: {', '.join(parts.parts)}.")
    return parts.parts[part], part, notes


def _names(parts: Parts) -> set[str]:
    return {str(name) for data in parts.parts.values() for name in data.names}


def _names_in(table: str) -> set[str]:
    import csv

    return {row["name"] for row in csv.DictReader(table.splitlines())}
