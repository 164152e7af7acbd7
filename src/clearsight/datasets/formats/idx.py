"""IDX, the format of MNIST and its family: `train-images-idx3-ubyte[.gz]` with `train-labels-idx1-ubyte[.gz]`.

Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", 1998: the file format at its end.
"""

import gzip
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import ClearsightError, UsageError, listed
from ..dataset import PART_NAMES, Parts
from .arrays import from_arrays

_NAME = re.compile(r"(?P<start>.*?)(?P<what>images|labels)[-.]idx\d-ubyte(\.gz)?", re.IGNORECASE)
_UINT8 = 8


def is_idx(data: Any) -> bool:
    """Whether `data` is an IDX file by its name, or a folder that holds IDX pictures."""
    if not isinstance(data, str | Path):
        return False
    path = Path(data)
    if os.path.isdir(path):
        return bool(_image_files(path))
    return os.path.isfile(path) and _NAME.fullmatch(path.name) is not None


def read_idx(data: str | Path, *, classes: Sequence[str] | None = None) -> Parts:
    """The pairs in a folder, or the pair that the given file belongs to, each under the part its name says (`t10k` is test).

    `classes` names the labels 0, 1, 2 …; raises ClearsightError for a file that is damaged or lacks its partner.
    """
    path = Path(data)
    folder, files = (path, _image_files(path)) if path.is_dir() else (path.parent, [_partner(path, "images")])
    pairs: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
    taken: dict[str, Path] = {}
    for file in files:
        part = _part(file)
        if part in taken:
            raise UsageError(f"{folder} holds two sets of pictures, {taken[part].name} and {file.name}. Name the file that is meant.")
        taken[part] = file
        pairs[part] = _read_pair(file)
    if len(pairs) > 1 and "all" in pairs:
        raise UsageError(f"{folder}: {taken['all'].name} is neither train, val nor test. Name the file that is meant.")
    return from_arrays(folder.resolve().name if path.is_dir() else path.name, pairs, classes=classes)


def _image_files(folder: Path) -> list[Path]:
    """The images files in `folder`, by name; of `x` and `x.gz` only the first, as torchvision keeps both."""
    found = {}
    for name in sorted(os.listdir(folder) if os.access(folder, os.R_OK | os.X_OK) else [], reverse=True):
        match = _NAME.fullmatch(name)
        if match and match["what"].lower() == "images" and os.path.isfile(folder / name):
            found[name.lower().removesuffix(".gz")] = folder / name
    return sorted(found.values())


def _part(file: Path) -> str:
    match = _NAME.fullmatch(file.name)
    words = re.split(r"[-_. ]+", match["start"].lower()) if match else []
    return next((PART_NAMES[word] for word in words if word in PART_NAMES), "all")


def _partner(file: Path, what: str) -> Path:
    """The `what` file ("images" or "labels") of the pair of `file`, packed or not; raises ClearsightError when it is not there."""
    match = _NAME.fullmatch(file.name)
    assert match is not None  # is_idx looked
    stem = file.name[: match.start("what")]
    found = [other for other in sorted(file.parent.iterdir()) if (m := _NAME.fullmatch(other.name)) and other.name.startswith(stem)
             and m["start"] == match["start"] and m["what"].lower() == what]  # fmt: skip
    if not found:
        raise ClearsightError(
            f"{file} has no {what} file next to it; it would be called {stem}{what}-idx{1 if what == 'labels' else 3}-ubyte."
        )
    return found[0]


def _read_pair(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    labels_file = _partner(file, "labels")
    pictures, labels = read_array(file), read_array(labels_file)
    if pictures.ndim not in (3, 4) or labels.ndim != 1:
        raise ClearsightError(
            f"{file.name} must be pictures (N, H, W) and {labels_file.name} labels (N,). Got {pictures.shape} and {labels.shape}."
        )
    if len(pictures) != len(labels):
        raise ClearsightError(f"{file} holds {len(pictures)} pictures, but {labels_file.name} {len(labels)} labels: they are no pair.")
    return pictures, labels


def read_array(path: Path) -> NDArray[np.uint8]:
    """The uint8 array in one IDX file, packed or not; raises ClearsightError unless header and length agree to the byte."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] != _UINT8 or not 1 <= head[3] <= 4:
                raise ClearsightError(
                    f"{path} is not an IDX file of bytes: it starts with {head.hex(' ') or 'nothing'}, not with 00 00 08."
                )
            sizes = file.read(4 * head[3])
            shape = tuple(np.frombuffer(sizes, dtype=">u4").tolist()) if len(sizes) == 4 * head[3] else (0,)
            expected = int(np.prod(shape, dtype=object))
            content = file.read(expected + 1)  # one more byte than promised tells a longer file
    except (OSError, EOFError, zlib.error, MemoryError, OverflowError) as error:
        raise ClearsightError(f"cannot read {path}: {error}. It may be damaged or cut short; get it again.") from error
    if len(content) != expected or not expected:
        more = "more" if len(content) > expected else f"{len(content):,}"
        raise ClearsightError(f"{path} promises {listed(shape)} = {expected:,} bytes of content and holds {more}. Get it again.")
    return np.frombuffer(bytearray(content), dtype=np.uint8).reshape(shape)
