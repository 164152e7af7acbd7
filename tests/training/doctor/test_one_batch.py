"""One batch: fitted by a healthy training, with any labels; not at a rate of 1000, nor by a network without a gradient."""

import math
from types import SimpleNamespace

import pytest
import torch

from clearsight.training.doctor import one_batch as module
from clearsight.training.doctor.diagnosis import RangeTest
from clearsight.training.doctor.one_batch import TELLING, Fit, fit, judge_fit, judge_start

TESTED = RangeTest((1e-5, 1.0), (2.3, 1.0), 1000.0, 32, 0.0123, 0.3)


def test_a_batch_is_fitted_with_its_labels_and_with_others(put_together):
    context, objective, _ = put_together(label_smoothing=0.1)
    before = torch.cat([p.detach().flatten() for p in context.state.model.parameters()])
    own, control = (fit(context, objective, 2e-3, math.inf, shuffled=shuffled) for shuffled in (False, True))
    assert own.fitted and own.last < own.first == pytest.approx(math.log(3), abs=0.3)
    assert control.last < control.first and control.first != own.first
    assert torch.equal(before, torch.cat([p.detach().flatten() for p in context.state.model.parameters()]))
    assert judge_fit(own, control, None, None).verdict == "good"


def test_pictures_that_are_stored_larger_for_random_crops(put_together):
    context, objective, _ = put_together(augment="rrc:0.35 flip")
    assert fit(context, objective, 2e-3, math.inf).fitted


def test_a_rate_of_1000_is_the_reason_where_another_fits(put_together):
    context, objective, _ = put_together(optimizer="sgd", lr=1000.0)
    own = fit(context, objective, 1000.0, math.inf)
    assert not own.fitted
    found = judge_fit(own, None, fit(context, objective, 0.05, math.inf), TESTED)
    assert found.verdict == "stop" and found.option == "--lr 0.05"


def test_a_network_that_cannot_learn(put_together):
    context, objective, _ = put_together()
    with torch.no_grad():
        context.state.model.conv1.bias.fill_(float("nan"))
    own = fit(context, objective, 2e-3, math.inf)
    assert own.broken == "conv1" and own.steps == 0
    assert judge_fit(own, None, None, None).verdict == "stop"


@pytest.mark.parametrize(
    ("own", "again", "verdict", "option"),
    [
        (Fit(2.3, 0.1, 1.0, 40, 0.1), None, "good", ""),
        (Fit(2.3, 0.9, 0.7, 60, 0.1), None, "good", ""),  # falling
        (Fit(2.3, 2.3, 0.1, 8, 0.1), None, "good", ""),  # a slow machine
        (Fit(2.3, 2.0, 0.2, 60, 0.1), None, "look at this", "--lr 0.012"),
        (Fit(2.3, 2.3, 0.1, 60, 0.1), Fit(2.3, 2.3, 0.1, 60, 0.012), "stop", "--lr 0.012"),
        (Fit(2.3, 2.0, 0.2, 60, 0.1), Fit(2.3, 0.1, 1.0, 30, 0.02), "look at this", "--lr 0.02"),
        (Fit(2.3, 9.0, 0.1, 60, 0.1), Fit(2.3, 0.1, 1.0, 30, 0.02), "stop", "--lr 0.02"),
    ],
)
def test_verdicts(own, again, verdict, option):
    found = judge_fit(own, Fit(2.3, 0.2, 1.0, 50, 0.1), again, TESTED)
    assert (found.verdict, found.option) == (verdict, option) and "labels shuffled" in found.words


@pytest.mark.parametrize(
    ("loss", "kept", "verdict"),
    [
        (2.3, False, "good"), (2.9, False, "good"), (6.0, False, "look at this"), (0.2, False, "look at this"), (0.2, True, "good"),
        (float("nan"), False, "stop"),
    ],
)  # fmt: skip
def test_the_first_loss_against_log_k(loss, kept, verdict):
    assert judge_start(loss, 10, kept).verdict == verdict


