"""Verdicts: the worst counts, each check is found by its name, and the JSON holds no number that JSON has not."""

import json

import pytest

from clearsight.training.doctor.diagnosis import Diagnosis, Finding, RangeTest, duration, gigabytes, rounded


def diagnosis(*verdicts):
    findings = tuple(Finding(f"check {k}", verdict, "words", figures={"loss": float("nan")}) for k, verdict in enumerate(verdicts))
    return Diagnosis("digits", "lenet5", "quick", findings, 3.2, RangeTest((1e-5, 1e-4), (2.3, float("inf")), 2e-3, 32))


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [((), "good"), (("good",), "good"), (("good", "look at this", "good"), "look at this"), (("stop", "look at this"), "stop")],
)
def test_the_worst_verdict_counts(verdicts, worst):
    assert diagnosis(*verdicts).verdict == worst


def test_a_finding_by_its_check():
    found = diagnosis("good", "stop")
    assert found["check 1"].verdict == "stop"
    with pytest.raises(KeyError):
        found["check 2"]
    assert found.headline().endswith("3 s. Stop: check 1") and "all good" in diagnosis("good").headline()


def test_json_is_json():
    read = json.loads(json.dumps(diagnosis("stop").to_json(), allow_nan=False))
    assert read["verdict"] == "stop" and read["findings"][0]["figures"] == {"loss": None}
    assert read["range_test"]["losses"] == [2.3, None] and read["range_test"]["suggestion"] is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"), (40, "40 s"), (89, "89 s"), (90, "2 min"), (100, "2 min"), (89 * 60, "89 min"), (90 * 60, "1 h 30 min"),
        (12_000, "3 h 20 min"), (48 * 3600 - 60, "47 h 59 min"), (48 * 3600, "2 days 0 h"), (190_000, "2 days 4 h"),
        (71.5 * 3600, "2 days 23 h"),
    ],
)  # fmt: skip
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_sizes_and_rates():
    assert (gigabytes(3.21e9), gigabytes(85e6)) == ("3.2 GB", "85 MB")
    assert (gigabytes(1e9), gigabytes(0.99e9), gigabytes(1234)) == ("1.0 GB", "990 MB", "1 MB")
    assert rounded(0.012345) == 0.012
