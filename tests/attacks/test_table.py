"""What every row of ATTACKS keeps: the bound, the range, ε = 0, independence of the batch, and the classifier as it was."""

import dataclasses
import math

import pytest
import torch

from clearsight import attacks
from clearsight.attacks import ATTACKS, Attack
from clearsight.attacks.attack import attack
from clearsight.attacks.gradient_ascent import NORMS
from tests.attacks.victims import NAMES, classifier, convnet, pictures, task

EPSILON = {"linf": 0.04, "l2": 0.6, "l1": 4.0}
QUICK = dict.fromkeys(("apgd-ce", "apgd-dlr", "apgd-t", "apgd-l2", "fab-t", "cw", "ensemble", "ensemble-l2"), 12) | {
    "square": 60,
    "rays": 60,
}


def epsilon_of(method: str) -> float:
    return EPSILON.get(ATTACKS[method].norm, 0.1)


def within(method: str, change: torch.Tensor, epsilon: float) -> bool:
    norm = ATTACKS[method].norm
    if norm == "patch":  # ε is the share of the pixels that change
        return bool(((change.abs().amax(1) > 0).flatten(1).float().mean(1) <= epsilon).all())
    return norm == "spatial" or bool((NORMS[norm].size(change) <= epsilon * (1 + 1e-5) + 1e-6).all())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("method", ATTACKS)
def test_change_is_bounded_and_pictures_stay_in_range(method, channels):
    epsilon = epsilon_of(method)
    given = task(epsilon, 12, classifier(channels=channels), steps=QUICK.get(method, 0))
    found = ATTACKS[method].run(given)
    assert found.shape == given.pictures.shape and found.dtype == torch.float32 and bool(found.isfinite().all())
    assert float(found.min()) >= 0 and float(found.max()) <= 1
    assert within(method, found - given.pictures, epsilon)
    assert not torch.equal(found, given.pictures)


@pytest.mark.parametrize("method", ATTACKS)
def test_epsilon_zero_is_the_identity(method):
    given = task(0.0, 6, steps=QUICK.get(method, 0))
    assert torch.allclose(ATTACKS[method].run(given), given.pictures, atol=1e-6)


def test_every_attack_is_importable_by_name():
    named = {value for value in vars(attacks).values() if isinstance(value, Attack)}
    assert named == set(ATTACKS.values()) and all(name == row.name for name, row in ATTACKS.items())


@pytest.mark.parametrize("method", ATTACKS)
def test_classifier_and_random_state_are_left_as_they_were(method):
    net = convnet()
    victim = classifier(net)
    net.train()
    net[1].eval()
    net[0].bias.requires_grad_(False)
    net[0].weight.grad = torch.ones_like(net[0].weight)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes, needs = [m.training for m in net.modules()], [p.requires_grad for p in net.parameters()]
    state = torch.get_rng_state()
    labels = torch.zeros(6, dtype=torch.long)
    with torch.no_grad():
        attack(victim, pictures(6), labels, method=method, epsilon=epsilon_of(method), steps=QUICK.get(method, 0), check=False)
    assert [m.training for m in net.modules()] == modes and [p.requires_grad for p in net.parameters()] == needs
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(net[0].weight.grad, torch.ones_like(net[0].weight)) and net[3].weight.grad is None


@pytest.mark.parametrize("method", [name for name, row in ATTACKS.items() if row.white_box and row.norm == "linf" and not row.one_for_all])
def test_white_box_attacks_beat_noise(method):
    given = task(0.04, 24, steps=QUICK.get(method, 0))
    noise = ATTACKS["noise"].run(given)
    assert int(given.fooled(ATTACKS[method].run(given)).sum()) > int(given.fooled(noise).sum())


def test_few_classes_are_enough():
    for classes in (2, 3, 4):
        victim = classifier(convnet(classes=classes), classes=classes)
        for method in ATTACKS:
            ATTACKS[method].run(task(epsilon_of(method), 4, victim, steps=QUICK.get(method, 3)))
    assert len(NAMES) == 3


def test_random_draws_follow_the_seed():
    given = task(0.04)
    for method in ("noise", "pgd", "square"):
        run = ATTACKS[method].run
        assert torch.equal(run(dataclasses.replace(given, steps=5)), run(dataclasses.replace(given, steps=5)))
        assert not torch.equal(run(dataclasses.replace(given, steps=5)), run(dataclasses.replace(given, steps=5, seed=1)))
    assert math.isclose(given.epsilon, 0.04)