def test_enough_steps_are_enough_to_tell():
    found = judge_fit(Fit(2.3, 2.0, 0.2, TELLING, 0.1), None, None, TESTED)
    assert found.verdict == "look at this"


@pytest.mark.parametrize(
    ("loss", "kept", "verdict"),
    [
        (5.0, False, "good"),
        (5.01, False, "look at this"),
        (1.0, False, "good"),
        (0.99, False, "look at this"),
        (5.01, True, "look at this"),
    ],
)
def test_the_bounds_of_the_first_loss(monkeypatch, loss, kept, verdict):
    """Twice log K and a nat above, half of it below; here log K is 2."""
    monkeypatch.setattr(module.math, "log", lambda classes: 2.0)
    assert judge_start(loss, 7, kept).verdict == verdict


@pytest.mark.parametrize(
    ("fit", "fitted"),
    [
        (Fit(2.0, 0.2, 0.9, 60, 0.1), True),
        (Fit(2.0, 0.21, 0.9, 60, 0.1), False),
        (Fit(2.0, 1.9, 1.0, 60, 0.1), True),
        (Fit(2.0, 0.1, 1.0, 60, 0.1, "head"), False),
    ],
)
def test_fitted_is_a_tenth_of_the_loss_or_every_picture(fit, fitted):
    assert fit.fitted is fitted


@pytest.mark.parametrize(
    ("own", "again", "verdict", "words"),
    [
        (Fit(2.0, 1.4, 0.2, 30, 0.1), None, "good", "falling"),
        (Fit(2.0, 1.41, 0.2, 30, 0.1), None, "look at this", "does not even fit"),
        (Fit(2.0, 1.9, 0.2, 30, 0.1), None, "look at this", "does not even fit"),
        (Fit(2.0, 1.91, 0.2, 30, 0.1), None, "stop", "does not even fit"),
        (Fit(2.0, 1.9, 0.2, 29, 0.1), None, "good", "too few steps"),
        (Fit(2.0, 0.1, 0.2, 29, 0.1), None, "good", "in 29 steps"),
        (Fit(2.0, 1.0, 0.2, 29, 0.1, "head"), None, "stop", "not finite in head"),
        (Fit(2.0, 2.0, 0.2, 30, 0.1), Fit(2.0, 0.1, 1.0, 30, 0.012), "look at this", "at a rate of 0.012"),
        (Fit(2.0, 1.0, 0.2, 30, 0.1, "head"), Fit(2.0, 0.1, 1.0, 30, 0.012), "stop", "at a rate of 0.012"),
    ],
)
def test_the_bounds_of_a_fit(own, again, verdict, words):
    found = judge_fit(own, None, again, None)
    assert found.verdict == verdict and words in found.words


@pytest.mark.parametrize(
    ("losses", "clock", "steps"),
    [
        ([2.0] * 5 + [0.1] * 60, None, 6),  # no fewer than six, so that one lucky step is not enough
        ([2.0, 0.1, 0.1, 0.1, 0.1, 0.1], None, 6),
        ([2.0] * 60, None, 60),
        ([2.0] * 60, [0.0, 4.9, 9.9, 10.0], 3),  # the time is over
    ],
)
def test_how_many_steps_a_fit_takes(monkeypatch, losses, clock, steps):
    rates, given = [], iter(losses)

    def step(index, rate, images):
        rates.append(rate)
        return next(given), 0.0

    monkeypatch.setattr(module, "Trial", lambda *_, **__: SimpleNamespace(step=step))
    monkeypatch.setattr(module, "batch_of", lambda *_, **__: None)
    if clock:
        ticks = iter(clock)
        monkeypatch.setattr(module.time, "monotonic", lambda: next(ticks))
    context = SimpleNamespace(recipe=SimpleNamespace(batch=8), train=SimpleNamespace(batch=lambda index: None))
    found = fit(context, None, 0.5, 10.0)
    assert (found.steps, found.first, found.last) == (steps, 2.0, losses[steps - 1])
    assert max(rates) <= 0.5 and (steps < 60 or max(rates) == pytest.approx(0.5))
