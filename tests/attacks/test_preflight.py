"""A gallery of broken defences: each looks robust, and each is caught by the check that is meant for it."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight.attacks.attack import attack
from clearsight.attacks.preflight import preflight
from clearsight.classifier import Classifier
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_arrays

EPSILON = 0.1


@pytest.fixture(scope="module")
def digits():
    pictures, labels = digit_arrays(60, 10)
    return torch.from_numpy(pictures).view(-1, 1, *pictures.shape[1:3]), torch.from_numpy(labels).long()


@pytest.fixture(scope="module")
def trained(digits):
    """A small network that has learnt the digits by heart."""
    pictures, labels = digits
    with torch.random.fork_rng():
        torch.manual_seed(0)
        side = pictures.shape[-1]
        net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4 * side * side, 10))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        for _ in range(60):
            optimizer.zero_grad()
            F.cross_entropy(net(pictures.float() / 127.5 - 1), labels).backward()
            optimizer.step()
    return net.eval().requires_grad_(False)


class Quantiser(nn.Module):
    """Rounds the picture to 9 levels; the rounding has no gradient, and the identity's is put in its place."""

    def forward(self, x):
        return x + ((x * 4).round() / 4 - x).detach()


class HardQuantiser(nn.Module):
    def forward(self, x):
        return (x * 4).round() / 4


class Scale(nn.Module):
    def forward(self, logits):
        return logits * 500


class RandomResize(nn.Module):
    def forward(self, x):
        side = int(torch.randint(x.shape[-1] // 2, x.shape[-1], ()))
        small = F.interpolate(x, (side, side), mode="bilinear", align_corners=False)
        return F.interpolate(small, x.shape[2:], mode="bilinear", align_corners=False)


class GradientKiller(nn.Module):
    """Gradients pass through a millionth of a part only where they meet no detached one."""

    def forward(self, x):
        return x.detach() + 0 * x


class GradientScrambler(nn.Module):
    """The values of x with the gradient of x turned round."""

    def forward(self, x):
        return x.detach() + (x - x.detach()).flip(3) * x.new_tensor([1.0, -1.0]).repeat(x.shape[3] // 2)


class NotANumber(nn.Module):
    def forward(self, x):
        return x + 0 * (x - x.detach()).abs().sqrt()


class BatchCentre(nn.Module):
    def forward(self, x):
        return x - x.mean(0, keepdim=True)


GALLERY = {
    "quantiser": (lambda net: nn.Sequential(HardQuantiser(), net), "quantisation"),
    "quantiser with a gradient": (lambda net: nn.Sequential(Quantiser(), net), "quantisation"),
    "logits × 500": (lambda net: nn.Sequential(net, Scale()), "saturation"),
    "random resize": (lambda net: nn.Sequential(RandomResize(), net), "randomness"),
    "gradient killer": (lambda net: nn.Sequential(GradientKiller(), net), "gradients"),
    "gradient scrambler": (lambda net: nn.Sequential(GradientScrambler(), net), "slope"),
    "not a number": (lambda net: nn.Sequential(NotANumber(), net), "gradients"),
    "batch statistics": (lambda net: nn.Sequential(BatchCentre(), net), "batch"),
}


def report(net, digits, **more):
    pictures, labels = (values[::15] for values in digits)  # 40 of them
    victim = Classifier(net, Preprocessing(1, *pictures.shape[2:]), tuple(map(str, range(10))))
    return {check.check: check for check in preflight(victim, pictures, labels, **{"epsilon": EPSILON, "path_length": 2.0, **more})}


def test_an_honest_network_passes_every_check(trained, digits):
    found = report(trained, digits)
    assert len(found) == 14
    assert not [check for check in found.values() if not check.ok]


@pytest.fixture(scope="module")
def reports(trained, digits):
    return {name: report(build(trained), digits) for name, (build, _) in GALLERY.items()}


@pytest.mark.parametrize("name", GALLERY)
def test_broken_defence_is_caught(name, reports):
    check, found = GALLERY[name][1], reports[name]
    assert not found[check].ok, found[check]
    assert found["mode"].ok and found["range"].ok and found["way"].ok


@pytest.mark.parametrize("name", ["quantiser", "logits × 500", "gradient killer", "gradient scrambler", "not a number"])
def test_broken_defence_is_caught_by_its_symptoms_too(name, reports):
    """What the mechanism's own check may miss, the attacks betray."""
    found = reports[name]
    assert not all(found[check].ok for check in ("order", "doubled steps", "other loss", "black box", "ε to 1"))


def test_training_mode_is_caught(trained, digits):
    net = nn.Sequential(nn.Dropout(0.3), trained)
    pictures, labels = digits
    victim = Classifier(net, Preprocessing(1, *pictures.shape[2:]), tuple(map(str, range(10))))
    net.train()
    found = {check.check: check for check in preflight(victim, pictures, labels, epsilon=EPSILON)}
    assert not found["mode"].ok and "Dropout" in found["mode"].says
    assert found["randomness"].ok  # it is judged at rest
    assert net.training


def test_range_and_way_are_caught(trained, digits):
    assert not report(trained, digits, epsilon=0.9)["range"].ok
    assert "0.9/255" in report(trained, digits, epsilon=0.9)["range"].says
    dark = (digits[0] > 128).to(torch.uint8)
    assert not report(nn.Sequential(Brighter(), trained), (dark, digits[1]))["range"].ok
    assert not report(trained, digits, path_length=0.67)["way"].ok


class Brighter(nn.Module):
    """So that pictures of two levels are still classified."""

    def forward(self, x):
        return (x + 1) * 255 - 1


def test_a_classifier_that_is_never_right_is_said_to_be(trained, digits):
    pictures, labels = digits
    found = report(trained, (pictures, (labels + 1) % 10))
    assert not found["clean"].ok and "nothing to attack" in found["clean"].says


def test_report_comes_with_the_attack(trained, digits):
    pictures, labels = digits
    victim = Classifier(nn.Sequential(trained, Scale()), Preprocessing(1, *pictures.shape[2:]), tuple(map(str, range(10))))
    result = attack(victim, pictures[:40], labels[:40], method="pgd", epsilon=EPSILON)
    lines = {row["check"]: row for row in result.to_json()["preflight"]}
    assert not lines["saturation"]["ok"] and "apgd-dlr" in lines["saturation"]["says"]
    assert set(lines["way"]) == {field.name for field in dataclasses.fields(result.preflight[0])}
