"""The journal of decisions about labels: an SQLite file to which rows are added, and in which none is ever changed.

A picture is known by the digest of its content (see `identity`) and its name. Undoing is one more row, which names the row that no longer
counts; undoing that row brings it back. Each operation opens the file, is one transaction, and is on the disk when it returns, so that
tabs, processes and kills can do no harm. The rollback journal of SQLite, and not its WAL: that needs memory which network drives lack.
"""

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ...base.errors import ClearsightError, UsageError, plain, wrong
from ...base.files import write_atomic

KINDS = ("label", "leave out", "unsure", "keep")
UNDO = "undo"
FILE, OWNER = "journal.db", "data.txt"  # the second says whose the first is
MARK, VERSION = 0x436C734A, 1  # of SQLite's header: a journal of ours, and its layout
SYNCHRONOUS = "EXTRA"  # a row outlives a power cut
SECONDS = 10.0  # that another writer is waited for
LAYOUT = """
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    kind TEXT NOT NULL CHECK (kind IN ('label', 'leave out', 'unsure', 'keep', 'undo')),
    digest TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, was TEXT NOT NULL, why TEXT NOT NULL,
    undoes INTEGER REFERENCES decisions (seq),
    CHECK ((kind = 'label') = (label <> '')), CHECK ((kind = 'undo') = (undoes IS NOT NULL))
);
CREATE TRIGGER never_changed BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'rows of the journal are never changed'); END;
CREATE TRIGGER never_deleted BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'rows of the journal are never deleted'); END;
CREATE TRIGGER never_replaced BEFORE INSERT ON decisions WHEN EXISTS (SELECT 1 FROM decisions WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'rows of the journal are never replaced'); END;
"""
COLUMNS = "kind, digest, name, label, was, why, seq, at, undoes"  # as the fields of Entry


def journal_of(data: str) -> Path:
    """Where the decisions about `data` are kept: in a folder of its own among the runs, never next to its pictures.

    Data of a name that others have already are known by a number after it.
    """
    name = re.sub(r"[^\w.-]+", "-", Path(data).stem or data)[:90].strip("-.") or "data"
    folders = (Path("runs") / f"{name}-labels{f'-{number}' if number > 1 else ''}" for number in count(1))
    return next(folder for folder in folders if not _of_others(folder / OWNER, _identity(data))) / FILE


def claimed(data: str) -> Path:
    """`journal_of(data)`, which is from now on the journal of these data; raises OSError where its folder cannot be written."""
    path = journal_of(data)
    owner = path.with_name(OWNER)
    if _owner(owner) != _identity(data):
        write_atomic(owner, os.fsencode(_identity(data)))
    return path


def _identity(data: str) -> str:
    """What tells data apart that have one name: the place of a file or folder, else the words themselves."""
    return os.path.realpath(data) if os.path.exists(data) else data


def _owner(file: Path) -> str:
    """Whose journal this is; empty where nothing says it, as of an older version."""
    try:
        return os.fsdecode(file.read_bytes())
    except OSError:
        return ""


def _of_others(file: Path, identity: str) -> bool:
    """Whether other data own a journal; data that are no longer at their place were moved, or are gone."""
    owner = _owner(file)
    return bool(owner) and owner != identity and (os.path.exists(owner) or not os.path.isabs(owner))


class Stale(ClearsightError):
    """A decision about a picture of which another was made since; `entries` are the rows that came between."""

    def __init__(self, entries: "list[Entry]") -> None:
        self.entries = entries
        super().__init__("another decision about this picture was made since, in another window or program: look at it again.")


@dataclass(frozen=True)
class Decision:
    """What was decided about a picture: a `label`, leave it out, unsure, or keep the label that it `was` given."""

    kind: str
    digest: str
    name: str
    label: str = ""
    was: str = ""
    why: str = ""

    @property
    def picture(self) -> tuple[str, str]:
        """The digest of its content, and its name."""
        return self.digest, self.name


@dataclass(frozen=True)
class Entry(Decision):
    """A row of the journal: its number, its time (UTC), and the number of the row that it undoes."""

    seq: int = 0
    at: str = ""
    undoes: int | None = None


