"""`clearsight look challenges`: a picture, or a set, under the lecture's challenges."""

import json


def test_a_picture_and_a_set(clearsight, trained, scans, picture, tmp_path):
    said = clearsight("look", "challenges", "runs/first", picture, "--out", tmp_path / "one.png", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert [row["challenge"] for row in found["challenges"]] == ["surround", "gamma", "patch", "elastic", "gaussian_noise"]
    assert all(len(row["trials"]) == 5 for row in found["challenges"]) and (tmp_path / "one.png").stat().st_size > 5000
    lines = clearsight("look", "challenges", "runs/first", picture, "--only", "patch").out.splitlines()
    assert lines[1].startswith("as it is") and len([line for line in lines if line.startswith("patch")]) == 5
    words = (scans, "--part", "test", "--only", "patch,gaussian_noise", "--n", "10", "-q")
    found = json.loads(clearsight("look", "challenges", "runs/first", *words, "--out", tmp_path / "set.svg", "--json").out)
    assert (
        found["n"] == 10 and len(found["challenges"]) == 10 and all(row["low"] <= row["top1"] <= row["high"] for row in found["challenges"])
    )
    assert clearsight("look", "challenges", "runs/first", picture, "--only", "pach").code == 2
