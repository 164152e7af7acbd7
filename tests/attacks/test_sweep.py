"""FGSM at a row of ε: the median one is the attack itself, and a linear classifier turns where its margin is used up."""

import pytest
import torch

from clearsight.attacks.picture import attack_picture
from clearsight.attacks.sweep import sweep
from clearsight.base.errors import UsageError
from tests.attacks.victims import Linear, classifier, pictures


def test_the_median_step_is_the_attack_and_the_first_the_picture():
    victim, picture = classifier(), pictures(1)[0].permute(1, 2, 0).numpy()
    attacked = attack_picture(victim, picture, epsilon=0.1)
    found = sweep(victim, attacked, steps=5)
    assert [step["epsilon"] for step in found.steps] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    before, exact = attacked.answers["before"], attacked.exact
    assert found.steps[0]["label"] == before.label and found.steps[0]["first"] == pytest.approx(before.confidence, abs=1e-6)
    assert found.steps[2]["label"] == exact.label and found.steps[2]["confidence"] == pytest.approx(exact.confidence, abs=1e-6)
    assert found.to_json()["shape"] == [1, 8, 8] and found.direction == "∇ₓJ"
    with pytest.raises(UsageError, match="fgsm"):
        sweep(victim, attack_picture(victim, picture, epsilon=0.1, method="noise"))


def test_a_linear_classifier_turns_where_its_margin_is_used_up():
    weights, ahead = torch.linspace(-1, 1, 64).view(1, 8, 8), 1.0
    victim = classifier(Linear(weights, ahead), classes=2)
    grey = torch.full((8, 8, 1), 128, dtype=torch.uint8).numpy()  # the weights' sum is 0: the margin is the bias alone
    found = sweep(victim, attack_picture(victim, grey, epsilon=0.05))
    turning = ahead * victim.preprocessing.std[0] / float(weights.abs().sum())
    assert torch.equal(found.sign, -weights.sign().to(torch.int8))
    assert [step["label"] for step in found.steps] == ["1" if step["epsilon"] < turning else "0" for step in found.steps]
