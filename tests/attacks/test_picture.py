"""One picture attacked: what is shown of it, and the answers before and after."""

import numpy as np
import pytest
import torch

from clearsight.attacks.picture import attack_picture
from clearsight.classifier import Classifier
from clearsight.images.preprocess import Preprocessing
from tests.attacks.victims import Linear, classifier, pictures


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


WHITE = Preprocessing(1, 8, 8, fit="stretch", mean=(0.0,), std=(1.0,))


def test_fgsm_is_the_sign_of_the_gradient_at_the_pictures_own_size():
    """Two classes, z = Σ w·x + 0.7 with w = ±1/8 by halves: dJ/dx has the sign of −w, also in the 16×16 px that are resized to 8×8."""
    weights = torch.full((1, 8, 8), 1 / 8)
    weights[:, :, 4:] = -1 / 8
    linear = Classifier(Linear(weights, bias=0.7), WHITE, ("no", "yes"))
    grey = np.full((16, 16, 1), 102, np.uint8)  # 0.4 everywhere: the halves cancel, z = 0.7
    found = attack_picture(linear, grey, epsilon=0.1)
    assert (found.method, found.sign, found.box, found.access) == ("fgsm", "∇ₓJ", "white", "the network's own gradient")
    assert found.pictures["change"].shape == (1, 16, 16), "its own size"
    assert found.pictures["change"][0, 0, [0, 7, 8, 15]].tolist() == [0, 0, 255, 255], "down where w > 0, up where w < 0"
    assert found.answers["before"].label == "yes" and found.exact.label == "no"
    assert found.answers["before"].confidence == pytest.approx(1 / (1 + np.exp(-0.7)), abs=1e-5)
    # bilinear from 16 to 8 px: weights 1/8, 3/8, 3/8, 1/8, so that at the edge of the halves 7/8 − 1/8 = 3/4 of the change is left
    z = 0.7 - 0.1 * 8 * 2 * (3 + 0.75) / 8
    assert found.exact.confidence == pytest.approx(1 / (1 + np.exp(z)), abs=1e-5)
    assert found.survives["float"] and found.largest == pytest.approx(0.1)


def test_black_boxes_say_so_and_have_no_sign():
    grey = np.full((9, 9, 1), 102, np.uint8)
    found = attack_picture(classifier(), grey, epsilon=0.1, method="square", steps=5)
    assert (found.box, found.sign) == ("black", "") and "no gradient" in found.access
    found = attack_picture(classifier(), grey, epsilon=0.1, source=classifier())
    assert (found.box, found.sign) == ("black", "∇ₓJ") and "another network" in found.access
