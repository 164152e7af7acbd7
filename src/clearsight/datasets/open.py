"""`open_dataset(DATA)`: find the reader for any kind of data, and report its decisions."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from ..base.errors import UsageError, listed, plain
from ..images.kinds import SUFFIXES
from .dataset import Parts
from .decisions.overlay import overlaid
from .formats.arrays import is_arrays, is_dataset, is_npz, read_arrays, read_dataset, read_npz
from .formats.cifar import is_cifar, read_cifar
from .formats.cub import is_cub, read_cub
from .formats.folder import is_folder, read_folder
from .formats.hub import is_hub, read_hub
from .formats.idx import is_idx, read_idx
from .formats.npy import is_npy, read_npy
from .formats.unpacked import is_zip, unpacked
from .formats.unread import kind
from .leave_out import without
from .named import COMMON, NAMED, PREFIX, is_named, read_named
from .shards.find import is_shards
from .shards.imagenet import is_imagenet, read_imagenet
from .shards.open import read_shards
from .table import is_table, read_table, table_in, tables_in

NO_LABEL = {"nan", "null", "<na>", "n/a", "#n/a"}  # written into tables by programs for a missing value
LONGEST = 200  # letters of a name that are repeated in a message


def read_folder_or_table(data: str | Path, *, columns: str = "", group_by: str | None = None, labelled: bool = True) -> Parts:
    """The pictures of class folders; or those that the one table in the folder lists, if there are no classes in the folder."""
    table = table_in(Path(data)) if labelled else None
    try:
        parts = None if table is not None and columns else read_folder(data, group_by=group_by, labelled=labelled)
    except UsageError:
        if table is None:
            raise
        parts = None
    if table is None or (parts is not None and len(parts.classes) > 1):
        return parts or read_folder(data, group_by=group_by, labelled=labelled)
    found = read_table(table, group_by=group_by, columns=columns)
    said = [f"the folder has no classes: the table {table.name} in it is read"]
    if others := [name for name in tables_in(Path(data)) if name != table.name]:
        said.append(f"tables that are not read: {listed(others, 3)}. Rows of other parts go into one table, with a column split")
    return replace(found, notes=(*said, *found.notes))


class Reader(NamedTuple):
    """A kind of data: its description, a test for it, its reader, and the options of that."""

    kind: str
    recognises: Callable[[Any], bool]
    read: Callable[..., Parts]
    options: tuple[str, ...] = ()


# The first that recognises the data reads it.
READERS = (
    Reader(f"a named set ({', '.join(NAMED)})", is_named, read_named),
    Reader("an .npz file of pictures and labels", is_npz, read_npz, ("classes",)),
    Reader(".npy files of pictures and labels, or their folder", is_npy, read_npy, ("classes",)),
    Reader("the folder of CIFAR-10 or CIFAR-100, binary or for Python", is_cifar, read_cifar, ("classes",)),
    Reader("a folder with images.txt and image_class_labels.txt (CUB-200-2011)", is_cub, read_cub),
    Reader("IDX files (train-images-idx3-ubyte …) or their folder", is_idx, read_idx, ("classes",)),
    Reader("Parquet files with pictures in them, or a folder with a metadata table (Hugging Face)", is_hub, read_hub, ("columns",)),
    Reader("a table or list of paths and labels (.csv, .tsv, .txt, .jsonl, .parquet)", is_table, read_table, ("group_by", "columns")),
    Reader("ImageNet's tar files as published", is_imagenet, read_imagenet, ("classes",)),
    Reader("tar shards (also at s3://…)", is_shards, read_shards, ("classes", "columns", "group_by", "labelled")),
    Reader("a folder with a folder of pictures per class", is_folder, read_folder_or_table, ("group_by", "columns", "labelled")),
    Reader("(pictures, labels) as arrays in Python", is_arrays, read_arrays, ("classes",)),
    Reader("a dataset object in Python: len(data), and data[i] is (picture, class)", is_dataset, read_dataset, ("classes",)),
)


def open_dataset(
    data: Any,
    *,
    group_by: str | None = None,
    classes: Sequence[str] | None = None,
    labelled: bool = True,
    columns: str = "",
    leave_out: str = "",
    labels: str | Path = "",
) -> Parts:
    """The parts of `data` as they come: a path, the name of a set, `(pictures, labels)` arrays, or Parts (returned as they are).

    `group_by` keeps pictures together when parts are split: a column of a table, or "folder" for a folder.
    `classes` names whole-number labels, for arrays, .npz and IDX. Unless they must be `labelled`, a folder of pictures will do.
    `columns` names the columns of a table, as in `path=image_id,label=breed`; `leave_out` is a file of names of pictures, or `unreadable`.
    `labels` is a journal of decisions (of the studio's screen Labels): its labels replace those of the data, nothing is written.
    Raises UsageError for data of no known kind, ClearsightError for data that is damaged or contradicts itself.
    """
    if labels:
        whole = open_dataset(data, group_by=group_by, classes=classes, labelled=False, columns=columns, leave_out=leave_out)
        return overlaid(whole, labels, labelled=labelled).parts
    given = (("group_by", group_by), ("classes", classes), ("columns", columns or None))
    options: dict[str, Any] = {name: value for name, value in given if value is not None}
    if isinstance(data, Parts) and not options:
        return without(data, leave_out) if leave_out else data
    if isinstance(data, str) and data.startswith("~"):
        data = Path(data).expanduser()
    if is_zip(data):
        folder = unpacked(Path(data))
        try:
            whole = open_dataset(folder, group_by=group_by, classes=classes, labelled=labelled, columns=columns, leave_out=leave_out)
        except UsageError as error:
            raise type(error)(str(error).replace(str(folder), str(data))) from None
        said = f"{Path(data).name} was unpacked into the cache, which is safe to delete"
        return replace(whole, name=Path(data).stem, notes=(said, *whole.notes))
    nothing = isinstance(data, str) and not data.strip()
    reader = None if nothing else next((reader for reader in READERS if reader.recognises(data)), None)
    if reader is None:
        raise _unknown_data(data)
    if not labelled and "labelled" in reader.options:
        options["labelled"] = False
    for name in options:
        if name not in reader.options:
            able = [other.kind for other in READERS if name in other.options]
            raise UsageError(f"{name} cannot be used with {reader.kind}; it is for {' or '.join(able)}.")
    parts = reader.read(data, **options)
    parts = without(parts, leave_out) if leave_out else parts
    return Parts(
        parts.name,
        parts.classes,
        parts.parts,
        (*_name_notes(data), *parts.notes, *(_class_notes(parts) if labelled else ()), *_group_notes(parts)),
        layout=_layout(reader, parts),
    )


def _layout(reader: Reader, parts: Parts) -> str:
    """The kind of data in words, and its parts."""
    kind = reader.kind.partition(" (")[0]
    return f"{kind}, without parts" if "all" in parts.parts else f"{kind}, in the parts {listed(parts.parts)}"


def _name_notes(data: Any) -> list[str]:
    """A note if a name could mean a named set or a file or folder here."""
    if not isinstance(data, str) or data not in NAMED:
        return []
    if data in COMMON and not os.path.lexists(data):
        return [f"{data} is the set of that name, as there is no folder {data} here"]
    if not is_named(data):
        return [f"{data} is the folder that is here, not the set of that name: that is {PREFIX}{data}"]
    if not os.path.lexists(data):
        return []
    kind = "folder" if os.path.isdir(data) else "file"
    return [f"{data} is the set of that name, not the {kind} {data} that is here: that is ./{data}"]


def _unknown_data(data: Any) -> UsageError:
    kinds = "; ".join(reader.kind for reader in READERS)
    if not isinstance(data, str | Path):
        return UsageError(f"data must be a path, a name or (pictures, labels). Got {type(data).__name__}. It can be: {kinds}.")
    path = Path(data)
    said = str(data) if len(str(data)) <= LONGEST else f"{str(data)[:LONGEST]}…"
    if str(data).strip() and os.path.exists(path):
        return _unread(path, kinds)
    beside = os.listdir(path.parent) if os.access(path.parent, os.R_OK) and os.path.isdir(path.parent) else []
    near = get_close_matches(str(data), NAMED, n=2, cutoff=0.5) + [
        str(path.parent / name) for name in get_close_matches(path.name, beside, n=2, cutoff=0.7)
    ]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return UsageError(f"there is no data called {said!r}: no such file or folder, and no set of that name.{hint} DATA can be: {kinds}.")


def _unread(path: Path, kinds: str) -> UsageError:
    """The refusal of a file that is no data set, with what helps."""
    if path.suffix.lower() in SUFFIXES:
        return UsageError(
            f"{path} is one picture, and a data set has many: give its folder. clearsight classify MODEL {path} classifies it."
        )
    what, helps = kind(path.suffix)
    if what:
        return UsageError(f"{path} is {what}, and is not read. {helps}.")
    return UsageError(f"{path} is a file of no kind that is known here. DATA can be: {kinds}.")


def _class_notes(parts: Parts) -> list[str]:
    """Notes on a suspicious class table: one class only, names that look like missing values, or that look the same."""
    alike: dict[str, list[str]] = defaultdict(list)
    for label in parts.classes:
        alike[_as_read(label)].append(label)
    twins = [" and ".join(map(plain, labels)) for labels in alike.values() if len(labels) > 1]
    notes = [f"classes that read the same, kept apart: {listed(twins)}"] if twins else []
    if missing := [label for label in parts.classes if label.lower() in NO_LABEL]:
        notes.append(f"a class is called {listed(map(repr, missing))}; if that means a missing label, take the pictures out")
    if len(parts.classes) == 1:
        notes.append(f"there is one class only, {parts.classes[0]!r}; are its folders the classes?")
    return notes


def _as_read(label: str) -> str:
    """A label without differences that are hard to see: case, blanks, invisible letters, widths, leading and trailing zeros of numbers."""
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", label).casefold() if letter.isprintable() and not letter.isspace())
    whole = seen.rstrip("0").removesuffix(".") if "." in seen else seen
    return str(int(whole)) if whole.isdecimal() else seen


def _group_notes(parts: Parts) -> list[str]:
    """A note on groups that are divided by the data's own parts, which are not changed."""
    where: dict[str, set[str]] = defaultdict(set)
    for part, dataset in parts.parts.items():
        for group in set(dataset.groups if dataset.groups is not None else ()):
            where[group].add(part)
    torn = sorted(group for group, found in where.items() if len(found) > 1)
    return [f"{len(torn)} groups lie in more than one of the data's own parts: {listed(torn, 3)}"] if torn else []
