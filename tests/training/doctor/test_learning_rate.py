"""The range test: its valley on curves that are known, its verdicts, and a rate of 1000 that is named in a real training."""

import dataclasses
import math

import pytest

from clearsight.training.doctor.diagnosis import RangeTest
from clearsight.training.doctor.learning_rate import FEWEST, STEPS, affordable, judge_rate, range_test, valley


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
    assert affordable(1e-6, 10, recipe) == (64, STEPS)
    assert affordable(0.005, 10, recipe) == (64, 31)
    assert affordable(0.1, 10, recipe) == (8, FEWEST)
