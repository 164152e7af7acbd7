"""One picture attacked: what is shown of it, and the answers before and after."""

import numpy as np
import pytest
import torch

from clearsight.attacks.picture import attack_picture
from tests.attacks.victims import classifier, pictures


@pytest.fixture(scope="module")
def found():
    return attack_picture(classifier(), pictures(1)[0].permute(1, 2, 0).numpy(), epsilon=0.1, method="pgd", steps=10)


def test_three_pictures_with_their_answers(found):
    victim, before = classifier(), pictures(1)
    assert set(found.pictures) == set(found.answers) == {"before", "change", "after"}
    assert torch.equal(found.pictures["before"], before[0])
    for name in ("before", "after"):
        shares = victim.probabilities(found.pictures[name][None])[0]
        assert found.answers[name].label == victim.classes[int(shares.argmax())]
        assert found.answers[name].confidence == pytest.approx(float(shares.max()))


def test_the_change_is_within_epsilon_and_shown_around_mid_grey(found):
    change = found.pictures["after"].float() - found.pictures["before"].float()
    assert found.largest <= 0.1 + 1e-6 and float(change.abs().max()) <= round(0.1 * 255) + 1
    shown = found.pictures["change"].float()
    assert {float(shown.min()), float(shown.max())} & {0.0, 255.0}
    assert (np.sign(change.numpy()) == np.sign((shown - 127.5).round().numpy()))[change.abs().numpy() > 1].all()


def test_what_survives_is_what_is_still_misclassified(found):
    assert set(found.survives) == {"float", "uint8", "png", "jpeg"}
    assert found.survives["uint8"] == found.survives["png"] == (found.answers["after"].label != found.answers["before"].label)
