"""What every row of ATTACKS keeps: the bound, the range, ε = 0, independence of the batch, and the classifier as it was."""

import dataclasses
import math

import pytest
import torch

from clearsight import attacks
from clearsight.attacks import ATTACKS, PGD, Attack, AttackOptions, Task
from clearsight.attacks.attack import attack
from clearsight.attacks.gradient_ascent import NORMS
from clearsight.attacks.options import AttackKeywords
from tests.attacks.victims import NAMES, classifier, convnet, labelled, pictures, task

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


def test_options_and_keywords_are_the_same():
    assert set(AttackKeywords.__annotations__) == {field.name for field in dataclasses.fields(AttackOptions)}
    victim, values, labels = labelled(12)
    options = AttackOptions(method="pgd", epsilon=0.02, steps=3, check=False, curve=False)
    one = attack(victim, values, labels, options)
    other = attack(victim, values, labels, dataclasses.replace(options, epsilon=0.5), method=PGD, epsilon=0.02)
    assert torch.equal(one.pictures, other.pictures) and one.method == other.method == "pgd"


def test_an_attack_of_the_users_own_is_run():
    def darken(task: Task) -> torch.Tensor:
        return (task.pictures - task.epsilon).clamp_min(0)

    victim, values, labels = labelled(12)
    own = Attack("darken", darken, "every pixel darker")
    found = attack(victim, values, labels, method=own, epsilon=0.1, check=False, curve=False)
    assert found.method == "darken" and found.clean.all()
    assert torch.allclose(found.pictures, (values.float() / 255 - 0.1).clamp_min(0))


def test_every_attack_is_importable_by_name():
    named = {value for value in vars(attacks).values() if isinstance(value, Attack)}
    assert named == set(ATTACKS.values()) and all(name == row.name for name, row in ATTACKS.items())


@pytest.mark.parametrize("method", ATTACKS)
def test_result_does_not_depend_on_the_batch(method):
    victim = classifier()
    with torch.no_grad():
        labels = victim.scores(pictures()).argmax(1)
    settings = {"method": method, "epsilon": epsilon_of(method), "steps": QUICK.get(method, 0)}
    settings |= {"speed": "plain", "check": False, "curve": False}
    one, other = (attack(victim, pictures(), labels, batch_size=size, **settings) for size in (24, 7))
    assert torch.equal(one.robust, other.robust)
    same = (one.pictures - other.pictures).abs() < 1e-4
    assert float(same.float().mean()) > 0.99  # the sign of a gradient that is nearly 0 may follow a product's rounding


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


@pytest.mark.parametrize("method", [name for name, row in ATTACKS.items() if row.norm in NORMS])
def test_a_picture_that_is_misclassified_already_is_not_changed(method):
    victim, values = classifier(), pictures(9)
    with torch.no_grad():
        labels = (victim.scores(values).argmax(1) + 1) % 3
    found = attack(victim, values, labels, method=method, epsilon=epsilon_of(method), check=False)
    assert torch.equal(found.pictures, values.float() / 255)
    assert not found.clean.any() and found.least.tolist() == [0] * 9


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
