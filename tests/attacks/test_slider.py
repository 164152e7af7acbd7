"""FGSM at 33 ε at once: against the attack itself at each ε, and against a plain loop."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearsight.attacks.attack import attack
from clearsight.attacks.own_size import AtOwnSize, own_size
from clearsight.attacks.picture import attack_picture
from clearsight.attacks.quantization import levels as to_levels
from clearsight.attacks.slider import LEVELS, MOST_SIDE, saved_answers, slider, stepped
from clearsight.base.errors import UsageError
from tests.attacks.victims import Linear, classifier, pictures

PICTURE = pictures(1)[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("size", [(8, 8), (13, 9)])
@pytest.mark.parametrize("target", [None, 2])
def test_every_level_is_the_attack_at_that_epsilon_bit_for_bit(size, target):
    victim, picture = classifier(), np.random.default_rng(0).integers(0, 256, (*size, 1), np.uint8)
    found = slider(victim, picture, target=target)
    own, whole = AtOwnSize(victim), own_size(victim, picture)[None]
    changed = found.pictures()
    assert found.levels == LEVELS and len(LEVELS) == 33 and changed.shape == (33, 1, *size)
    for k in range(0, 33, 4):
        settings = {"method": "fgsm", "epsilon": LEVELS[k] / 255, "target": target, "speed": "plain", "sure": True, "curve": False}
        alone = attack(own, whole, torch.tensor([found.label]), check=False, saving=False, **settings)
        assert torch.equal(alone.pictures[0], changed[k] if LEVELS[k] else whole[0].float() / 255)
    assert found.direction == ("∇ₓJ" if target is None else "−∇ₓJ") and not found.fitted


def test_the_answers_are_those_of_a_plain_loop():
    victim = classifier()
    found = slider(victim, PICTURE)
    x = torch.from_numpy(PICTURE).permute(2, 0, 1)[None].float() / 255
    leaf = x.clone().requires_grad_()
    scores = victim.model(victim.preprocessing.normalise(leaf))
    F.cross_entropy(scores, scores.argmax(1)).backward()
    for k, level in enumerate(LEVELS):
        moved = (x + level / 255 * leaf.grad.sign()).clamp(0, 1)
        with torch.no_grad():
            wanted = torch.softmax(victim.model(victim.preprocessing.normalise(moved)), 1)[0]
        assert found.probabilities[k].tolist() == pytest.approx(wanted.tolist(), abs=1e-6)
    assert torch.equal(found.sign, leaf.grad[0].sign().to(torch.int8))
    told = found.to_json()
    assert told["before"]["confidence"] == pytest.approx(victim.classify(PICTURE).confidence, abs=1e-6)
    for k, step in enumerate(told["steps"]):
        assert step["top"][0]["confidence"] == float(found.probabilities[k].max()) and step["level"] == LEVELS[k]
        assert step["first"] == float(found.probabilities[k, found.label])


def test_the_first_epsilon_that_fools_is_where_the_margin_is_used_up():
    weights, ahead = torch.linspace(-1, 1, 64).view(1, 8, 8), 1.0
    victim = classifier(Linear(weights, ahead), classes=2)
    found = slider(victim, torch.full((8, 8, 1), 128, dtype=torch.uint8).numpy())
    turning = 255 * ahead * victim.preprocessing.std[0] / float(weights.abs().sum())
    assert LEVELS[found.first()] == min(level for level in LEVELS if level > turning)
    assert found.first(target=0) == found.first() and found.first(target=1) == 0
    still = slider(victim, PICTURE, levels=(0, 1e-6))
    assert still.first() is None


def test_no_level_lies_between_two_levels_of_a_file():
    """The page computes the picture from levels and signs: it must be the file's."""
    sign = torch.tensor([-1, 0, 1], dtype=torch.int8).repeat(256)[None, None]
    picture = torch.arange(256, dtype=torch.uint8).repeat_interleave(3)[None, None]
    changed = to_levels(stepped(picture, sign, LEVELS))
    for level, made in zip(LEVELS, changed, strict=True):
        exact = np.floor(np.clip(picture.numpy().astype(float) + level * sign.numpy(), 0, 255) + 0.5)
        assert np.array_equal(made.numpy(), exact.astype(np.uint8))


def test_drift_is_the_change_of_each_layers_output():
    victim = classifier()
    found = slider(victim, PICTURE, layers=("0", "7"))
    steps = victim.preprocessing.normalise(found.pictures())
    with torch.no_grad():
        for name, upto in (("0", 1), ("7", 8)):
            out = victim.model[:upto](steps).flatten(1)
            wanted = (out - out[:1]).norm(dim=1) / out[0].norm()
            assert found.drift[name].tolist() == pytest.approx(wanted.tolist(), rel=1e-4, abs=1e-6)
    assert found.drift["0"][0] == 0 and not victim.model[0]._forward_hooks


def test_what_is_saved_is_answered_after_it_was_read_back():
    victim = classifier()
    found = slider(victim, PICTURE)
    saved = saved_answers(victim, found)
    assert torch.allclose(saved["png"], victim.probabilities(to_levels(found.pictures())), atol=1e-6)
    place = found.first()
    assert place, "the picture can be fooled"
    alone = attack_picture(victim, PICTURE, epsilon=LEVELS[place] / 255)
    for kind in ("png", "jpeg"):
        assert alone.survives[kind] == (int(saved[kind][place].argmax()) != found.label)


def test_a_large_picture_is_fitted_and_what_cannot_be_is_refused():
    assert slider(classifier(), np.zeros((4, MOST_SIDE + 1, 1), np.uint8), levels=(0, 1)).fitted
    with pytest.raises(UsageError, match="target"):
        slider(classifier(), PICTURE, target=3)
    with pytest.raises(UsageError, match="begin with 0"):
        slider(classifier(), PICTURE, levels=(1,))
