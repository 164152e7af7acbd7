"""Pictures that are already arrays: from Python, or in an `.npz` file."""

import os
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import ClearsightError, UsageError, listed, wrong
from ...base.text.words import MOST_BANDS as MOST
from ..dataset import Dataset, Parts, class_table, clean_label, indices_of, objects

# Usual names of the arrays of a part: (part, names of pictures, names of labels), in small letters.
_KEYS = (
    ("train", ("x_train", "train_images", "train_x", "images_train", "xtrain", "train_data"),
     ("y_train", "train_labels", "train_y", "labels_train", "ytrain", "train_targets")),
    ("val", ("x_val", "val_images", "val_x", "images_val", "x_valid", "xval", "val_data"),
     ("y_val", "val_labels", "val_y", "labels_val", "y_valid", "yval", "val_targets")),
    ("test", ("x_test", "test_images", "test_x", "images_test", "xtest", "test_data"),
     ("y_test", "test_labels", "test_y", "labels_test", "ytest", "test_targets")),
    ("all", ("images", "pictures", "x", "data", "imgs"), ("labels", "y", "targets", "target", "label")),
)  # fmt: skip
# Exceptions of numpy and zipfile for damaged files.
UNREADABLE = (
    *(OSError, ValueError, TypeError, AttributeError, KeyError, EOFError, NotImplementedError, RuntimeError, MemoryError),
    *(OverflowError, SyntaxError, struct.error, zipfile.BadZipFile, zlib.error),
)
_CLASSES = ("classes", "class_names", "label_names")


def is_npz(data: Any) -> bool:
    """Whether `data` is the path of an `.npz` file."""
    return isinstance(data, str | Path) and Path(data).suffix.lower() == ".npz" and os.path.isfile(data)


def is_array_name(name: str) -> bool:
    """Whether `name`, in small letters, is a usual one of pictures or labels."""
    return any(name in (*pictures, *labels) for _, pictures, labels in _KEYS)


def is_arrays(data: Any) -> bool:
    """Whether `data` is `(pictures, labels)`, or `((pictures, labels), (pictures, labels))` for train and test."""
    return isinstance(data, tuple | list) and len(data) == 2


def read_arrays(data: Sequence[Any], *, classes: Sequence[str] | None = None) -> Parts:
    """Pictures uint8 (N, H, W) or (N, H, W, C) with labels (N,): `(pictures, labels)`, or a pair of such pairs, train and test.

    `classes` names the labels 0, 1, 2 …; raises UsageError for arrays of another kind or shape.
    """
    nested = all(is_arrays(pair) and _array("pictures", pair[0]).ndim in (3, 4) for pair in data)
    return from_arrays("arrays", {"train": data[0], "test": data[1]} if nested else {"all": (data[0], data[1])}, classes=classes)


def is_dataset(data: Any) -> bool:
    """Whether `data` is a dataset object: a `Dataset`, or one of your own with a length and `(picture, class)` by index."""
    by_index = hasattr(data, "__len__") and hasattr(data, "__getitem__")
    return isinstance(data, Dataset) or (by_index and not isinstance(data, (str, bytes, dict, tuple, list, np.ndarray)))


def read_dataset(data: Any, *, classes: Sequence[str] | None = None) -> Parts:
    """A dataset object: pictures are paths, or PIL images or uint8 arrays of one size; labels are names, or numbers into its `classes`.

    Raises UsageError for an item that is not `(picture, class)`, or for arrays of different sizes.
    """
    if isinstance(data, Dataset):
        return Parts("data", data.classes, {"all": data})
    pictures, labels = _items(data)
    names = classes or getattr(data, "classes", None)
    if not all(isinstance(picture, str | Path) for picture in pictures):
        sizes = {np.shape(picture)[:2] for picture in pictures}
        if len(sizes) > 1:
            raise UsageError(f"pictures of a dataset object have one size, or are paths. Got {len(sizes)} sizes: return paths instead.")
        return from_arrays(_name_of(data), {"all": (np.stack([np.asarray(picture) for picture in pictures]), labels)}, classes=names)
    every = _labels("data", labels, names)
    table = tuple(map(clean_label, names)) if names is not None else class_table({"all": every})
    paths = objects(os.path.abspath(picture) for picture in pictures)
    parts = {"all": Dataset(table, indices_of(every, table), objects(map(str, pictures)), root=Path(), paths=paths)}
    return Parts(_name_of(data), table, parts, _empty_classes(table, parts))


