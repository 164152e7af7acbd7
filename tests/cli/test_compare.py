"""`clearsight compare`: two classifiers on the same pictures."""

import json

from tests.cli.conftest import ROAD


def test_two_runs_are_compared(clearsight, trained, scans):
    second = clearsight("train", scans, *ROAD, "--out", "second", "--seed", "0", "--augment", "crop:1", "--json")
    assert second.code == 0, second.err
    compared = clearsight("compare", trained["run"], "runs/second")
    assert compared.code == 0, compared.err
    same = json.loads(clearsight("compare", trained["run"], trained["run"], "--json").out)
    assert same["difference"]["value"] == 0
