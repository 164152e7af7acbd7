"""What rounding finds is what float32 says: verdicts, and the accuracy after an attack, are the classifier's own."""

import copy

import pytest
import torch

from clearsight.attacks.attack import attack
from clearsight.attacks.gradient_ascent import misclassified
from clearsight.attacks.methods.square import margin
from clearsight.attacks.mixed_precision import Judge
from clearsight.base.compute.precision import has_bf16
from tests.attacks.victims import convnet, labelled


def test_verdicts_are_those_of_the_exact_scores():
    victim, values, labels = labelled(400)
    labels = torch.where(torch.arange(400) % 3 == 0, (labels + 1) % 3, labels)
    seen = []

    def exact(x):
        seen.append(len(x))
        return victim.scores(x)

    def rough(x):
        return (victim.scores(x) * 64).round() / 64

    judge, x = Judge(exact, rough, 256), values.float() / 255
    wrong, seemed = judge.fooled(x, labels)
    with torch.no_grad():
        truth, looked = misclassified(victim.scores(x), labels), margin(rough(x), labels) > 0
    assert torch.equal(wrong, truth) and bool((looked != truth).any())
    assert torch.equal(seemed, looked & ~truth)
    assert sum(seen) < 300  # and few were computed twice


def test_scores_that_are_no_numbers_are_asked_again():
    victim, values, labels = labelled()
    judge = Judge(victim.scores, lambda x: victim.scores(x) * float("nan"), 256)
    assert not judge.fooled(values.float() / 255, labels)[0].any()


@pytest.mark.parametrize("method", ["fgsm", "pgd", "square", "deepfool"])
def test_accuracy_after_a_fast_attack_is_that_of_float32(method):
    victim, values, labels = labelled(200)
    settings = {
        "method": method,
        "epsilon": 0.5 if method == "deepfool" else 0.03,
        "steps": 30 if method == "square" else 0,
        "check": False,
    }
    fast = "bf16" if has_bf16(torch.device("cpu")) else "folded"
    for curve in (False, True):
        quick = attack(victim, values, labels, speed=fast, curve=curve, **settings)
        with torch.no_grad():
            assert torch.equal(quick.robust, quick.clean & ~misclassified(victim.scores(quick.pictures), labels))
        plain = attack(victim, values, labels, speed="plain", curve=curve, **settings)
        assert torch.equal(quick.clean, plain.clean)
        assert abs(int(quick.robust.sum()) - int(plain.robust.sum())) <= 2


def test_a_change_that_only_rounding_made_fool_is_searched_again():
    """Scores that are wrong by much in the search: nobody is counted as fooled for it, and as many are fooled as without."""
    victim, values, labels = labelled()

    class Rough(type(victim)):
        def kept(self, speed):
            twin = copy.copy(self)
            twin.speed = "folded"
            twin.scores = lambda x: victim.scores(x) + 2.0 * (torch.arange(3) == 1)
            return twin

    rough = Rough(convnet(), victim.preprocessing, victim.classes)
    plain = attack(victim, values, labels, method="fgsm", epsilon=0.02, speed="plain", check=False, curve=False)
    found = attack(rough, values, labels, method="fgsm", epsilon=0.02, check=False, curve=False)
    assert torch.equal(found.clean, plain.clean)
    with torch.no_grad():
        assert torch.equal(found.robust, found.clean & ~misclassified(victim.scores(found.pictures), labels))