class Journal:
    """The journal in a file, which is made with the first decision; every method may be called from any thread or process."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def append(self, decisions: Sequence[Decision], *, since: int | None = None) -> int:
        """Add decisions, all or none, and return the number of the last row.

        Raises Stale where one of their pictures has a row after `since`, UsageError for an impossible decision, ClearsightError where
        the file cannot be written.
        """
        for one in decisions:
            _check(one)
        with self._writing() as file:
            if since is not None:
                _refuse_stale(file, {one.picture for one in decisions}, since)
            for one in decisions:
                _add(file, one, None)
            return _last(file)

    def undo(self, seq: int, *, since: int | None = None) -> int:
        """Add a row by which row `seq` no longer counts, and return its number.

        Raises Stale where its picture has a row after `since`, UsageError where the row is not there, or is undone already.
        """
        with self._writing() as file:
            rows = {entry.seq: entry for entry in _entries(file, seq - 1)}  # only later rows can undo it
            if seq not in rows or seq not in _counting(list(rows.values())):
                raise UsageError(f"row {seq} of {self.path.name} cannot be undone: it is not there, or is undone already.")
            if since is not None:
                _refuse_stale(file, {rows[seq].picture}, since)
            _add(file, Decision(UNDO, rows[seq].digest, rows[seq].name), seq)
            return _last(file)

    def entries(self, after: int = 0) -> list[Entry]:
        """The rows after number `after`, the oldest first; none where there is no file. Raises ClearsightError for another kind of file."""
        if not self.path.exists():
            return []
        with self._opened() as file:
            return _entries(file, after) if _ours(file, self.path) else []

    def standing(self) -> dict[tuple[str, str], Entry]:
        """For each picture (digest, name) the last decision that counts."""
        return standing(self.entries())

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=SECONDS, isolation_level=None)) as file:
                file.text_factory = lambda data: data.decode("utf-8", "surrogatepass")
                file.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
                yield file
        except sqlite3.Error as error:
            raise ClearsightError(f"cannot use the journal {self.path}: {plain(error)}.") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClearsightError(f"cannot use the journal {self.path}: {plain(error.strerror or error)}.") from error
        with self._opened() as file:
            file.execute("BEGIN IMMEDIATE")  # the right to write now, so that nothing comes between reading and writing
            if not _ours(file, self.path):
                for line in _statements(LAYOUT):
                    file.execute(line)
                file.execute(f"PRAGMA application_id = {MARK}")
                file.execute(f"PRAGMA user_version = {VERSION}")
            yield file
            file.execute("COMMIT")


def standing(entries: Sequence[Entry]) -> dict[tuple[str, str], Entry]:
    """For each picture (digest, name) the last of the rows that are decisions and count."""
    counting = _counting(entries)
    return {entry.picture: entry for entry in entries if entry.kind != UNDO and entry.seq in counting}


def _counting(entries: Sequence[Entry]) -> set[int]:
    """The numbers of the rows that no later row which counts undoes."""
    undone: set[int] = set()
    for entry in reversed(entries):
        if entry.undoes is not None and entry.seq not in undone:
            undone.add(entry.undoes)
    return {entry.seq for entry in entries} - undone


def _check(one: Decision) -> None:
    if one.kind not in KINDS:
        raise wrong("a decision", " or ".join(KINDS), one.kind)
    if (one.kind == "label") != bool(one.label):
        raise UsageError(f"a decision has the name of a class if it is a label, and only then. Got {one.kind!r} with {one.label!r:.200}.")


def _refuse_stale(file: sqlite3.Connection, pictures: set[tuple[str, str]], since: int) -> None:
    between = _entries(file, since)
    if any(entry.picture in pictures for entry in between):
        raise Stale(between)


def _add(file: sqlite3.Connection, one: Decision, undoes: int | None) -> None:
    words = (one.kind, one.digest, one.name, one.label, one.was, one.why)
    texts = [word.encode("utf-8", "surrogatepass") for word in words]  # a file's name on Linux may be no UTF-8
    casts = ", ".join(["CAST(? AS TEXT)"] * len(texts))
    file.execute(f"INSERT INTO decisions (kind, digest, name, label, was, why, undoes) VALUES ({casts}, ?)", (*texts, undoes))


def _last(file: sqlite3.Connection) -> int:
    return int(file.execute("SELECT coalesce(max(seq), 0) FROM decisions").fetchone()[0])


def _entries(file: sqlite3.Connection, after: int) -> list[Entry]:
    found = file.execute(f"SELECT {COLUMNS} FROM decisions WHERE seq > ? ORDER BY seq", (after,))
    return [Entry(*row) for row in found]


def _ours(file: sqlite3.Connection, path: Path) -> bool:
    """Whether the file has the layout; False for an empty one. Raises ClearsightError for a file of another program or version."""
    mark, version = (file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if (mark, version) == (MARK, VERSION):
        return True
    if mark == MARK:
        raise ClearsightError(f"{path} was written by a newer Clearsight (layout {version}; this one reads {VERSION}): update it.")
    if mark or version or file.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise ClearsightError(f"{path} is a database of another program, not a journal of decisions. Name another file.")
    return False


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one after the other: `executescript` would end the transaction."""
    left = ""
    for line in script.splitlines():
        left += line + "\n"
        if sqlite3.complete_statement(left):
            yield left
            left = ""
