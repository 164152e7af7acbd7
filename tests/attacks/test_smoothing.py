"""Certified radii against those of a linear classifier, which are known, and against an attack."""

import pytest
import torch
from scipy.stats import beta, norm
from torch import nn

from clearsight.attacks.smoothing import ALPHA, certify
from clearsight.base.errors import UsageError

from .victims import Linear, classifier, convnet, pictures


def distances(victim, x):
    """L2 distance to the boundary in units of [0, 1], signed: above 0 for the second class."""
    values = (x.float() / 255).requires_grad_()
    scores = victim.scores(values)
    ahead = scores[:, 1] - scores[:, 0]
    slope = torch.autograd.grad(ahead.sum(), values)[0].flatten(1).norm(dim=1)
    return (ahead / slope).detach()


def linear():
    weights = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(3))
    return classifier(Linear(weights, bias=0.1), classes=2)


def test_linear_radius_is_known():
    """Noise leaves the class with probability Φ(distance / σ), so that the radius is the distance, but for the lower bound."""
    victim, x, sigma, samples = linear(), pictures(12), 0.5, 2000
    far = distances(victim, x)
    labels = (far > 0).long()
    found = certify(victim, x, labels, sigma=sigma, samples=samples)
    assert bool((found.radius <= far.abs() + 1e-6).all()), "never more than the truth"
    clear = far.abs() > 0.1
    assert int(clear.sum()) >= 5 and bool(found.right[clear].all())
    for radius, distance in zip(found.radius[clear], far.abs()[clear].tolist(), strict=True):
        expected = samples * norm.cdf(distance / sigma)
        low, high = (max(0.0, min(samples, expected + turn * 4 * (expected * (1 - expected / samples)) ** 0.5)) for turn in (-1, 1))
        bounds = [sigma * norm.ppf(beta.ppf(ALPHA, count, samples - count + 1)) for count in (low, high) if 0 < count < samples]
        assert not bounds or bounds[0] - 1e-6 <= float(radius)  # four standard deviations of the count


def test_most_that_can_be_certified():
    """All votes for one class bound the probability below by alpha^(1/n)."""
    victim = classifier(Linear(torch.zeros(1, 8, 8), bias=1.0), classes=2)
    found = certify(victim, pictures(2), torch.tensor([1, 0]), sigma=0.3, samples=500)
    assert found.radius.tolist() == pytest.approx([0.3 * norm.ppf(ALPHA ** (1 / 500))] * 2, rel=1e-5)
    assert found.right.tolist() == [True, False]
    told = found.to_json()
    assert told["clean"]["value"] == 0.5 and told["abstained"] == 0 and told["certified"][-1]["value"] == 0
    assert [row["radius"] for row in told["certified"]][:3] == pytest.approx([0, 0.075, 0.15])


def test_no_choice_is_made_where_noise_decides():
    victim = classifier(Linear(torch.ones(1, 8, 8)), classes=2)
    middle = torch.full((1, 1, 8, 8), 127, dtype=torch.uint8)  # all but on the boundary
    found = certify(victim, middle, torch.tensor([0]), sigma=2.0, samples=200)
    assert found.abstained.tolist() == [True] and found.right.tolist() == [False] and found.radius.tolist() == [0]


def test_repeatable_and_the_network_stays():
    net = convnet()
    victim, rng = classifier(net), torch.get_rng_state()
    net.train()
    once = certify(victim, pictures(6), torch.zeros(6, dtype=torch.int64), sigma=0.25, samples=200)
    again = certify(victim, pictures(6)[:2], torch.zeros(2, dtype=torch.int64), sigma=0.25, samples=200)
    assert torch.equal(once.radius[:2], again.radius)
    assert net.training and all(p.requires_grad for p in net.parameters()) and torch.equal(rng, torch.get_rng_state())
    assert isinstance(net[5], nn.Dropout) and net[5].training


@pytest.mark.parametrize(
    ("sigma", "samples", "said"), [(0, 200, "certify must be"), (-1, 200, "certify must be"), (0.1, 99, "at least 100")]
)
def test_mistakes(sigma, samples, said):
    with pytest.raises(UsageError, match=said):
        certify(classifier(), pictures(1), torch.tensor([0]), sigma=sigma, samples=samples)
