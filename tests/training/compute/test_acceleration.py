"""The choice of speed: by rule, and tried; or by measured rates, remembered, and compiled only for runs that are long enough."""

import re

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.compute.precision import has_bf16
from clearsight.base.errors import UsageError
from clearsight.base.files import cache_folder
from clearsight.runs.run import Run
from clearsight.training import build
from clearsight.training.api import train
from clearsight.training.compute import acceleration
from clearsight.training.compute.training_model import parse
from tests.pictures import digit_arrays

CPU = torch.device("cpu")


def network(name: str, size: int = 28) -> nn.Module:
    return models.build(name, 10, channels=1, height=size, width=size, seed=0)


def shades(size: int = 28) -> torch.Tensor:
    return torch.rand(4, 1, size, size, generator=torch.Generator().manual_seed(0))


def fastest(pictures: int = 1000):
    return acceleration.measured(network("lenet5"), (1, 28, 28), 10, CPU, pictures)


RULE = {  # without and with a chip that multiplies bfloat16
    "lenet5": ("channels-last", "bf16 channels-last"),
    "resnet18": ("channels-last", "bf16 channels-last"),
    "vit_s_16": ("channels-last", "bf16 channels-last"),
    "mobilenet_v2": ("channels-last", "channels-last"),  # depthwise: bfloat16 is slower
    "neocognitron": ("plain", "plain"),  # its cells count on more digits, and it convolves without convolution layers
    "hog": ("plain", "plain"),
    "pixels": ("plain", "plain"),
}


