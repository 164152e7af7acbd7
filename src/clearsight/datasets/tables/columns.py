"""Which column of a table is the path, the label, the part and the group: by name, by what it holds, or as the user says."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...base.errors import ClearsightError, UsageError, listed, unknown
from ...images.kinds import SUFFIXES
from ..dataset import PART_NAMES

ROLES = ("path", "label", "part", "group", "names")
# Names of columns; the first existing one is used. Case, blanks and punctuation do not matter.
NAMES = {
    "path": ("path", "filename", "file_name", "filepath", "file", "image", "image_path", "picture", "img", "img_path", "img_file",
        "image_file", "image_name", "img_name", "image_filename", "fname", "photo", "paths", "files", "images", "image_id", "img_id"),
    "label": ("label", "class", "class_name", "target", "category", "labels", "class_id", "class_label", "category_name", "category_id",
        "targets", "species", "breed", "diagnosis", "dx", "finding_labels"),
    "part": ("part", "split", "subset"),
    "group": ("group",),
}  # fmt: skip
# columns that say of each row whether it belongs to one part: the part if true, and if false
_FLAGS = {
    "istest": ("test", "train"), "test": ("test", "train"), "istrain": ("train", "test"), "istraining": ("train", "test"),
    "istrainingimage": ("train", "test"), "train": ("train", "test"), "isvalid": ("val", "train"), "isval": ("val", "train"),
    "isvalidation": ("val", "train"),
}  # fmt: skip
_TRUE, _FALSE = {"1", "true", "yes", "t", "y"}, {"0", "false", "no", "f", "n", ""}
# columns that divide a table in other words
_DIVIDING = {
    "fold", "folds", "kfold", "cvfold", "set", "phase", "usage", "partition", "stage", "mode", "dataset", "datasplit", "splits",
    "traintest", "trainvaltest", "trainortest", "traintestsplit", "holdout", "isholdout", "part", "split", "subset",
}  # fmt: skip
_COUNTERS = {"", "index", "idx", "unnamed0", "row", "rowid", "number", "nr"}
_MOST_VALUES = 6  # values of a column that a message lists


@dataclass(frozen=True)
class Columns:
    """The columns by role, `{"path": 0, "label": 1, …}`; `flag` are the parts of a true and a false cell; `one_hot` is a column a class."""

    places: dict[str, int]
    flag: tuple[str, str] | None = None
    one_hot: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def parse(text: str) -> dict[str, str]:
    """`path=image_id,label=breed` as `{"path": "image_id", "label": "breed"}`; an empty name means that the table has none.

    Raises UsageError for another form or an unknown role.
    """
    given = {}
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        role, equals, name = piece.partition("=")
        if not equals:
            raise UsageError(f"columns must be ROLE=NAME, as in path=image_id,label=breed. Got {piece!r}.")
        if role.strip() not in ROLES:
            raise unknown("role of a column", role.strip(), ROLES)
        given[role.strip()] = name.strip()
    return given


def known(header: Sequence[str]) -> int:
    """How many of path and label a header names by usual names."""
    return len({_find(header, role) for role in ("path", "label")} - {None})


def plain_name(name: object) -> str:
    """A column's name in small letters and digits only."""
    return re.sub(r"[\W_]+", "", str(name).lower())


def _find(header: Sequence[str], role: str) -> int | None:
    names = [plain_name(name) for name in header]
    return next((names.index(plain) for name in NAMES[role] if (plain := plain_name(name)) in names), None)


def _looks_like_path(value: str) -> bool:
    return "/" in value or "\\" in value or os.path.splitext(value)[1].lower() in SUFFIXES


