"""Rates: which of decoding, augmentation and network is the limit, and the time that follows from them."""

import time

import pytest

from clearsight.images.preprocess import Preprocessing
from clearsight.training.doctor import pace
from clearsight.training.doctor.pace import Pace, judge_pace, judge_time, training_seconds
from tests.pictures import digit_folder


@pytest.mark.parametrize(
    ("rates", "verdict", "limit", "whole"),
    [
        (Pace(0, 1e5, 100, False), "good", "the network is the limit", 99.9),
        (Pace(10, 1e5, 100, False), "good", "decoded once", 99.9),
        (Pace(10, 1e5, 100, True), "look at this", "decoding is the limit", 10),
        (Pace(1000, 1e5, 100, True), "good", "the network is the limit", 99.9),
        (Pace(0, 50, 100, False), "look at this", "augmentation is the limit", 33.3),
    ],
)
def test_the_limit(rates, verdict, limit, whole):
    found = judge_pace(rates)
    assert found.verdict == verdict and limit in found.words
    assert rates.whole == pytest.approx(whole, rel=0.01)


def test_a_slow_decoder_is_named(put_together, tmp_path, monkeypatch):
    context, objective, _ = put_together(data=digit_folder(tmp_path / "scans", per_class=10, classes=3), cache="off", workers=1)
    load = Preprocessing.load

    def slow(self, source):
        time.sleep(0.5)
        return load(self, source)

    monkeypatch.setattr(Preprocessing, "load", slow)
    monkeypatch.setattr(pace, "DECODED", 2)
    found = judge_pace(pace.measure(context, objective, 4))
    assert found.verdict == "look at this" and "decoding is the limit" in found.words and "--cache disk" in found.option


def test_arrays_need_no_decoder(put_together):
    context, objective, _ = put_together()
    found = pace.measure(context, objective, 8)
    assert found.decode == 0 and not found.streamed and found.network > 0
    assert pace.measure_features(context, 8).network > 0


def test_the_time_of_all_epochs(put_together):
    context, _, _ = put_together(epochs=10)
    rates = Pace(20, 200, 200, False)  # 100 a second together; validation three times as fast as the network
    assert training_seconds(context, rates, 1000, 600) == pytest.approx(1600 / 20 + 10 * (1000 / 100 + 600 / 600))
    object.__setattr__(context.recipe, "minutes", 1.0)
    assert training_seconds(context, rates, 1000, 600) == pytest.approx(80 + 60)
    assert judge_time(context, 190.0, 1000).words == "about 3 min for 10 epochs of 1,000 pictures"
    assert judge_time(context, 1e6, 1000).verdict == "look at this"
