"""Attacks of your own: a function in place of a name, and what breaks the protocol."""

import pytest

import clearsight as cs
from clearsight.attacks.attack import attack
from clearsight.attacks.options import AttackOptions
from clearsight.attacks.table import ATTACKS
from clearsight.base.errors import UsageError
from tests.attacks.victims import classifier, pictures


def brighter(scores, pictures, labels, epsilon):
    """Every pixel brighter."""
    return (pictures + epsilon).clamp(0, 1)


@pytest.fixture
def victim():
    made = classifier()
    return made, pictures(6), made.logits(pictures(6)).argmax(1)


def test_a_function_is_an_attack(victim):
    found = attack(*victim, AttackOptions(method=brighter, epsilon=0.1, check=False, curve=False))
    assert found.method == "brighter" and found.norm == "linf" and found.clean.all()
    assert (found.pictures >= victim[1].float() / 255 - 1e-6).all()


def test_a_registered_attack_has_its_name(victim, monkeypatch):
    monkeypatch.setattr("clearsight.attacks.own.ATTACKS", table := dict(ATTACKS))
    cs.attacks.register("brighter", brighter, norm="l2", white_box=False)
    assert cs.attacks.names()[-1] == "brighter" and table["brighter"].description == "Every pixel brighter."
    with pytest.raises(UsageError, match=r"at most ε = 0\.1 in l2"):
        attack(*victim, method="brighter", epsilon=0.1, check=False)
    for name, norm, says in (("pgd", "linf", "already"), ("x", "l3", "norm must be linf or l2 or l1")):
        with pytest.raises(UsageError, match=says):
            cs.attacks.register(name, brighter, norm=norm)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda scores, x, labels, epsilon: x + 2 * epsilon, "within|at most"),
        (lambda scores, x, labels, epsilon: x[:1], "returns must be a tensor"),
        (lambda scores, x, labels, epsilon: None, "Got 'NoneType'"),
    ],
)
def test_what_breaks_the_protocol_is_refused(victim, broken, says):
    with pytest.raises(UsageError, match=says):
        attack(*victim, method=broken, epsilon=0.1, check=False)
