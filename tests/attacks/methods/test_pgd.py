"""PGD against the loop of its paper; its settings FGSM and BIM; restarts and targets."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from clearsight.attacks.gradient_ascent import NORMS, ascend
from clearsight.attacks.methods.pgd import fgsm_targeted, noise, pgd
from tests.attacks.victims import task


def plain_pgd(given, epsilon, steps, step):
    x = start = given.pictures
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (g,) = torch.autograd.grad(F.cross_entropy(given.scores(x), given.labels), x)
        x = (start + (x.detach() + step * g.sign() - start).clamp(-epsilon, epsilon)).clamp(0, 1)
    return x


def test_pgd_is_the_plain_loop():
    given, epsilon = task(epsilon=0.03), 0.03
    x = plain_pgd(given, epsilon, 7, 0.01)
    ours = ascend(given.scores, given.pictures, given.labels, epsilon, norm=NORMS["linf"], steps=7, step=1 / 3, done=None)
    assert torch.allclose(ours, x, atol=1e-6)
    assert torch.allclose(pgd(dataclasses.replace(given, sure=True), steps=7, step=1 / 3), x, atol=1e-6)


def test_one_step_is_fgsm():
    given = task(epsilon=0.03)
    assert torch.allclose(pgd(given, steps=1, step=1.0), plain_pgd(given, 0.03, 1, 0.03), atol=1e-6)


@pytest.mark.parametrize("steps", [5, 20])
def test_the_task_may_set_the_steps_and_keeps_the_path_length(steps):
    given = dataclasses.replace(task(epsilon=0.03), sure=True)
    asked = pgd(dataclasses.replace(given, steps=steps), steps=10, step=0.2)
    assert torch.equal(asked, pgd(given, steps=steps, step=2 / steps))


def test_more_restarts_fool_no_fewer():
    given = task(epsilon=0.01, n=100)
    once, often = (int(given.fooled(pgd(given, steps=2, step=0.5, random=True, restarts=n)).sum()) for n in (1, 5))
    assert often >= once > 0


def test_a_targeted_attack_raises_the_probability_of_its_target():
    given = task(epsilon=0.05)
    targets = given.logits(given.pictures).argmin(1)
    before, after = (given.logits(x).softmax(1).gather(1, targets[:, None]) for x in (given.pictures, fgsm_targeted(given)))
    assert float((after > before).float().mean()) > 0.9
    assert torch.equal(fgsm_targeted(given), fgsm_targeted(dataclasses.replace(given, targets=targets)))


def test_noise_stays_in_the_ball():
    given = task(epsilon=0.05)
    change = noise(given) - given.pictures
    assert 0.04 < float(change.abs().max()) <= 0.05 + 1e-6
