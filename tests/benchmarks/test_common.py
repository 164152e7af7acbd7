"""What a benchmark says follows from what its contestants did: order, medians, ratios, intervals, memory, failures."""

import json
import math
import sys

import common
import pytest
from common import T95, Contestant, alone, alternate, cells, compare, difference, last_line, mean_interval, number_text, run, table
from scipy import stats


def child(name: str, code: str) -> Contestant:
    return Contestant(name, [sys.executable, "-c", code])


def test_ratio_is_that_of_the_medians_and_its_spread_is_by_round():
    row = compare("training", [300, 330, 290], [100, 100, 116], "pictures/s", against="loop", goal=3)
    assert (row["ours"], row["peer"], row["n"]) == (300, 100, 3)
    assert (row["ratio"], row["low"], row["high"]) == (3.0, 2.5, 3.3)
    assert row["ours_range"] == [290, 330]
    assert cells(row) == ("training", "loop", "300 (290 to 330)", "100 (100 to 116)", "pictures/s", "3.00× (2.50 to 3.30), goal 3×", "3")


def test_where_less_is_better_the_ratio_turns_round():
    row = compare("process", [2.0, 4.0], [8.0, 8.0], "s", against="loop", less=True)
    assert (row["ratio"], row["low"], row["high"]) == (8 / 3, 2.0, 4.0)


def test_a_peer_that_failed_later_is_compared_on_the_rounds_it_ran():
    assert compare("x", [1.0, 2.0, 9.0], [1.0, 1.0], "s", against="p")["n"] == 2


def test_difference_has_student_s_interval():
    ours, peer = [92.1, 92.4, 92.0], [92.0, 92.1, 92.2]
    row = difference("accuracy", ours, peer, "points", against="float32")
    found = stats.ttest_rel(ours, peer).confidence_interval(0.95)
    assert row["ratio"] == pytest.approx((0.1 + 0.3 - 0.2) / 3)
    assert (row["low"], row["high"]) == pytest.approx((found.low, found.high), rel=1e-3)
    assert cells(row)[5].startswith("+0.07 (-0.")


def test_table_of_t_is_scipys():
    assert pytest.approx([stats.t.ppf(0.975, n) for n in range(1, 31)], abs=6e-4) == list(T95)
    assert mean_interval([5.0]) == (5.0, 0.0)
    many = [float(i % 2) for i in range(100)]
    assert mean_interval(many)[1] == pytest.approx(1.96 * math.sqrt(25 / 99) / 10)


def test_rows_of_others_need_only_what_was_agreed():
    agreed = {"what": "a", "ours": 5370.4, "peer": 12.34, "unit": "s", "ratio": 2, "low": None, "high": None, "n": 1}
    assert cells(agreed) == ("a", "", "5,370", "12.3", "s", "2.00×", "1")
    assert cells({"what": "a"}) == ("a", "", "", "", "", "", "")
    assert cells(alone("a", [1.0, 3.0], "s")) == ("a", "", "2.00 (1.00 to 3.00)", "", "s", "", "2")
    assert [number_text(value) for value in (0, 0.0123, -0.5, None)] == ["0.00", "0.012", "-0.50", ""]


def test_table_lines_up():
    lines = table([compare("training", [3], [1], "/s", against="a loop"), alone("b", [1], "s")]).splitlines()
    assert len(lines) == 3
    assert {line.index(word) for line, word in zip(lines, ("unit", "/s", "s"), strict=True)} == {lines[0].index("unit")}


def steady() -> float:
    return 100.0


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "KEPT", tmp_path / "kept")
    return tmp_path / "kept"


@pytest.mark.parametrize(("rates", "runs_made", "share"), [([100, 100, 100, 40, 100, 90, 100], 2, 90), ([100] * 3 + [50, 60] * 3, 3, 50)])
def test_a_disturbed_run_is_tried_again_and_the_freest_counts(rates, runs_made, share, tmp_path):
    log, given = tmp_path / "log", iter(rates)
    runs = alternate(1, [child("a", f"open({str(log)!r}, 'a').write('x'); print('{{}}')")], lambda: next(given))
    assert len(log.read_text()) == runs_made and runs.values("a", "machine_gflops") == [share]
    assert bool(runs.notes) == (share < 85)
    assert not runs.notes or ("1 of 1 runs" in runs.notes[0] and "50% to 50%" in runs.notes[0])


def test_runs_and_rows_are_kept_as_they_come(kept):
    run(child("a", "print('{\"x\": 2}')"))
    compare("training", [3.0], [1.0], "/s", against="loop")
    (file,) = kept.iterdir()
    first, second = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert (first["contestant"], first["x"]) == ("a", 2.0) and (second["what"], second["ours_all"]) == ("training", [3.0])


def test_a_row_that_falls_short_of_its_goal_says_so():
    assert cells(compare("x", [2.0], [1.0], "/s", against="p", goal=3))[5] == "2.00×, goal 3×: falls short"


def test_contestants_alternate_and_each_round_begins_with_the_next(tmp_path):
    log = tmp_path / "log"
    everybody = [child(name, f"open({str(log)!r}, 'a').write({name!r}); print('{{\"x\": {i}}}')") for i, name in enumerate("abc")]
    runs = alternate(3, everybody, steady)
    assert log.read_text() == "abc" + "bca" + "cab"
    assert runs.values("b", "x") == [1.0, 1.0, 1.0]
    assert runs.values("nobody", "x") == []


def test_who_fails_is_named_and_left_out_and_the_rest_go_on():
    bad = child("bad", "import sys; sys.exit('no such module')")
    mute = child("mute", "print('no json')")
    runs = alternate(2, [bad, child("good", "print('{}')"), mute], steady)
    assert [len(runs.figures[name]) for name in ("bad", "good", "mute")] == [0, 2, 0]
    assert runs.notes[0] == "bad failed in round 1: no such module"
    assert runs.notes[1].startswith("mute failed in round 1: its answer cannot be read")


def test_a_child_is_measured_whole():
    words = "import json, time; {0}; time.sleep(0.2); print('noise'); print(json.dumps({{'rate': 3, 'name': 'x'}})); print()"
    small, large = run(child("small", words.format("0"))), run(child("large", words.format("kept = b'x' * 2**30")))
    assert small["rate"] == 3.0 and "name" not in small
    assert small["process_s"] >= 0.2
    assert large["peak_mb"] > 1000 and small["peak_mb"] <= large["peak_mb"]  # of 1 GB; this process's own peak may be the child's least


def test_a_child_runs_in_an_empty_folder_with_our_sources():
    found = run(child("where", "import clearsight, json, os; print(json.dumps({'files': len(os.listdir())}))"))
    assert found["files"] == 0
    assert last_line("a\n b \n\n") == "b" and last_line("") == ""
    assert json.loads(last_line('x\n{"a": 1}\n')) == {"a": 1}
