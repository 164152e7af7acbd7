"""Classes by the folders inside tar files, with the rules for folders on disk."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import LayoutError, UsageError, listed, plain
from ..dataset import clean_label
from ..formats.layout import LAYOUT, recognise

Rows = NDArray[np.int64]


class Tree:
    """The folders of member names, as `layout.recognise` takes them; `of` int64 (n,) is the folder of each picture, in `folders`."""

    def __init__(self, names: list[bytes]) -> None:
        numbers: dict[bytes, int] = {}
        self.of = np.fromiter((numbers.setdefault(name.rpartition(b"/")[0], len(numbers)) for name in names), np.int64, len(names))
        self.folders = [folder.decode("utf-8", "backslashreplace") for folder in numbers]
        self.inside: dict[str, set[str]] = {"": set()}
        for folder in self.folders:
            while folder:
                above = folder.rpartition("/")[0]
                self.inside.setdefault(above, set()).add(folder)
                folder = above

    def scan(self, folder: str) -> tuple[list[str], list[str]]:
        """The folders in `folder`, and a stand-in for the pictures directly in it."""
        return sorted(self.inside.get(folder, ())), [f"{folder}/picture"] if folder in self.folders else []


@dataclass(frozen=True)
class Found:
    """The classes of a part, each with the rows of its pictures, and the group of every row, the first folder below its class folder."""

    classes: list[tuple[str, Rows]]
    groups: dict[int, str]


def by_folder(where: str, names: list[bytes]) -> tuple[dict[str, Found], list[str]]:
    """The classes by part, and notes; raises LayoutError where no folder can be a class."""
    tree = Tree(names)
    try:
        layout = recognise(Path(where), tree.scan)
    except UsageError as error:
        raise LayoutError(str(error)) from None
    notes, parts, used = list(layout.notes), {}, np.zeros(len(tree.folders), bool)
    for part, base in layout.parts.items():
        classes: dict[str, list[int]] = {}
        groups: dict[int, str] = {}
        for number, folder in enumerate(tree.folders):
            label, _, below = _below(folder, base).partition("/")
            if label and f"{base}/{label}".lstrip("/") not in layout.left_out:
                classes.setdefault(clean_label(label), []).append(number)
                groups[number] = below.partition("/")[0]
                used[number] = True
        if classes:
            parts[part] = Found(
                [(label, np.flatnonzero(np.isin(tree.of, numbers))) for label, numbers in classes.items()],
                {row: groups[number] for row, number in enumerate(tree.of.tolist()) if groups.get(number)},
            )
    if not parts:
        raise LayoutError(
            f"the pictures in {plain(where)} have no labels: no member 000.cls, 000.json or 000.txt next to 000.jpg, and no folder per "
            f"class.\n{LAYOUT.format(plain(where))}"
        )
    if rest := [folder or "the top" for folder, taken in zip(tree.folders, used, strict=True) if not taken]:
        notes.append(f"pictures in no class folder, left out: those in {listed(rest, 3)}")
    return parts, notes


def _below(folder: str, base: str) -> str:
    """The path of `folder` below `base`, empty for one that is not inside."""
    return folder if not base else folder[len(base) + 1 :] if folder.startswith(f"{base}/") else ""