def _items(data: Any) -> tuple[list[Any], list[Any]]:
    """Pictures and labels of a dataset object."""
    pictures, labels = [], []
    for i in range(len(data)):
        item = data[i]
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise wrong(f"item {i} of a dataset object", "(picture, class)", type(item).__name__)
        pictures.append(item[0])
        labels.append(item[1])
    if not pictures:
        raise UsageError("a dataset object needs at least one picture. This one is empty.")
    return pictures, labels


def _name_of(data: Any) -> str:
    return str(getattr(data, "name", "") or type(data).__name__.lower())


def read_npz(data: str | Path, *, classes: Sequence[str] | None = None) -> Parts:
    """An `.npz` with `images` and `labels` (or `x`, `y`), or such arrays per part (`x_train` … `y_test`), optionally `classes`.

    Never unpickles; raises ClearsightError for a file that is damaged, holds objects, or lacks the arrays.
    """
    path = Path(data)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except UNREADABLE as error:
        raise ClearsightError(f"cannot read {path}: {error}. It must be an .npz of plain arrays, without pickled objects.") from error
    pairs = paired(path, arrays)
    folded = {key.lower(): key for key in arrays}
    named = next((arrays[folded[key]] for key in _CLASSES if key in folded), None)
    return from_arrays(path.stem, pairs, classes=classes or (None if named is None else [_text(name) for name in np.ravel(named).tolist()]))


