"""A manifest: a table of the part of each picture, by name and content, from which the parts can be restored."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..base.errors import ClearsightError, listed
from .dataset import Dataset, Parts

PARTS = ("train", "unlabelled", "val", "test", "unused")
_HEADER = ("name", "label", "part", "digest", "group")
_OLD_HEADER = _HEADER[:3]  # of runs before manifests had digests
DIGEST = re.compile("[0-9a-f]{32}")  # any other word would match no picture, and training pictures would count as new


def manifest(parts: Parts) -> str:
    """The part of each picture as CSV `name,label,part,digest,group`; `apply_manifest` restores the parts."""
    return write_manifest(row for part, dataset in parts.parts.items() for row in _rows(part, dataset))


def write_manifest(rows: Iterable[dict[str, str]]) -> str:
    """The inverse of `read_manifest`."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _rows(part: str, dataset: Dataset) -> Iterator[dict[str, str]]:
    digests = [b""] * len(dataset) if dataset.digests is None else dataset.digests.tolist()
    groups = [""] * len(dataset) if dataset.groups is None else dataset.groups
    for i, (name, digest, group) in enumerate(zip(dataset.names, digests, groups, strict=True)):
        yield {"name": name, "label": dataset.label(i), "part": part, "digest": digest.decode(), "group": group}


def read_manifest(text: str) -> list[dict[str, str]]:
    """The rows of a manifest by the names of their columns; raises ClearsightError if the text is not a manifest.

    `digest` and `group` are empty in manifests of older versions.
    """
    rows = list(csv.reader(io.StringIO(text, newline="")))
    header = tuple(rows[0]) if rows else ()
    whole = header in (_HEADER, _OLD_HEADER) and all(len(row) == len(header) and row[2] in (*PARTS, "all") for row in rows[1:])
    if not whole:
        raise ClearsightError(f"this is no manifest: its lines must be {','.join(_HEADER)}, with a part among {', '.join(PARTS)}.")
    if header == _HEADER and (wrong := [row[3] for row in rows[1:] if row[3] and not DIGEST.fullmatch(row[3])]):
        raise ClearsightError(f"this is no manifest: a digest is 32 hexadecimal digits, not {wrong[0]!r}.")
    blank = [""] * (len(_HEADER) - len(header))
    return [dict(zip(_HEADER, row + blank, strict=True)) for row in rows[1:]]


def apply_manifest(parts: Parts, text: str) -> Parts:
    """The pictures of `parts` in the parts and order of a manifest, regardless of their present parts.

    Raises ClearsightError naming the pictures that are missing, extra, labelled otherwise now, or have other content.
    """
    rows = read_manifest(text)
    here = {name: (part, i) for part, dataset in parts.parts.items() for i, name in enumerate(dataset.names)}
    listed_names = Counter(row["name"] for row in rows)
    known = [row for row in rows if row["name"] in here]
    problems = {
        "missing now": [name for name in listed_names if name not in here],
        "not in the manifest": [name for name in here if name not in listed_names],
        "labelled otherwise now": [row["name"] for row in known if _label(parts, here[row["name"]]) != row["label"]],
        "with other content now": [row["name"] for row in known if row["digest"] not in ("", _digest(parts, here[row["name"]], row))],
        "twice in the manifest": [name for name, n in listed_names.items() if n > 1],
    }
    found = [f"{len(names)} {what} ({listed(sorted(names), 3)})" for what, names in problems.items() if names]
    if found:
        raise ClearsightError(f"the pictures of {parts.name} are not those that were split: {'; '.join(found)}.")
    made = {}
    for part in dict.fromkeys(row["part"] for row in rows):
        places = [here[row["name"]] for row in rows if row["part"] == part]
        origins = {origin for origin, _ in places}
        if len(origins) > 1:
            raise ClearsightError(f"the manifest's {part} part mixes pictures of the data's own parts {listed(sorted(origins))}.")
        made[part] = parts.parts[origins.pop()].subset([i for _, i in places])
    return replace(parts, parts=made)


def _digest(parts: Parts, place: tuple[str, int], row: dict[str, str]) -> str:
    """The digest of a picture, or that of its row if it has not been computed."""
    digests = parts.parts[place[0]].digests
    return row["digest"] if digests is None else str(digests[place[1]].decode())


def _label(parts: Parts, place: tuple[str, int]) -> str:
    return parts.parts[place[0]].label(place[1])
