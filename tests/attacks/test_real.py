"""The lecture's last slide on a trained network: a change of at most 0.007 turns a right answer into a confident wrong one."""

import pytest
import torch
from skimage import data

import clearsight
from clearsight.attacks.picture import attack_picture
from clearsight.attacks.quantization import levels
from clearsight.datasets.named import photos
from tests.real import lite0

EPSILON = 0.007


@pytest.fixture(scope="module")
def classifier():
    return clearsight.load(lite0())


def test_one_cat_becomes_another_with_confidence(classifier):
    """Tiger cat 39 % becomes Egyptian cat 97 % (the slide: panda 58 %, gibbon 99 %)."""
    found = attack_picture(classifier, data.chelsea(), epsilon=EPSILON, method="fgsm")
    before, after = found.answers["before"], found.answers["after"]
    assert (before.label, after.label) == ("tiger cat", "Egyptian cat")
    assert before.confidence == pytest.approx(0.394, abs=0.02) and after.confidence > 0.9
    assert found.survives == {"float": True, "uint8": True, "png": True, "jpeg": True}


def test_the_change_is_the_sign_of_the_gradient(classifier):
    """By hand: ε times the sign of the gradient of the cross-entropy, in pixels from 0 to 1. An angelfish, in ImageNet rock beauty."""
    rock_beauty = clearsight.decode(photos().parts["all"].source(0))  # 213×320, enlarged to 256×384; the network sees 224×224 of its centre
    found = attack_picture(classifier, rock_beauty, epsilon=EPSILON, method="fgsm", speed="folded")  # in float32 on every chip
    pixels = (torch.from_numpy(rock_beauty.copy()).permute(2, 0, 1)[None].float() / 255).requires_grad_()
    enlarged = torch.nn.functional.interpolate(pixels, (256, 384), mode="bicubic", antialias=True).clamp(0, 1)
    logits = classifier.model(enlarged[:, :, 16:240, 80:304] * 2 - 1)
    torch.nn.functional.cross_entropy(logits, logits.argmax(1)).backward()
    with torch.no_grad():
        changed = levels((pixels + EPSILON * pixels.grad.sign()).clamp(0, 1))  # as it is shown and answered
    answer = classifier.classify(changed[0].permute(1, 2, 0).numpy())
    before, after = found.answers["before"], found.answers["after"]
    assert before.label == "rock beauty" and before.confidence == pytest.approx(0.816, abs=0.02)
    assert after.label == answer.label != "rock beauty"
    same = (found.pictures["after"] == changed[0]).double().mean()
    assert same > 0.999, "signs of gradients near zero differ by rounding"
    assert after.confidence == pytest.approx(answer.confidence, abs=0.002)
    assert found.largest == pytest.approx(EPSILON, abs=1e-6)