@dataclass
class Chooser:
    """Chooses the columns of the table `table`; `share` gives the share of some names that are files."""

    table: str
    header: list[str]
    rows: Sequence[Sequence[str]]
    share: Callable[[Sequence[str]], float]
    given: Mapping[str, str] = field(default_factory=dict)
    listing: bool = False  # without a header: columns are called 1, 2, …

    def choose(self, group_by: str | None = None) -> Columns:
        """The columns by role; raises UsageError naming the columns that there are, or those that divide the table in an unknown way."""
        places = {role: self._named(role, name) for role, name in self.given.items() if name and role != "names"}
        for role in ("part", "group"):
            if role not in self.given and (found := _find(self.header, role)) is not None and not self.listing:
                places[role] = found
        if group_by is not None:
            if group_by not in self.header:
                raise unknown(f"column of {self.table}", group_by, self.header)
            places["group"] = self.header.index(group_by)
        notes: list[str] = []
        if "path" not in places:
            places["path"] = self._path(places)
        one_hot: tuple[int, ...] = ()
        flag, dividing = None, [i for i in self._free(places) if self._divides(i)]
        if "label" not in places:
            label, one_hot = self._label(places, dividing, notes)
            places |= {} if label is None else {"label": label}
        self._require_single(places)
        dividing = [i for i in dividing if i not in places.values()]
        if "part" not in places and dividing and "part" not in self.given:
            places["part"], flag = self._part(dividing)
            notes.append(f"the parts are the values of the column {self.header[places['part']]!r}")
        unused = [self.header[i] for i in self._free(places) if i not in one_hot and plain_name(self.header[i]) not in _COUNTERS]
        if unused and not self.listing and not self.given:
            notes.append(f"columns that are not used: {listed(map(repr, unused), 6)}")
        return Columns(places, flag, one_hot, tuple(notes))

    def _named(self, role: str, name: str) -> int:
        if name in self.header:
            return self.header.index(name)
        folded = [plain_name(one) for one in self.header]
        if plain_name(name) in folded:
            return folded.index(plain_name(name))
        if name.isdecimal() and 1 <= int(name) <= len(self.header):
            return int(name) - 1
        raise unknown(f"column of {self.table} (for {role})", name, self.header)

    def _free(self, places: Mapping[str, int]) -> list[int]:
        return [i for i in range(len(self.header)) if i not in places.values()]

    def _values(self, column: int) -> list[str]:
        return [row[column].strip() if column < len(row) else "" for row in self.rows]

    def _path(self, places: Mapping[str, int]) -> int:
        """The column of paths: by its name, else the one whose values are files, else the other one of two."""
        label = None if self.listing else _find(self.header, "label")  # a label 0 may look like the name of 0.png
        free = [i for i in self._free(places) if i != label]
        found = None if self.listing else _find(self.header, "path")
        if found in free and (self.share(self._values(found)) or len(self.header) < 2):
            return found
        shares = {i: self.share(self._values(i)) for i in free}
        if free and max(shares.values()) > 0:  # 1 may be 1.png, but a/1.png is a path
            fits = {i: (any(map(_looks_like_path, self._values(i))), not self._is_binary(i), shares[i], -i) for i in free if shares[i]}
            return max(fits, key=fits.__getitem__)  # the 0 and 1 of a class may be 0.png and 1.png as well
        if found in free:
            return found
        raise UsageError(f"{self._needs('path')} No column holds names of files that are here.{self._say()}")

    def _label(self, places: Mapping[str, int], dividing: Sequence[int], notes: list[str]) -> tuple[int | None, tuple[int, ...]]:
        """The column of labels, or those of one-hot labels: by its name, else the only one that is left."""
        free = [i for i in self._free(places) if i not in dividing]
        found = None if self.listing else _find(self.header, "label")
        if found in free:
            return found, ()
        left = [i for i in free if plain_name(self.header[i]) not in _COUNTERS and not self._counts(i)]
        left = left or (free if len(free) == 1 and self.listing else [])
        binary = [i for i in left if self._is_binary(i)]
        if len(left) == 1:
            notes.append(f"the labels are the values of the column {self.header[left[0]]!r}")
            return left[0], ()
        if len(binary) > 1:
            notes.append(f"every class has a column of its own: {listed(map(repr, (self.header[i] for i in binary)), 6)}")
            return None, tuple(binary)
        if not left and self._in_folders(self._values(places["path"])):
            notes.append("the label of a picture is the name of its folder")
            return None, ()
        raise UsageError(self._needs("label") + self._say())

    def _in_folders(self, paths: Sequence[str]) -> bool:
        """Whether all paths lie in folders, and not all in one."""
        folders = {path.replace("\\", "/").rpartition("/")[0] for path in paths}
        return "" not in folders and len(folders) > 1

    def _is_binary(self, column: int) -> bool:
        values = {value.lower() for value in self._values(column)}
        return values <= {"0", "1", "0.0", "1.0", "true", "false"} and len(values) > 0

    def _counts(self, column: int) -> bool:
        """Whether a column without a header numbers the rows."""
        values = self._values(column)
        return self.listing and values in ([str(i) for i in range(len(values))], [str(i + 1) for i in range(len(values))])

    def _divides(self, column: int) -> bool:
        name = plain_name(self.header[column])
        values = {value.lower() for value in self._values(column)} - {""}
        if not self.listing and (name in _DIVIDING or (name in _FLAGS and values <= _TRUE | _FALSE)):
            return True
        return bool(values) and values <= set(PART_NAMES)

    def _part(self, dividing: Sequence[int]) -> tuple[int, tuple[str, str] | None]:
        """The column of parts; raises UsageError where its values are no parts."""
        for i in dividing:
            values = {value.lower() for value in self._values(i)}
            if values - {""} and values - {""} <= set(PART_NAMES):
                return i, None
            if (flag := _FLAGS.get(plain_name(self.header[i]))) and values <= _TRUE | _FALSE:
                return i, flag
        name, every = self.header[dividing[0]], sorted(set(self._values(dividing[0])))
        raise UsageError(
            f"{self.table} has a column {name!r} that may divide it into parts ({listed(map(repr, every), _MOST_VALUES)}), and its values "
            f"are not train, val and test. Write those into it, or say --columns part= to leave the column unused."
        )

    def _require_single(self, places: Mapping[str, int]) -> None:
        names = [name.strip().lower() for name in self.header]
        if twice := [self.header[column] for column in places.values() if names.count(names[column]) > 1]:
            raise UsageError(f"{self.table} has several columns called {listed(map(repr, twice))}. Keep one of each.")

    def _needs(self, role: str) -> str:
        first = "" if self.listing else " in its first line"
        return f"{self.table} needs a {role} column ({', '.join(NAMES[role])}){first}. It has: {listed(map(repr, self.header))}."

    def _say(self) -> str:
        names = self.header if len(self.header) > 1 else ["A", "B"]
        return f" Name the columns that are meant, as in --columns path={names[0]},label={names[-1]}."


def one_hot_label(table: str, line: int, header: Sequence[str], columns: Sequence[int], cells: Sequence[str]) -> str:
    """The class of a row with a column per class; raises ClearsightError unless exactly one of them is set."""
    on = [i for i in columns if cells[i].strip().lower() in ("1", "1.0", "true")]
    if len(on) > 1:
        raise ClearsightError(
            f"{table}, line {line}: several labels ({listed([header[i] for i in on], 4)}). A picture must have one class: Clearsight has "
            "no multi-label classification. Keep one, or make a class of each combination in a column label."
        )
    if not on:
        raise ClearsightError(
            f"{table}, line {line}: none of the columns {listed([header[i] for i in columns], 4)} is set. Take the row out, or add a "
            "column for pictures of no other class."
        )
    return str(header[on[0]])


def part_of_flag(flag: tuple[str, str], cell: str) -> str:
    """The part of a row by a column such as is_test."""
    return flag[0] if cell.strip().lower() in _TRUE else flag[1]
