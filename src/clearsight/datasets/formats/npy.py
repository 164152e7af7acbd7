"""Arrays in `.npy` files: pictures and labels next to each other, by their names."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import ClearsightError, listed
from ..dataset import Parts
from ..tables.encoding import text
from .arrays import UNREADABLE, from_arrays, is_array_name, paired

# the word of pictures in a file's name, and those of the labels next to it
_PARTNERS = (("images", "labels"), ("imgs", "labels"), ("pictures", "labels"), ("data", "labels"), ("data", "targets"), ("x", "y"))


def is_npy(data: Any) -> bool:
    """Whether `data` is an `.npy` file, or a folder that holds `.npy` files of pictures and labels by usual names."""
    if not isinstance(data, str | Path):
        return False
    if os.path.isdir(data):
        return len(_usual(Path(data))) > 1
    return Path(data).suffix.lower() == ".npy" and os.path.isfile(data)


def read_npy(data: str | Path, *, classes: Sequence[str] | None = None) -> Parts:
    """The arrays of a folder by their usual names (`x_train.npy`, `y_train.npy`, …), or a file of pictures with that of its labels.

    Never unpickles; raises ClearsightError for a file that is damaged or holds objects, and where labels are missing.
    """
    path = Path(data)
    names = _names(path / "classes.txt" if path.is_dir() else path.with_name("classes.txt"))
    if path.is_dir():
        pairs = paired(path, {file.stem: _read(file) for file in _usual(path)})
    else:
        pairs = {"all": (_read(path), _read(_partner(path)))}
    return from_arrays(path.resolve().name if path.is_dir() else path.stem, pairs, classes=classes or names)


def _usual(folder: Path) -> list[Path]:
    if not os.access(folder, os.R_OK | os.X_OK):
        return []
    return [folder / name for name in sorted(os.listdir(folder)) if name.lower().endswith(".npy") and is_array_name(name[:-4].lower())]


def _partner(path: Path) -> Path:
    """The file of the labels of the pictures in `path`; raises ClearsightError where it is missing."""
    beside = {other.stem.lower(): other for other in sorted(path.parent.glob("*.[nN][pP][yY]")) if other != path}
    stem = path.stem.lower()
    wanted = [stem.replace(ours, theirs) for ours, theirs in _PARTNERS if ours in stem]
    wanted += [f"{stem}_labels", f"{stem}_y", f"{stem}_targets", "labels", "y", "targets"]
    found = next((beside[name] for name in wanted if name in beside), None)
    if found is None:
        raise ClearsightError(
            f"{path} has no labels next to it: name their file {listed(dict.fromkeys(f'{name}.npy' for name in wanted), 3)}. "
            f"There is: {listed(beside) or 'no other .npy file'}."
        )
    return found


def _read(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except UNREADABLE as error:
        raise ClearsightError(f"cannot read {path}: {error}. It must be an .npy of a plain array, without pickled objects.") from error
    return array


def _names(path: Path) -> list[str] | None:
    """The names of the classes in `classes.txt`, a line each; None without that file."""
    if not path.is_file():
        return None
    return [line.strip() for line in text(path).splitlines() if line.strip()]
