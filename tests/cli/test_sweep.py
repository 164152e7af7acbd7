"""`clearsight sweep`: its table, its JSON, and what it refuses."""

import json


def test_sweep(clearsight, scans):
    words = ("sweep", scans, "--over", "lr=1e-5,3e-2", "--model", "pixels", "--epochs", "1", "--out", "s", "-q")
    said = clearsight(*words)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].split() == ["lr", "epochs", "validation", "95", "%", "s"] and lines[1].split()[:2] == ["0.03", "1/1"]
    assert lines[3].startswith("validation chose among these trials") and lines[4].startswith("test       ")
    assert max(map(len, lines[:5])) <= 110
    again = clearsight(*words, "--json")
    found = json.loads(again.out)
    assert found["chosen"] == found["trials"][0]["name"] and found["test"]["low"] is not None
    for over, says in (
        ("lr", "--over takes a setting and its values"),
        ("val=0.1", "--over cannot take val. It is the same for all trials: give --val."),
    ):
        refused = clearsight("sweep", scans, "--over", over)
        assert refused.code == 2 and says in refused.err
