"""Labels of a table: several in one cell, and names for whole numbers."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...base.errors import ClearsightError, UsageError, listed
from .encoding import encoding
from .encoding import text as read_text

# files of class names, in the folder of a table
NAME_FILES = ("classes.txt", "class_names.txt", "label_names.txt", "names.txt", "classes.json", "label_num_to_disease_map.json")
_STRONG, _WEAK = ("|", ";"), (",", " ", "/", "+", "&")
_ROW = re.compile(r"\s*(\d+)\s*[\s,;:\t]\s*(.+)")


def refuse_several(table: str, labels: Iterable[str]) -> None:
    """Raise ClearsightError where cells hold several labels: parts between | or ;, or words that are labels of their own elsewhere."""
    found = sorted(set(labels))
    for mark in (*_STRONG, *_WEAK):
        joint = [label for label in found if len(_pieces(label, mark)) > 1]
        alone = {label.strip() for label in found if label not in joint}
        if joint and (mark in _STRONG or all(set(_pieces(label, mark)) <= alone for label in joint)):
            raise several(table, joint[0], mark)
    if lists := [label for label in found if label[:1] in "[{(" and label[-1:] in "]})" and "," in label and label.count(label[0]) == 1]:
        raise several(table, lists[0], ",")


def _pieces(label: str, mark: str) -> list[str]:
    return [piece.strip() for piece in label.split(mark) if piece.strip()]


def several(table: str, label: str, mark: str) -> ClearsightError:
    """The error for a cell that holds several labels, separated by `mark`."""
    return ClearsightError(
        f"{table}: several labels in one cell, as in {label!r} (separated by {mark!r}). A picture must have one class: Clearsight has no "
        "multi-label classification. Keep one label of each picture, or write combinations that are meant as classes with another sign."
    )


def names_for(table: Path, labels: Sequence[str], given: str) -> tuple[dict[str, str], list[str]]:
    """The names of whole-number labels, `{"0": "cat", …}`, and notes: from the file `given`, or one in the folder of the table.

    Raises UsageError where the file `given` cannot be read or has no name for a label.
    """
    if given:
        path = Path(given).expanduser()
        path = path if path.is_file() else table.parent / given
        names = _read(path)
        if lacking := sorted(set(labels) - set(_numbered(names, labels)), key=str):
            raise UsageError(f"{path} has no name for {listed(map(repr, lacking), 4)}. It has {len(names)} names.")
        return _numbered(names, labels), _said(path, _numbered(names, labels))
    if not all(label.isdecimal() for label in labels):
        return {}, []
    for name in (f"{table.stem}.classes.txt", *NAME_FILES):
        path = table.parent / name
        if not path.is_file() or path == table:
            continue
        numbered = _numbered(_read(path), labels)
        if set(labels) <= set(numbered):
            return numbered, _said(path, numbered)
        return {}, [f"{name} has no name for each of the labels 0 to {max(map(int, labels))}: not used"]
    return {}, []


def _said(path: Path, numbered: dict[str, str]) -> list[str]:
    first, note = next(iter(numbered)), encoding(path).note
    return [f"names of the classes are those in {path.name}: {first} is {numbered[first]!r}", *([note] if note else [])]


def _numbered(names: dict[int, str] | list[str], labels: Sequence[str]) -> dict[str, str]:
    """The names by label; without numbers of their own they count from 0, or from 1 where the labels do."""
    if isinstance(names, dict):
        known = names
    else:
        values = [int(label) for label in labels if label.isdecimal()]
        first = 1 if values and min(values) >= 1 and max(values) == len(names) else 0
        known = dict(enumerate(names, first))
    return {label: known[int(label)] for label in dict.fromkeys(labels) if label.isdecimal() and int(label) in known}


def _read(path: Path) -> dict[int, str] | list[str]:
    """Names of classes by number, or in order: a line each, `number name` lines, a table of two columns, or JSON."""
    try:
        text = read_text(path)
        content = json.loads(text) if path.suffix.lower() == ".json" else None
    except (ClearsightError, OSError, ValueError) as error:
        raise UsageError(f"cannot read names of classes in {path}: {error}.") from error
    if isinstance(content, dict):
        pairs = [(key, value) if str(key).isdecimal() else (value, key) for key, value in content.items()]
        if not all(str(number).isdecimal() for number, _ in pairs):
            raise UsageError(f"{path} must be a list of names, or number: name. Got other values.")
        return {int(number): str(name) for number, name in pairs}
    lines = [str(name) for name in content] if isinstance(content, list) else [line.strip() for line in text.splitlines() if line.strip()]
    rows = [_ROW.fullmatch(line) for line in lines]
    rest = rows if all(rows) else rows[1:]  # signnames.csv has a header
    if rest and all(rest) and len({row[1] for row in rest if row}) == len(rest):
        return {int(row[1]): row[2].strip().strip('"') for row in rest if row}
    return lines
