"""Signals stop a run between two steps; a value that is not finite is traced to its layer."""

import os
import signal
import threading

import pytest
import torch
from torch import nn

from clearsight.training.interrupt import Interrupted, NotFinite, Stop, name_the_layer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_noted_and_raised_when_asked(number):
    before = signal.getsignal(number)
    with Stop() as stop:
        stop.check()
        assert signal.getsignal(number) == stop._ask  # else the signal ends the process of the tests, and nothing says why
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted, match=f"stopped by {signal.Signals(number).name}") as found:
            stop.check()
    assert found.value.exit_code == 128 + number and signal.getsignal(number) == before


def test_a_second_ctrl_c_does_not_wait():
    with Stop() as stop:
        stop._ask(signal.SIGINT, None)
        with pytest.raises(KeyboardInterrupt):
            stop._ask(signal.SIGINT, None)
        stop._ask(signal.SIGTERM, None)
        assert stop.asked == signal.SIGTERM


def test_another_processs_signal_leaves_as_well():
    with pytest.raises(Interrupted, match="SIGTERM"):
        Stop().leave()


def test_another_thread_sets_no_handlers():
    before, seen = signal.getsignal(signal.SIGINT), []

    def enter():
        with Stop():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]


def test_how_to_go_on_is_said():
    assert str(Interrupted(signal.SIGINT, "clearsight train --resume x")).endswith("Resume with: clearsight train --resume x")
    said = str(NotFinite(1, 4, "conv1", float("nan"), 0.3, half=True))
    assert "epoch 2, batch 5: loss nan" in said and "'conv1'" in said and "--lr 0.1, or --clip 1, or --speed plain" in said


class Broken(nn.Module):
    def forward(self, x):
        return x / 0


def test_the_layer_of_the_first_value_that_is_not_finite():
    x = torch.ones(2, 3)
    assert name_the_layer(nn.Sequential(nn.Linear(3, 3), Broken(), nn.ReLU()), x) == "1"
    assert name_the_layer(nn.Sequential(nn.Linear(3, 3)), x / 0) == "input"
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    assert name_the_layer(model, x) == "loss"
    model[0].bias.grad = torch.full((3,), float("inf"))
    model[1].weight.grad = torch.zeros(1, 3)
    assert name_the_layer(model, x) == "0.bias"
    assert not any(module._forward_hooks for module in model.modules())
