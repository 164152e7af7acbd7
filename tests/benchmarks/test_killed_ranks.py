"""Kills that are counted over several sittings: each a row with its seed, commit and outcome, and none of an unfinished training."""

import json

import killed_ranks as module
import pytest


@pytest.fixture
def sitting(tmp_path, monkeypatch):
    """A sitting whose trainings end as `codes` say, one after the other, with the draws that they got."""
    draws = []

    def run(codes, *words, weights=b"w"):
        left = iter([0, *codes])
        made = iter([b"w", *[weights] * len(codes)])

        def round_(folder, training, kinds, most, draw, longest, note=None):
            code = next(left)
            if note:
                draws.append(draw.random())
                for _ in range(min(most, 3)):
                    note(draw.choice(kinds), 1.25)
            if code == "stopped":
                raise KeyboardInterrupt
            return 3, code

        monkeypatch.setattr(module, "round_", round_)
        monkeypatch.setattr(module, "left", lambda folder: (next(made), []))
        monkeypatch.setattr("sys.argv", ["killed_ranks.py", "--rows", str(tmp_path / "rows"), *words])
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        module.main()

    return run, draws, tmp_path / "rows"


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_kills_are_counted_over_sittings_and_those_of_an_unfinished_one_are_not(sitting, capsys, monkeypatch):
    run, draws, path = sitting
    monkeypatch.setattr(module, "commit", lambda: "abc")
    with pytest.raises(KeyboardInterrupt):
        run([0, "stopped"], "--kills", "8")
    assert [row["outcome"] for row in read(path)] == ["same"] * 3 + ["open"] * 3
    monkeypatch.setattr(module, "commit", lambda: "def+")
    run([0, 0], "--kills", "8")
    said = json.loads(capsys.readouterr().out)
    assert (said["kills"], said["rounds"], said["open"], said["commits"]) == (8, 3, 3, {"abc": 3, "def+": 5})
    rows = read(path)
    assert [row["training"] for row in rows] == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 2 and len(set(draws)) == 4
    assert {"seed", "commit", "kind", "second", "outcome", "world", "unbroken"} <= rows[0].keys()
    run([], "--kills", "8")  # nothing is left to do
    with pytest.raises(SystemExit, match="name another file"):
        run([], "--kills", "8", "--world", "3")


@pytest.mark.parametrize(("code", "weights", "outcome"), [(None, b"w", "hung"), (1, b"w", "failed"), (0, b"other", "different")])
def test_a_failure_stays(sitting, code, weights, outcome):
    run, _, path = sitting
    for codes in ([code], []):
        with pytest.raises(SystemExit, match="that failed"):
            run(codes, "--kills", "3", weights=weights)
    assert {row["outcome"] for row in read(path)} == {outcome}


def test_the_commit_is_that_of_the_code():
    assert module.commit().rstrip("+").isalnum()
