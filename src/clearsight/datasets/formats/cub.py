"""CUB-200-2011 and what is laid out like it: `images/`, and lists that give each picture's number its path, class and part.

C. Wah, S. Branson, P. Welinder, P. Perona, S. Belongie, The Caltech-UCSD Birds-200-2011 dataset, 2011.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import ClearsightError, listed
from ..dataset import Dataset, Parts, class_table, indices_of, objects

PATHS, LABELS, CLASSES, SPLIT = "images.txt", "image_class_labels.txt", "classes.txt", "train_test_split.txt"
PARTS = {"1": "train", "0": "test"}


def is_cub(data: Any) -> bool:
    """Whether `data` is the path of a folder with the lists of paths and of classes."""
    return isinstance(data, str | Path) and all(os.path.isfile(os.path.join(data, name)) for name in (PATHS, LABELS))


def read_cub(data: str | Path) -> Parts:
    """The pictures in the order of their list, in the parts train and test where there is a list of those.

    Raises ClearsightError for a line that is no number and value, for a number that a list lacks, and for files that are not there.
    """
    root = Path(data)
    paths = _listed(root / PATHS)
    labels, split = _of(paths, root / LABELS), _of(paths, root / SPLIT) if (root / SPLIT).is_file() else dict.fromkeys(paths, "")
    if wrong := sorted({value for value in split.values() if value and value not in PARTS}):
        raise ClearsightError(
            f"{root / SPLIT} says 1 for training pictures and 0 for test pictures. It has {listed(map(repr, wrong), 3)} too."
        )
    names = _listed(root / CLASSES) if (root / CLASSES).is_file() else {}
    if unnamed := sorted({label for label in labels.values() if names and label not in names}):
        raise ClearsightError(f"{root / CLASSES} has no name for the classes {listed(unnamed, 3)} of {LABELS}.")
    if missing := [path for path in paths.values() if not (root / "images" / path).is_file()]:
        raise ClearsightError(
            f"{root / PATHS}: {len(missing):,} of {len(paths):,} files are not in {root / 'images'}: {listed(missing, 3)}"
        )
    rows: dict[str, list[tuple[str, str]]] = {}
    for number, path in paths.items():
        rows.setdefault(PARTS.get(split[number], "all"), []).append((path, names.get(labels[number], labels[number])))
    table = class_table({part: (label for _, label in every) for part, every in rows.items()})
    order = [part for part in ("train", "test", "all") if part in rows]
    parts: dict[str, Dataset] = {part: _dataset(root, rows[part], table) for part in order}
    return Parts(root.resolve().name, table, parts, (f"paths and classes are those of {PATHS} and {LABELS}",))


def _dataset(root: Path, rows: list[tuple[str, str]], table: tuple[str, ...]) -> Dataset:
    paths = objects(path for path, _ in rows)
    labels = np.asarray(indices_of([label for _, label in rows], table), dtype=np.int64)
    return Dataset(table, labels, paths, root=root / "images", paths=paths)


def _listed(path: Path) -> dict[str, str]:
    """The values of a list by number, in its order."""
    found: dict[str, str] = {}
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        number, _, value = line.strip().partition(" ")
        if not line.strip():
            continue
        if not number.isdigit() or not value or number in found:
            raise ClearsightError(f"{path}, line {place}: expected is a number of its own and a value, as in '7 1'. Got {line!r:.100}.")
        found[number] = value.strip()
    return found


def _of(paths: dict[str, str], path: Path) -> dict[str, str]:
    """The values that the list `path` has for every number of `paths`."""
    found = _listed(path)
    if missing := [number for number in paths if number not in found]:
        raise ClearsightError(f"{path} has no line for {len(missing):,} pictures of {PATHS}: numbers {listed(missing, 3)}.")
    return found
