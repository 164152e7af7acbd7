"""`clearsight look shifts`: accuracy by shift, as text, figure and JSON."""

import json


def test_shifts(clearsight, trained, tmp_path):
    said = clearsight("look", "shifts", "runs/first", "--n", "20", "--out", "s.png", "-q")
    assert said.code == 0 and "left 1" in said.out and "n = " in said.out and (tmp_path / "s.png").is_file()
    (one,) = json.loads(clearsight("look", "shifts", "runs/first", "--n", "20", "--json", "-q").out)
    assert len(one["shifts"]) == 9 and one["shifts"][4]["top1"] == one["unshifted"]["top1"]


def test_a_model_that_is_not_there_is_told_first(clearsight):
    said = clearsight("look", "shifts", "nothing-here", "-q")
    assert said.code == 2 and "no classifier at nothing-here" in said.err
