"""Loss scaling of float16: the rule of the scale, and whole trainings on a CPU, whose autocast stands in for a GPU's."""

import copy
import signal

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.base.files import read_json
from clearsight.training import build, loop
from clearsight.training.api import resume, train
from clearsight.training.compute import loss_scale
from clearsight.training.compute.training_model import Speed, TrainingModel, parse
from clearsight.training.interrupt import Interrupted, NotFinite
from clearsight.training.storage.checkpoint import Counters
from tests.pictures import digit_arrays

DATA = digit_arrays(24)
GIVEN = {"model": "lenet5", "epochs": 2, "batch": 32, "augment": "crop:1", "quiet": True, "lr": 0.01}


def trained(folder, **settings):
    return train(DATA, out=str(folder), **{**GIVEN, **settings})


@pytest.fixture
def anywhere(monkeypatch):
    """Allow float16 on the CPU."""
    monkeypatch.setattr(build, "_require_gpu", lambda *_: None)


def test_the_scale_is_that_of_torchs_scaler(monkeypatch):
    monkeypatch.setattr(loss_scale, "GROWTH_STEPS", 3)
    theirs = torch.amp.GradScaler("cpu", init_scale=loss_scale.FIRST, growth_interval=3)
    p = torch.nn.Parameter(torch.zeros(1))
    sgd, counters = torch.optim.SGD([p], lr=0.0), Counters()
    for finite in [False, True, True, True, True, False, True, True, True, True, True, True, False]:
        assert loss_scale.current(counters, True) == theirs.get_scale()
        p.grad = theirs.scale(torch.ones(1)) * (1.0 if finite else torch.inf)
        theirs.step(sgd)
        theirs.update()
        assert loss_scale.skipped(counters, finite, lambda line: None) is not finite
    assert counters.scale == theirs.get_scale() and counters.skipped == 3
    assert loss_scale.current(Counters(), False) == 1


def test_a_skipped_step_is_reported_and_an_overflow_without_scale_is_none():
    counters, lines = Counters(epoch=1, step=4, scale=2.0), []
    assert loss_scale.skipped(counters, False, lines.append)
    assert lines == ["epoch 2, step 5: gradients overflow float16. The step is skipped (1 so far) and the loss scale halved to 1"]
    assert not loss_scale.skipped(counters, False, lines.append) and len(lines) == 1


@pytest.mark.parametrize("more", [{}, {"clip": 0.5, "accumulate": 2, "ema": 0.9}, {"optimizer": "sgd", "mix": "mixup"}])
def test_scaled_gradients_train_the_same_weights_bit_for_bit(more, anywhere, tmp_path, monkeypatch):
    """A power of two commutes with rounding: with products in float32 the scale has no effect, through clipping and accumulation."""
    monkeypatch.setattr(loss_scale, "GROWTH_STEPS", 3)
    plain = trained(tmp_path / "plain", speed="plain", **more)
    made = TrainingModel.__init__

    def single(self, *words, **names):
        made(self, *words, **names)
        self.autocast = False

    monkeypatch.setattr(TrainingModel, "__init__", single)
    monkeypatch.setattr("clearsight.training.compute.training_model.by_autocast", lambda *_: False)
    scaled = trained(tmp_path / "scaled", speed="fp16", **more)
    expected = plain.classifier.model.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in scaled.classifier.model.state_dict().items())
    assert read_json(scaled.run / "run.json")["speed"] == "fp16"


def overflowing(monkeypatch, at):
    """Make the gradients of these updates infinite; returns the list of the weights before and after each."""
    end, count, seen = TrainingModel.end, [0], []

    def ended(self):
        end(self)
        count[0] += 1
        seen.append(copy.deepcopy(self.net.state_dict()))
        if count[0] in at:
            next(self.net.parameters()).grad[0] = torch.inf

    monkeypatch.setattr(TrainingModel, "end", ended)
    return seen


def test_an_overflow_leaves_the_step_out_and_the_training_goes_on(anywhere, tmp_path, monkeypatch, capsys):
    seen = overflowing(monkeypatch, at={2})
    made = trained(tmp_path / "run", speed="fp16", quiet=False)
    assert torch.equal(*(next(iter(weights.values())) for weights in seen[1:3]))  # the second step moved nothing
    assert not torch.equal(*(next(iter(weights.values())) for weights in seen[2:4]))
    said = [line for line in capsys.readouterr().err.splitlines() if "overflow" in line]
    assert said == ["epoch 1, step 2: gradients overflow float16. The step is skipped (1 so far) and the loss scale halved to 32768"]
    assert made.classifier.facts["skipped_steps"] == 1 and made.classifier.facts["speed"] == "fp16"


def test_gradients_that_stay_infinite_end_the_training(anywhere, tmp_path, monkeypatch):
    overflowing(monkeypatch, at=range(100))
    with pytest.raises(NotFinite, match="--speed plain"):
        trained(tmp_path / "run", speed="fp16", epochs=10)


def test_a_stopped_run_continues_with_its_scale_bit_for_bit(anywhere, tmp_path, monkeypatch):
    monkeypatch.setattr(loss_scale, "GROWTH_STEPS", 2)
    whole = trained(tmp_path / "whole", speed="fp16")
    step, count = loop._step, [0]

    def counted(*words):
        count[0] += 1
        if count[0] == 4:
            words[-1].asked = signal.SIGTERM
        return step(*words)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_step", counted)
        with pytest.raises(Interrupted):
            trained(tmp_path / "run", speed="fp16")
    resume(tmp_path / "run", data=DATA, quiet=True)
    assert (tmp_path / "run/model.safetensors").read_bytes() == (whole.run / "model.safetensors").read_bytes()


def test_float16_on_a_cpu_is_refused_in_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"^--speed fp16 needs a GPU, and this training is on the CPU: say bf16, or leave it out\.$"):
        trained(tmp_path / "run", speed="fp16", device="cpu")
    assert not (tmp_path / "run").exists()


def test_the_words_of_a_speed_are_read_back():
    speed = Speed(fp16=True, channels_last=True)
    assert speed.words == "fp16 channels-last" and speed.half == torch.float16
    assert parse(speed.words) == speed and Speed().half is None
