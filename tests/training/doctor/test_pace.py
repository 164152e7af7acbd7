"""Rates: which of decoding, augmentation and network is the limit, and the time that follows from them."""

import time
from types import SimpleNamespace

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


@pytest.mark.parametrize(
    ("recipe", "rates", "seconds"),
    [
        ({}, Pace(20, 200, 200, True), 10 * (1000 / 20 + 600 / 600)),  # decoded in every epoch: no time of its own
        ({}, Pace(0, 200, 200, False), 10 * (1000 / 100 + 600 / 600)),  # arrays
        ({"optimizer": "lbfgs"}, Pace(20, 200, 200, False), 1600 / 20 + 1600 / 100),
        ({"optimizer": "lbfgs"}, Pace(0, 200, 200, False), 1600 / 100),
        ({"minutes": 100.0}, Pace(0, 200, 200, False), 110),  # the epochs end before
    ],
)
def test_the_time_of_1000_pictures_and_600_of_validation(recipe, rates, seconds):
    context = SimpleNamespace(recipe=SimpleNamespace(**{"optimizer": "sgd", "epochs": 10, "minutes": 0.0, **recipe}))
    assert training_seconds(context, rates, 1000, 600) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("recipe", "seconds", "words", "option"),
    [
        ({}, 24 * 3600, "about 24 h 0 min for 10 epochs of 1,000 pictures", ""),
        ({}, 24 * 3600 + 1, "about 24 h 0 min for 10 epochs of 1,000 pictures", "--minutes"),
        ({"optimizer": "lbfgs"}, 10**5, "about 27 h 47 min for features of 1,000 pictures, and a head", "--model"),
        ({"ensemble": 2}, 120, "about 4 min for 10 epochs of 1,000 pictures, 2 networks", ""),
    ],
)
def test_more_than_a_day_is_worth_a_look(recipe, seconds, words, option):
    context = SimpleNamespace(recipe=SimpleNamespace(**{"optimizer": "sgd", "epochs": 10, "ensemble": 1, **recipe}))
    found = judge_time(context, seconds, 1000)
    assert (found.words, found.option) == (words, option)


@pytest.mark.parametrize(
    ("rates", "words", "option"),
    [
        (Pace(0, 200, 200, False), "augmentation 200, network 200 pictures/s: the network is the limit", ""),  # half is not more
        (Pace(50, 199, 200, False), "decoding 50, augmentation 199, network 200 pictures/s; decoded once: augmentation is", "--augment"),
        (Pace(100, 200, 200, True), "decoding 100, augmentation 200, network 200 pictures/s: the network is the limit", ""),
        (Pace(99, 200, 200, True), "200 pictures/s: decoding is the limit, the network would take 100", "--cache disk, or --workers"),
        (Pace(5, float("inf"), 200, False), "decoding 5, network 200 pictures/s; decoded once: the network is the limit", ""),
    ],
)
def test_what_is_said_of_the_limit(rates, words, option):
    found = judge_pace(rates)
    assert words in found.words and found.option == option


@pytest.mark.parametrize(("step", "augment", "network"), [(1.0, 0.2, 10.0), (1.0, 0.99, 160.0), (1.0, 2.0, 160.0)])
def test_the_network_takes_what_augmentation_leaves(monkeypatch, step, augment, network):
    """Of 8 pictures, each computed once; the time of the network is a twentieth of the step at least."""
    context = SimpleNamespace(splits=SimpleNamespace(parts={"train": None}), train=SimpleNamespace(batch=lambda index: index), device=None)
    trial = SimpleNamespace(step=lambda *_: None)
    times = iter([3.0, augment, 5.0, step])  # the better of two
    monkeypatch.setattr(pace, "Trial", lambda *_: trial)
    monkeypatch.setattr(pace, "batch_of", lambda context, size: range(size))
    monkeypatch.setattr(pace, "decoding", lambda *_: 0.0)
    monkeypatch.setattr(pace, "_timed", lambda *_: next(times))
    found = pace.measure(context, SimpleNamespace(repeats=1), 8)
    assert (found.augment, found.network) == pytest.approx((8 / augment, network))


@pytest.mark.parametrize(("n", "chosen"), [(3, [0, 1, 2]), (8, [0, 2, 4, 6]), (0, [])])
def test_files_are_decoded_from_all_over_the_data(monkeypatch, n, chosen):
    class Files:
        pictures = None

        def __len__(self):
            return n

        def picture(self, i):
            return i

    opened = []
    monkeypatch.setattr(pace, "DECODED", 4)
    monkeypatch.setattr(pace, "_timed", lambda work, device: work() and 0.5)
    context = SimpleNamespace(recipe=SimpleNamespace(workers=1), preprocessing=SimpleNamespace(load=opened.append))
    assert pace.decoding(context, Files()) == 2 * len(chosen)
    assert opened == chosen
