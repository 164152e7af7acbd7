"""CIFAR-10 and CIFAR-100 as they are published: the binary version and that for Python.

A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009; https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import ClearsightError, listed
from ..dataset import Parts
from .arrays import from_arrays
from .pickled import NotData, load

_SIDE, _PIXELS = 32, 3072
_TEN = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
_BATCH = re.compile(r"data_batch_\d+")
# files of names of classes in the binary versions
_NAMES = ("batches.meta.txt", "fine_label_names.txt")


def is_cifar(data: Any) -> bool:
    """Whether `data` is a folder with the files of CIFAR-10 or CIFAR-100, or holds that folder only."""
    return isinstance(data, str | Path) and os.path.isdir(data) and _home(Path(data)) is not None


def read_cifar(data: str | Path, *, classes: Sequence[str] | None = None) -> Parts:
    """Train and test of CIFAR-10 or CIFAR-100 (its 100 fine labels); `classes` names the labels in place of the file of names.

    Pickles are read by a reader that runs nothing. Raises ClearsightError for a file that is damaged or holds more than data.
    """
    folder = _home(Path(data))
    assert folder is not None  # is_cifar looked
    pairs: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]] = {}
    for part, files in _files(folder).items():
        read = [_binary(file) if file.suffix == ".bin" else _pickled(file) for file in files]
        pairs[part] = np.concatenate([pictures for pictures, _ in read]), np.concatenate([labels for _, labels in read])
    parts = from_arrays(folder.resolve().name, pairs, classes=classes or _names(folder, pairs))
    stems = [file.stem for files in _files(folder).values() for file in files]
    lacking = [name for name in _TEN if name not in stems] if "train" not in stems else []
    return replace(parts, notes=(*parts.notes, f"files of CIFAR-10 that are not here: {listed(lacking)}")) if lacking else parts


def _home(folder: Path) -> Path | None:
    """The folder that holds the files, `folder` or the only one in it."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return None
    inner = [folder / name for name in sorted(os.listdir(folder)) if name.startswith("cifar-") and os.path.isdir(folder / name)]
    return next((one for one in (folder, *(inner if len(inner) == 1 else [])) if _files(one)), None)


def _files(folder: Path) -> dict[str, list[Path]]:
    """The files by part; empty for another folder."""
    names = sorted(name for name in os.listdir(folder) if os.path.isfile(folder / name))
    suffix = ".bin" if any(name.endswith(".bin") for name in names) else ""
    stems = [name.removesuffix(".bin") for name in names if name.endswith(suffix)]
    ten = [stem for stem in stems if _BATCH.fullmatch(stem)]
    hundred = {"train", "test"} <= set(stems) and (bool(suffix) or "meta" in stems)
    train = ten or (["train"] if hundred else [])
    test = sorted({"test_batch", "test"} & set(stems), reverse=True)
    found: dict[str, list[str]] = {"train": train, "test": test[:1] if train else []}
    return {part: [folder / f"{stem}{suffix}" for stem in of] for part, of in found.items() if of}


def _binary(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures and labels of a binary file: rows of one label (CIFAR-10) or two (CIFAR-100, coarse and fine) and 3,072 bytes."""
    try:
        content = np.fromfile(file, dtype=np.uint8)
    except OSError as error:
        raise ClearsightError(f"cannot read {file}: {error.strerror or error}.") from error
    labels = 2 if file.stem in ("train", "test") else 1
    if not len(content) or len(content) % (_PIXELS + labels):
        raise ClearsightError(f"{file} must hold rows of {_PIXELS + labels:,} bytes. It has {len(content):,} bytes: get it again.")
    rows = content.reshape(-1, _PIXELS + labels)
    return _upright(rows[:, labels:]), rows[:, labels - 1].astype(np.int64)


def _pickled(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    values = _dictionary(file)
    labels = values.get("fine_labels", values.get("labels"))
    pictures = values.get("data")
    if not isinstance(pictures, np.ndarray) or pictures.dtype != np.uint8 or pictures.ndim != 2 or pictures.shape[1] != _PIXELS:
        raise ClearsightError(f"{file} must hold data, bytes (N, {_PIXELS:,}), and labels. It holds: {', '.join(map(str, values))}.")
    if not isinstance(labels, list | np.ndarray) or len(labels) != len(pictures):
        raise ClearsightError(f"{file} must hold as many labels as pictures ({len(pictures):,}).")
    return _upright(pictures), np.asarray(labels, dtype=np.int64)


def _dictionary(file: Path) -> dict[str, Any]:
    try:
        values = load(file.read_bytes())
    except OSError as error:
        raise ClearsightError(f"cannot read {file}: {error.strerror or error}.") from error
    except NotData as error:
        raise ClearsightError(f"cannot read {file} as a batch of CIFAR: {error}. Nothing in it was run.") from error
    if not isinstance(values, dict):
        raise ClearsightError(f"{file} must hold a dictionary, not a {type(values).__name__}.")
    return {key.decode("latin-1") if isinstance(key, bytes) else str(key): value for key, value in values.items()}


def _upright(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows of three planes as pictures `(N, 32, 32, 3)`."""
    return np.ascontiguousarray(rows.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1))


def _names(folder: Path, pairs: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]) -> list[str] | None:
    """The names of the classes in the file that comes with the data; None where it is missing or does not fit."""
    names: list[str] = []
    for file in (folder / name for name in (*_NAMES, "batches.meta", "meta")):
        if not file.is_file():
            continue
        if file.suffix == ".txt":
            names = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        else:
            values = _dictionary(file)
            found = values.get("fine_label_names", values.get("label_names", []))
            names = [name.decode("latin-1") if isinstance(name, bytes) else str(name) for name in found]
    return names if len(names) > max(int(labels.max()) for _, labels in pairs.values()) else None
