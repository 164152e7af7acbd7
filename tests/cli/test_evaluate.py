"""`clearsight evaluate`: the JSON that other programs rely on, with intervals where there are any."""

import json


def interval(accuracy: dict) -> bool:
    return set(accuracy) == {"value", "low", "high"} and 0 <= accuracy["low"] <= accuracy["value"] <= accuracy["high"] <= 1


def test_evaluate(clearsight, trained, scans):
    said = clearsight("evaluate", trained["run"], scans, "--json", "--table", "predictions.csv")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert {"n", "top1", "top5", "nll", "ece", "per_class", "confusion"} <= set(found)
    assert found["n"] == 24
    assert interval(found["top1"]) and interval(found["macro"])
    assert found["top5"] == {"value": 1.0, "low": None, "high": None, "reason": "by definition: there are no more classes"}
    assert found["top5_error"]["value"] == 0 and found["top5_error"]["low"] is None
    assert "by definition" in clearsight("evaluate", trained["run"]).out
    assert found["top1"]["value"] > 0.8
    assert [set(row) for row in found["per_class"]] == [{"label", "n", "precision", "recall", "f1"}] * 4
    assert sum(map(sum, found["confusion"])) == found["n"]
    assert clearsight("evaluate", trained["run"], "--json").out == said.out or json.loads(said.out)["top1"] == found["top1"]


def test_what_chose_the_epoch_is_judged_without_an_interval(clearsight, trained, scans):
    for data in ((), (scans,)):
        found = json.loads(clearsight("evaluate", trained["run"], *data, "--part", "val", "--json", "--out", "val").out)
        assert [found[key]["low"] for key in ("top1", "macro")] == [None, None]
        assert found["top1"]["reason"] == "these pictures chose the epoch"
    said = clearsight("evaluate", trained["run"], "--part", "val", "--out", "val")
    assert "(no interval: these pictures chose the epoch)" in said.out


def test_sets_are_verified_at_the_coverage_that_was_asked_for_and_refused_in_one_line(clearsight, trained):
    plain = json.loads(clearsight("evaluate", trained["run"], "--json").out)
    assert [row["coverage"] for row in plain["sets"]] == [0.9], "10 validation pictures suffice for no more"
    assert plain["none_of_these"] is None and plain["risk_coverage"]["points"][-1]["coverage"] == 1
    (row,) = json.loads(clearsight("evaluate", trained["run"], "--coverage", "80%", "--json").out)["sets"]
    assert (row["coverage"], row["calibrated_on"], row["calibration_n"]) == (0.8, "validation", 10) and interval(row["realised"])
    assert "truth in 80% sets" in clearsight("evaluate", trained["run"], "--coverage", "0.8").out
    too_much = clearsight("evaluate", trained["run"], "--coverage", "99%")
    assert too_much.code == 2 and "coverage 99 % needs 99 calibration answers. This classifier has 10, enough for 90.9 %." in too_much.err


def test_a_table_has_the_novelty_of_each_picture(clearsight, trained, tmp_path):
    clearsight("evaluate", trained["run"], "--table", "rows.json", "--json")
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert all(0 <= row["novelty"] <= 2 for row in rows) and len({row["novelty"] for row in rows}) > 10
