"""The range test: its valley on curves that are known, its verdicts, and a rate of 1000 that is named in a real training."""

import dataclasses
import math
from types import SimpleNamespace

import pytest

from clearsight.training.doctor import learning_rate as module
from clearsight.training.doctor.diagnosis import RangeTest
from clearsight.training.doctor.learning_rate import affordable, judge_rate, range_test, valley
from clearsight.training.interrupt import NotFinite


def test_the_valley_is_halfway_down_the_longest_fall():
    flat, fall = [2.3] * 10, [2.3 - 0.2 * k for k in range(1, 10)]
    assert valley([*flat, *fall, 3.0, 9.0]) == 13  # from place 9, the last flat one is the first of the fall, to 18
    assert valley([2.3, 2.31, 2.3, 2.32]) is None  # it does not fall
    assert valley([2.0, 1.0]) is None  # too short


@pytest.mark.parametrize(
    ("lr", "suggestion", "diverged", "verdict", "option"),
    [
        (2e-3, 1e-3, 0.3, "good", ""),
        (2e-3, 1e-3, None, "good", ""),
        (1000.0, 0.012, 0.3, "stop", "--lr 0.012"),
        (1000.0, None, 0.3, "stop", "--lr 0.03"),
        (0.5, 0.012, 0.3, "look at this", "--lr 0.012"),
        (1e-6, 0.0123, 0.3, "look at this", "--lr 0.012"),
        (2e-3, None, None, "look at this", "--lr"),
    ],
)
def test_where_the_rate_lies(lr, suggestion, diverged, verdict, option):
    found = judge_rate(RangeTest((1e-5,) * 20, (2.3,) * 20, lr, 32, suggestion, diverged))
    assert (found.verdict, found.option) == (verdict, option)


def test_a_few_steps_tell_nothing():
    assert judge_rate(RangeTest((1e-5, 1e-2), (2.3, 2.3), 0.01, 32)).verdict == "good"


def test_a_real_training(put_together):
    context, objective, _ = put_together(optimizer="sgd", lr=0.05)
    tested = range_test(context, objective, 32, 30, math.inf)
    assert list(tested.rates) == sorted(tested.rates) and tested.rates[0] == pytest.approx(1e-5)
    assert tested.suggestion and tested.rates[0] < tested.suggestion < (tested.diverged or 10)
    assert judge_rate(tested).verdict == "good"
    wild = judge_rate(dataclasses.replace(tested, lr=1000.0, diverged=tested.diverged or 10.0))
    assert wild.verdict == "stop" and wild.option.startswith("--lr 0.")


def test_a_smaller_batch_suggests_for_the_recipe_s(put_together):
    context, objective, _ = put_together(optimizer="sgd", batch=64)
    assert range_test(context, objective, 16, 4, math.inf).rates[0] == pytest.approx(4e-5)
    context, objective, _ = put_together(optimizer="adamw", batch=64)
    assert range_test(context, objective, 16, 4, math.inf).rates[0] == pytest.approx(2e-5)


def test_what_time_allows(put_together):
    recipe = put_together(batch=64)[0].recipe
    assert affordable(1e-6, 10, recipe) == (64, 60)
    assert affordable(0.005, 10, recipe) == (64, 31)
    assert affordable(0.1, 10, recipe) == (8, 24)


@pytest.mark.parametrize(
    ("lr", "steps", "suggestion", "diverged", "option"),
    [
        (0.5, 20, None, None, "--lr"),
        (0.5, 12, None, None, "--lr"),  # a dozen steps are enough to tell
        (0.5, 11, None, None, ""),
        (0.5, 11, None, 0.1, "--lr 0.01"),
        (1.0, 20, None, 0.1, "--lr 0.01"),  # ten times: stop
        (0.1, 20, 0.05, 0.1, ""),  # as large as that which diverges, and no larger
        (0.01, 20, 1.0, 2.0, ""),  # a hundredth
        (0.0099, 20, 1.0, 2.0, "--lr 1"),
    ],
)
def test_the_bounds_of_a_rate(lr, steps, suggestion, diverged, option):
    found = judge_rate(RangeTest((1e-5,) * steps, (2.3,) * steps, lr, 32, suggestion, diverged))
    assert found.option == option and (found.verdict == "stop") is (lr == 1.0)


@pytest.mark.parametrize(
    ("losses", "place"),
    [
        ([3.0, 2.0, 1.0], 1),
        ([3.0, 2.0], None),
        ([1.0, 0.99, 0.98], 1),  # 2 % is a fall
        ([1.0, 0.99, 0.981], None),
        ([5.0, 6.0, 4.0, 3.0, 9.0, 9.0], 2),  # of two falls as long the later start: 6, 4, 3
        ([5.0, 5.0, 5.0, 4.0, 3.0], 3),  # equal ones are no fall
    ],
)
def test_the_valley_of_a_few_losses(losses, place):
    assert valley(losses) == place


def stepped(monkeypatch, losses, *, steps, seconds=math.inf, clock=None):
    """A range test whose steps have these losses; one that is None is not finite."""
    given, ticks = iter(losses), iter(clock or [])

    def step(index, rate):
        if (loss := next(given)) is None:
            raise NotFinite(0, 0, "head", math.nan, rate, False)
        return loss, 0.0

    monkeypatch.setattr(module, "Trial", lambda *_: SimpleNamespace(step=step))
    monkeypatch.setattr(module, "batch_of", lambda *_: None)
    if clock:
        monkeypatch.setattr(module.time, "monotonic", lambda: next(ticks))
    context = SimpleNamespace(recipe=SimpleNamespace(optimizer="sgd", batch=32, lr=0.1))
    return range_test(context, None, 32, steps, seconds)


def test_rates_rise_by_a_factor_from_a_hundred_thousandth_to_ten(monkeypatch):
    tested = stepped(monkeypatch, [1.0] * 7, steps=7)
    assert tested.rates == pytest.approx([10.0**k for k in range(-5, 2)])
    assert tested.losses == pytest.approx([1.0] * 7) and tested.diverged is None


def test_losses_are_smoothed_and_their_beginning_corrected(monkeypatch):
    tested = stepped(monkeypatch, [1.0, 0.5, 0.25], steps=3)
    assert tested.losses == pytest.approx([1.0, (0.8 * 0.2 + 0.2 * 0.5) / 0.36, (0.64 * 0.2 + 0.8 * 0.1 + 0.05) / 0.488])


@pytest.mark.parametrize(
    ("losses", "steps", "end"),
    [
        ([1.0, 1.0, None], 2, 2),
        ([1.0, 1.0, 8.0, 1.0], 4, None),  # smoothed 3.9: not four times the lowest
        ([1.0, 1.0, 9.0], 3, 2),
        ([1.0, 0.0, 0.0, 3.8], 4, None),  # smoothed 1.46: four times the lowest, not 1.5 times the first
        ([1.0, 0.0, 0.0, 4.0], 4, 3),
    ],
)
def test_the_test_ends_where_the_loss_diverges(monkeypatch, losses, steps, end):
    tested = stepped(monkeypatch, losses, steps=4)
    assert len(tested.rates) == steps
    assert tested.diverged == (pytest.approx(10 ** (-5 + 2 * end)) if end else None)


def test_a_slow_machine_takes_larger_strides(monkeypatch):
    tested = stepped(monkeypatch, [1.0] * 4, steps=7, seconds=10.0, clock=[0.0, 5.0, 10.0, 10.1])
    assert tested.rates == pytest.approx([1e-5, 1e-2, 10.0])
