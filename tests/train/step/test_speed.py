"""The choice of speed: by measured rates, remembered, and compiled only for runs that are long enough."""

import torch

from clearsight import models
from clearsight.train.step import speed
from clearsight.train.step.working import parse


def choose(pictures: int = 1000):
    model = models.build("lenet5", 10, channels=1, height=28, width=28, seed=0)
    return speed.choose(model, (1, 28, 28), 10, torch.device("cpu"), pictures)


def test_the_fastest_wins_and_is_remembered(monkeypatch):
    asked = []
    rates = {"plain": 100.0, "channels-last": 200.0}

    def rate(model, shape, classes, device, candidate, batch=32):
        asked.append(candidate.words)
        return rates[candidate.words]

    monkeypatch.setattr(speed, "rate", rate)
    monkeypatch.setattr(speed, "has_bf16", lambda device: False)
    found, says = choose()
    assert (found.words, asked) == ("channels-last", ["plain", "channels-last"])
    assert "plain 100/s, channels-last 200/s" in says
    assert choose()[0] == found
    assert len(asked) == 2
    rates["channels-last compile"] = 300.0
    assert choose(10_000_000)[0].words == "channels-last compile"
    assert choose()[0] == found  # what a long run found out changes nothing for a short one


def test_a_gain_within_the_noise_does_not_count(monkeypatch):
    monkeypatch.setattr(speed, "rate", lambda *_: {"plain": 100.0, "channels-last": 104.0}[_[4].words])
    monkeypatch.setattr(speed, "has_bf16", lambda device: False)
    assert choose()[0].words == "plain"


def test_measuring_leaves_the_network_and_the_random_state_alone():
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    before, state = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    assert speed.rate(model, (1, 28, 28), 10, torch.device("cpu"), parse("channels-last"), 8) > 0
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in model.parameters())
