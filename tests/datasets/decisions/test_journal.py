"""The journal: rows are only added, undoing is a row, and neither kills nor other processes lose or double one."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.decisions import journal
from clearsight.datasets.decisions.journal import Decision, Journal, Stale

CAT = Decision("label", "d1", "a.png", "cat", was="dog", why="suspect 1")


@pytest.fixture
def kept(tmp_path):
    return Journal(tmp_path / "runs" / "new" / "journal.db")


def test_a_decision_is_there_for_the_next_process_and_undoing_it_is_one_more_row(kept):
    assert (kept.entries(), kept.standing()) == ([], {}) and not kept.path.exists()
    assert kept.append([CAT]) == 1
    (entry,) = Journal(kept.path).entries()
    assert (entry.kind, entry.picture, entry.label, entry.was, entry.why, entry.seq) == (
        "label",
        ("d1", "a.png"),
        "cat",
        "dog",
        "suspect 1",
        1,
    )
    assert entry.at.endswith("Z") and kept.standing() == {("d1", "a.png"): entry}
    assert kept.append([Decision("keep", "d1", "a.png"), Decision("unsure", "d1", "copy.png")]) == 3
    assert kept.undo(2) == 4 and kept.standing()["d1", "a.png"].seq == 1
    assert kept.undo(4) == 5 and kept.standing()["d1", "a.png"].seq == 2  # the undoing is undone
    assert kept.undo(1) == 6 and kept.standing()["d1", "a.png"].seq == 2
    for gone in (1, 0, 99):
        with pytest.raises(UsageError, match="cannot be undone"):
            kept.undo(gone)
    assert [entry.seq for entry in kept.entries(after=3)] == [4, 5, 6]


def test_two_windows_at_one_picture(kept):
    kept.append([CAT])
    with pytest.raises(Stale, match="another decision") as stale:
        kept.append([Decision("keep", "d1", "a.png")], since=0)
    assert [entry.seq for entry in stale.value.entries] == [1]
    with pytest.raises(Stale):
        kept.undo(1, since=0)
    assert kept.append([Decision("keep", "d2", "b.png")], since=0) == 2  # of another picture nothing came between
    assert kept.undo(1, since=2) == 3


def test_all_of_several_decisions_or_none(kept):
    with pytest.raises(UsageError, match="label or leave out or unsure or keep"):
        kept.append([CAT, Decision("delete", "d", "n")])
    for impossible in (Decision("label", "d", "n"), Decision("keep", "d", "n", "cat")):
        with pytest.raises(UsageError, match="only then"):
            kept.append([CAT, impossible])
    assert kept.entries() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET label = 'dog'",
        "DELETE FROM decisions",
        "INSERT OR REPLACE INTO decisions (seq, kind, digest, name, label, was, why) VALUES (1, 'keep', 'd1', 'a.png', '', '', '')",
        "REPLACE INTO decisions SELECT * FROM decisions",
        "INSERT INTO decisions (kind, digest, name, label, was, why) VALUES ('forget', '', '', '', '', '')",
    ],
)
def test_sqlite_itself_refuses_to_change_a_row(kept, statement):
    kept.append([CAT])
    before = kept.entries()
    with closing(sqlite3.connect(kept.path)) as file, pytest.raises(sqlite3.IntegrityError):
        file.execute(statement)
    assert kept.entries() == before


def test_names_of_any_bytes(kept):
    names = ["a\nb.png", "\udcff.png", "猫.png", "'; DROP TABLE decisions; --", "x" * 5000, "", "\x00.png"]
    kept.append([Decision("label", "d", name, name or "class") for name in names])
    assert [(entry.name, entry.label) for entry in kept.entries()] == [(name, name or "class") for name in names]


def test_another_file_is_refused_and_left_alone(tmp_path):
    text, other, newer = (tmp_path / name for name in ("text", "other.db", "newer.db"))
    text.write_text("not a database, but a text of some length " * 9)
    with closing(sqlite3.connect(other)) as file:
        file.execute("CREATE TABLE addresses (name TEXT)")
    Journal(newer).append([CAT])
    with closing(sqlite3.connect(newer)) as file:
        file.execute("PRAGMA user_version = 2")
    for path, reason in (
        (text, "not a database"),
        (other, "of another program"),
        (newer, "newer Clearsight"),
        (tmp_path, "unable to open"),
    ):
        before = path.read_bytes() if path.is_file() else b""
        for use in (lambda path=path: Journal(path).append([CAT]), Journal(path).entries):
            with pytest.raises(ClearsightError, match=reason):
                use()
        assert not before or path.read_bytes() == before
    with pytest.raises(ClearsightError, match="cannot use the journal"):
        Journal(text / "below" / "a.db").append([CAT])


def test_1000_decisions_of_two_processes_with_kills_equal_their_model(tmp_path):
    """Each row that was said is there, at most one that was not for each kill, and what stands is what a plain list of rows gives."""
    path, draw, left, kills = tmp_path / "journal.db", random.Random(5), {"one": 500, "two": 500}, 0
    said: list[int] = []

    def start(who: str) -> subprocess.Popen:
        words = [sys.executable, "-m", "tests.datasets.decisions.scribe", str(path), who, str(kills), str(left[who])]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def heard(lines: list[str]) -> None:
        whole = [int(line) for line in lines if line.endswith("\n")]
        left[who] -= len(whole)
        said.extend(filter(None, whole))

    running = {who: start(who) for who in left}
    while running:
        who = draw.choice(sorted(running))
        heard([running[who].stdout.readline()])
        if left[who] and (kills >= 6 or draw.random() > 0.01):
            continue
        process = running.pop(who)
        kills += left[who] > 0
        process.kill()
        heard(process.communicate()[0].splitlines(keepends=True))  # what it had said before
        if left[who]:
            running[who] = start(who)
    entries = Journal(path).entries()
    assert kills >= 4 and len(said) > 700 and len(set(said)) == len(said)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1)) and set(said) <= {entry.seq for entry in entries}
    assert len(entries) - len(said) <= kills
    assert {entry.why for entry in entries} >= {"one", "two"}
    assert Journal(path).standing() == model(entries)


def model(entries):
    """What stands, by the plainest means: count for each row whether it counts."""

    undoing = [entry for entry in entries if entry.undoes is not None]

    def counts(seq: int) -> bool:
        return not any(entry.undoes == seq and counts(entry.seq) for entry in undoing)

    found = {}
    for entry in entries:
        if entry.undoes is None and counts(entry.seq):
            found[entry.digest, entry.name] = entry
    return found


def test_rows_are_on_the_disk_before_a_decision_counts_as_made():
    assert journal.SYNCHRONOUS == "EXTRA"


def test_data_of_one_name_have_a_journal_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place in ("a/pets", "b/pets", "c/pets"):
        (tmp_path / place).mkdir(parents=True)
    assert journal.journal_of("a/pets") == journal.journal_of("b/pets")  # nothing is decided yet
    first, second = journal.claimed("a/pets"), journal.claimed("b/pets")
    assert (first.as_posix(), second.as_posix()) == ("runs/pets-labels/journal.db", "runs/pets-labels-2/journal.db")
    assert journal.journal_of(str(tmp_path / "a" / "pets")) == first and journal.journal_of("./b/pets/") == second
    assert journal.journal_of("c/pets").parent.name == "pets-labels-3" == journal.journal_of("pets").parent.name
    (tmp_path / "a" / "pets").rename(tmp_path / "pets")  # moved: its decisions go with it
    assert journal.claimed("pets") == first == journal.journal_of("pets") and journal.journal_of("b/pets") == second
    (tmp_path / "runs" / "old-labels").mkdir()
    Journal(tmp_path / "runs" / "old-labels" / "journal.db").append([CAT])  # by an older version
    assert journal.claimed("old").as_posix() == "runs/old-labels/journal.db" and journal.claimed("x/old").parent.name == "old-labels-2"