@pytest.mark.parametrize("forced", ["off", "on"])
@pytest.mark.parametrize("name", RULE)
def test_chip_and_network_decide_and_no_clock(name, forced, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_BF16", forced)
    monkeypatch.setattr(acceleration.time, "perf_counter", None)
    monkeypatch.setattr(acceleration, "rate", None)
    size, most = (32, 1) if name == "vit_s_16" else (28, 4)  # without bfloat16 in hardware, four pictures take it twenty seconds
    found, says = acceleration.choose(network(name, size), shades(size)[:most], CPU)
    assert found.words == says == RULE[name][forced == "on"]


def test_two_trainings_with_fresh_caches_choose_the_same_and_end_in_the_same_weights(tmp_path, monkeypatch):
    """With a clock that says something else each time."""
    monkeypatch.setattr(acceleration, "_seconds", lambda *_: next(ticks))
    ticks, weights, words = iter([1.0, 0.1, 0.1, 0.1, 9.0] * 100), [], []
    for place in ("a", "b"):
        monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / f"cache-{place}"))
        made = train(digit_arrays(24), model="lenet5", epochs=1, batch=32, out=str(tmp_path / place), quiet=True)
        weights.append(made.classifier.model.state_dict())
        words.append(Run(tmp_path / place).reopen()[1]["speed"])
        assert not (tmp_path / f"cache-{place}/speed").exists()
    assert words[0] == words[1] == RULE["lenet5"][has_bf16(CPU)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


class Cells(nn.Module):
    """A layer that torch computes in float32 only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool3d(x[:, None], (1, 3, 3), 1, (0, 1, 1))[:, 0]


class Coarse(nn.Module):
    """What is left is what bfloat16 rounds away."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (1000 + x - 1000) * 10


@pytest.mark.parametrize(("layer", "why"), [(Cells(), "does not run in it, .*BFloat16"), (Coarse(), "logits are off by")])
def test_what_does_not_run_or_answers_otherwise_takes_the_slower_road_and_says_so(layer, why, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_BF16", "on")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), layer, nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
    found, says = acceleration.choose(model, shades(), CPU)
    assert found.words == "channels-last"
    assert says.count("\n") == 0 and re.search(f"bfloat16 is not used: .*{why}", says)
    found, says = acceleration.asked(parse("bf16 channels-last"), model, shades(), CPU)
    assert found.words == "channels-last" and "asked for and is not used" in says
    assert acceleration.asked(parse("plain"), model, shades(), CPU) == (parse("plain"), "")


def test_trying_leaves_the_network_and_the_random_state_alone():
    model = network("swift")
    before, state = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    assert acceleration.refused(model, shades(), CPU) == ""
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state()) and all(p.grad is None for p in model.parameters())


def test_measuring_is_on_request(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(build.acceleration, "measured", lambda *given: asked.append(given) or (parse("channels-last"), "it was told"))
    train(digit_arrays(24), model="lenet5", epochs=1, out=str(tmp_path / "a"), speed="measure", quiet=True)
    assert len(asked) == 1 and Run(tmp_path / "a").reopen()[1]["speed"] == "channels-last"
    assert asked[0][-1] == round(0.72 * 240)  # pictures of the whole run, one epoch over what val and test leave


@pytest.mark.parametrize("forced", ["off", "on"])
def test_bfloat16_is_forced_by_a_variable(forced, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_BF16", forced)
    assert has_bf16(CPU) == (forced == "on")
    monkeypatch.setenv("CLEARSIGHT_BF16", "perhaps")
    with pytest.raises(UsageError, match="CLEARSIGHT_BF16 must be on, off or auto"):
        has_bf16(CPU)


def test_the_fastest_wins_and_is_measured_again_by_the_next_run(monkeypatch):
    asked = []
    rates = {"plain": 100.0, "channels-last": 200.0}

    def rate(model, shape, classes, device, candidate, batch=32):
        asked.append(candidate.words)
        return rates[candidate.words]

    monkeypatch.setattr(acceleration, "rate", rate)
    monkeypatch.setattr(acceleration, "has_bf16", lambda device: False)
    found, says = fastest()
    assert (found.words, asked) == ("channels-last", ["plain", "channels-last"])
    assert "plain 100/s, channels-last 200/s" in says
    assert fastest()[0] == found
    assert len(asked) == 4 and not (cache_folder() / "speed").exists()
    rates["channels-last compile"] = 300.0
    assert fastest(10_000_000)[0].words == "channels-last compile"
    assert fastest()[0] == found


def test_a_gain_within_the_noise_does_not_count(monkeypatch):
    monkeypatch.setattr(acceleration, "rate", lambda *_: {"plain": 100.0, "channels-last": 104.0}[_[4].words])
    monkeypatch.setattr(acceleration, "has_bf16", lambda device: False)
    assert fastest()[0].words == "plain"


def test_measuring_leaves_the_network_and_the_random_state_alone():
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    before, state = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    assert acceleration.rate(model, (1, 28, 28), 10, torch.device("cpu"), parse("channels-last"), 8) > 0
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in model.parameters())


def test_a_step_is_timed_to_its_end(monkeypatch):
    done = []

    class Net:
        begin = staticmethod(lambda: done.append("begin"))
        end = staticmethod(lambda: done.append("end"))

        def outputs(self, inputs):
            done.append("outputs")
            return inputs.flatten(1)[:, :10].requires_grad_()

    monkeypatch.setattr(acceleration.time, "perf_counter", lambda: float(len(done)))
    assert acceleration._seconds(Net(), shades(), torch.arange(4)) == 3.0 and done == ["begin", "outputs", "end"]


def test_gradients_are_compared_unless_only_features_are_wanted(monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_BF16", "on")
    asked = []
    monkeypatch.setattr(acceleration, "refused", lambda model, inputs, device, gradients: asked.append(gradients) or "")
    acceleration.choose(network("lenet5"), shades(), CPU)
    acceleration.choose(network("lenet5"), shades(), CPU, gradients=False)
    assert asked == [True, False]


@pytest.mark.parametrize(
    ("off", "slope", "gradients", "why"),
    [
        (0.1, [0.0, 1.0], True, ""),
        (0.11, [0.0, 1.0], True, "logits are off by 11%"),
        (0.0, [0.43, 0.9], True, ""),  # a cosine of 0.902
        (0.0, [0.44, 0.9], True, "gradients point elsewhere"),  # 0.898
        (0.0, [0.44, 0.9], False, ""),
        (0.0, [float("nan"), 1.0], True, "numbers are no longer finite"),
        (0.0, [0.0, float("inf")], True, "numbers are no longer finite"),
    ],
)
def test_how_far_bfloat16_may_be_off(monkeypatch, off, slope, gradients, why):
    def tried(model, inputs, speed, device, gradients):
        return torch.zeros(2, 2), torch.tensor(slope if speed.bf16 else [0.0, 1.0])

    monkeypatch.setattr(acceleration, "_tried", tried)
    monkeypatch.setattr(acceleration, "centred_error", lambda rough, exact: off)
    found = acceleration.refused(nn.Linear(2, 2), torch.zeros(2, 2), CPU, gradients)
    assert found.startswith(why) and bool(found) is bool(why)


@pytest.mark.parametrize(
    ("layers", "device", "worth"),
    [
        ([nn.Conv2d(4, 4, 3, groups=4), nn.BatchNorm2d(4)], "cpu", False),
        ([nn.Conv2d(4, 4, 3, groups=4), nn.BatchNorm2d(4)], "cuda", True),
        ([nn.Conv2d(4, 4, 3, groups=4)], "cpu", True),
        ([nn.Conv2d(4, 4, 3, groups=2), nn.BatchNorm2d(4)], "cpu", True),
        ([nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)], "cpu", True),  # of one channel, in one group
    ],
)
def test_depthwise_convolutions_between_batch_norms_are_not_halved_on_a_processor(layers, device, worth):
    assert acceleration._worth_halving(nn.Sequential(*layers), torch.device(device)) is worth