def paired(path: Path, arrays: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Pictures and labels by part, of arrays by their usual names in any case; raises ClearsightError where one of a pair is missing."""
    folded = {key.lower(): key for key in arrays}
    pairs: dict[str, tuple[Any, Any]] = {}
    for part, picture_keys, label_keys in _KEYS:
        pictures, labels = (next((folded[key] for key in keys if key in folded), None) for keys in (picture_keys, label_keys))
        if (pictures is None) != (labels is None):
            lacking = f"labels ({' or '.join(label_keys)})" if labels is None else f"pictures ({' or '.join(picture_keys)})"
            raise ClearsightError(f"{path} has {pictures or labels} but no {lacking}. It holds: {listed(arrays)}.")
        if pictures and labels and (part != "all" or not pairs):
            pairs[part] = (arrays[pictures], arrays[labels])
    if not pairs:
        raise ClearsightError(
            f"{path} must hold images and labels, or x_train, y_train, x_test, y_test. It holds: {listed(arrays) or 'nothing'}."
        )
    return pairs


def from_arrays(
    name: str, pairs: Mapping[str, tuple[Any, Any]], *, classes: Sequence[str] | None = None, groups: Mapping[str, Any] | None = None
) -> Parts:
    """Parts from `{part: (pictures, labels)}`; labels are class names, or whole numbers that index `classes` where given."""
    pairs = {part: pairs[part] for part in ("train", "val", "test", "all") if part in pairs}
    pictures = {part: _pictures(part, pair[0]) for part, pair in pairs.items()}
    labels = {part: _labels(part, pair[1], classes) for part, pair in pairs.items()}
    for part, names in labels.items():
        if len(names) != len(pictures[part]) or not names:
            raise UsageError(f"{part}: pictures and labels must be as many, and at least one. Got {len(pictures[part])} and {len(names)}.")
    found = class_table(labels)
    table = tuple(clean_label(str(label)) for label in classes) if classes is not None else found
    if len(set(table)) != len(table) or not all(table):
        raise wrong("classes", "distinct names, none of them blank", list(table))
    prefixes = {part: "" if part == "all" else f"{part}/" for part in pairs}
    parts = {
        part: Dataset(
            classes=table,
            labels=indices_of(names, table),
            names=objects(f"{prefixes[part]}{i}" for i in range(len(names))),
            pictures=pictures[part],
            groups=objects(groups[part]) if groups else None,
        )
        for part, names in labels.items()
    }
    return Parts(name, table, parts, _empty_classes(table, parts))


def _array(what: str, value: Any) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError as error:  # rows of different lengths, pictures of different sizes
        raise UsageError(f"{what} must be one array, all of one shape; pictures of different sizes go into a folder. {error}") from error


def _pictures(part: str, value: Any) -> NDArray[Any]:
    array = _array(f"{part}: pictures", value)
    if array.dtype.kind not in "uif":
        raise wrong(f"{part}: the type of pictures", "uint8, 0 to 255, or numbers of another type", array.dtype)
    if array.ndim == 4 and array.shape[3] not in (1, 3) and array.shape[1] in (1, 3):  # channels first, as PyTorch stores them
        array = np.ascontiguousarray(array.transpose(0, 2, 3, 1))
    if array.ndim not in (3, 4) or 0 in array.shape[1:] or (array.ndim == 4 and array.shape[3] > MOST):
        raise wrong(f"{part}: the shape of pictures", f"(N, H, W) or (N, H, W, C) with up to {MOST} channels C", array.shape)
    if array.ndim == 4 and array.shape[1] < array.shape[2] == array.shape[3]:
        raise UsageError(f"{part}: pictures {array.shape} seem to have their channels first. Move them: numpy.moveaxis(pictures, 1, 3).")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UsageError(f"{part}: some values of the pictures are not numbers (NaN or infinity).")
    return array


def _labels(part: str, value: Any, classes: Sequence[str] | None) -> list[str]:
    """Class names, one per picture."""
    array = _array(f"{part}: labels", value)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    array = array.argmax(1) if _is_one_hot(array) else array
    if array.ndim != 1:
        raise wrong(f"{part}: the shape of labels", "(N,), one class per picture", array.shape)
    if array.dtype.kind in "iu":
        if classes is None:
            return [str(label) for label in array.tolist()]
        if len(array) and not 0 <= array.min() <= array.max() < len(classes):
            raise wrong(
                f"{part}: labels", f"0 to {len(classes) - 1}, an index into the {len(classes)} classes", f"{array.min()} to {array.max()}"
            )
        return [clean_label(str(classes[i])) for i in array.tolist()]
    if not all(isinstance(label, str | bytes) and label.strip() for label in array.tolist()):
        raise wrong(f"{part}: labels", "whole numbers or class names", array.dtype)
    values = [_text(label) for label in array.tolist()]
    if classes is not None and (extra := sorted(set(map(clean_label, values)) - {clean_label(str(label)) for label in classes})):
        raise UsageError(f"{part}: labels that are not in classes: {listed(map(repr, extra))}. Classes: {listed(classes)}.")
    return [clean_label(label) for label in values]


def _is_one_hot(labels: NDArray[Any]) -> bool:
    """Whether labels `(N, K)` have exactly one 1 in every row, and 0 else."""
    numbers = labels.ndim == 2 and labels.shape[1] > 1 and len(labels) > 0 and labels.dtype.kind in "iufb"
    return bool(numbers and np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all())


def _text(name: Any) -> str:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else str(name)


def _empty_classes(table: tuple[str, ...], parts: Mapping[str, Dataset]) -> tuple[str, ...]:
    counts = sum(part.counts() for part in parts.values())
    empty = [label for label, n in zip(table, np.atleast_1d(counts), strict=True) if n == 0]
    return (f"classes without a picture: {listed(empty)}",) if empty else ()
