"""APGD against algorithm 1 of its paper, written for one picture at a time with the sums and comparisons as they stand there."""

import pytest
import torch
import torch.nn.functional as F

from clearsight.attacks.gradient_ascent import NORMS, per_picture
from clearsight.attacks.methods import apgd
from clearsight.attacks.methods.apgd import dlr, dlr_targeted, run
from clearsight.attacks.task import Task
from tests.attacks.victims import convnet, task

STEPS = 40  # looks after 8, 15, 21, 26, 30, 33, 35, 37 and 39 steps: 0.22 · 40 = 8, then fewer by 0.03 · 40 = 1, at least 0.06 · 40 = 2
LOOKS = (8, 15, 21, 26, 30, 33, 35, 37, 39)


def project(x, origin, epsilon, norm):
    change = x - origin
    if norm == "linf":
        return (origin + change.clamp(-epsilon, epsilon)).clamp(0, 1)
    return (origin + change * min(1.0, epsilon / float(change.norm().clamp_min(1e-12)))).clamp(0, 1)


def algorithm_1(scores, x, label, epsilon, start, norm, loss):
    """The picture after all steps, and at which looks the step was halved, by which condition."""

    def look_at(z):
        z = z.detach().requires_grad_()
        value = loss(scores(z[None]), label[None])[0]
        (gradient,) = torch.autograd.grad(value, z)
        step = gradient.sign() if norm == "linf" else gradient / gradient.norm().clamp_min(1e-12)
        return float(value.detach()), step

    eta, now, before, halved = 2 * epsilon, start, start, []
    value, direction = look_at(now)
    best, best_value, best_direction = now, value, direction
    values, last_eta, last_best, since = [value], None, best_value, 0
    for k in range(STEPS):
        z = project(now + eta * direction, x, epsilon, norm)
        alpha = 0.75 if k else 1.0
        before, now = now, project(now + alpha * (z - now) + (1 - alpha) * (now - before), x, epsilon, norm)
        value, direction = look_at(now)
        values.append(value)
        if value > best_value:
            best, best_value, best_direction = now, value, direction
        if k + 1 in LOOKS:
            rises = sum(b > a for a, b in zip(values[since:], values[since + 1 :], strict=False))
            first = rises <= 0.75 * (k + 1 - since)
            second = last_eta == eta and last_best == best_value
            last_eta, last_best, since = eta, best_value, k + 1
            if first or second:
                eta, now, direction = eta / 2, best, best_direction
                halved.append((k + 1, "first" if first else "second"))
    return now, halved


def doubled(epsilon, n=48):
    """A task in float64, so that no comparison hangs on a rounding."""
    given, net = task(epsilon=epsilon, n=n), convnet().double()
    pictures = given.pictures.double()
    return Task(lambda x: net((x - 0.5) / 0.5), pictures, given.labels, epsilon, given.indices)


@pytest.mark.parametrize(("norm", "epsilon"), [("linf", 0.02), ("l2", 0.3)])
@pytest.mark.parametrize("name", ["ce", "dlr"])
def test_each_picture_goes_its_way_by_algorithm_1(norm, epsilon, name, monkeypatch):
    """Nobody counts as fooled, so that all go to the end; their steps are halved by either condition, and at some looks by none."""
    monkeypatch.setattr(apgd, "misclassified", lambda logits, labels: torch.zeros(len(labels), dtype=torch.bool))
    given = doubled(epsilon)
    start = apgd._start(given, per_picture(epsilon, given.pictures), norm, 0)
    loss = {"ce": lambda logits, labels: F.cross_entropy(logits, labels, reduction="none"), "dlr": dlr}[name]
    ours, ways = run(given, loss, norm, STEPS), []
    for i in range(len(ours)):
        theirs, halved = algorithm_1(given.scores, given.pictures[i], given.labels[i], epsilon, start[i], norm, loss)
        assert (ours[i] - theirs).abs().max() < 1e-8, (i, halved)
        ways += halved
    assert {why for _, why in ways} == {"first", "second"} and len(ways) < len(LOOKS) * len(ours)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_it_starts_on_the_surface_of_the_ball(norm):
    given = task(epsilon=0.05)
    grey = torch.full_like(given.pictures, 0.5)
    given = type(given)(given.scores, grey, given.labels, 0.05, given.indices)
    moved = apgd._start(given, per_picture(0.05, grey), norm, 0) - grey
    assert NORMS[norm].size(moved).tolist() == pytest.approx([0.05] * len(grey), rel=1e-4)


def test_dlr_is_the_papers_and_no_scale_changes_it():
    logits, labels = torch.tensor([[4.0, 1.0, 3.0, 0.0]]), torch.tensor([0])
    assert dlr(logits, labels).tolist() == pytest.approx([-(4 - 3) / (4 - 1)])
    assert dlr_targeted(logits, labels, torch.tensor([1])).tolist() == pytest.approx([-(4 - 1) / (4 - (1 + 0) / 2)])
    assert torch.allclose(dlr(500 * logits, labels), dlr(logits, labels))
