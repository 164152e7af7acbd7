"""Signals stop a run between two steps; a value that is not finite is traced to its layer."""

import signal
import subprocess
import sys
import threading

import pytest
import torch
from torch import nn

from clearsight.training.interrupt import Interrupted, NotFinite, Stop, name_the_layer

STOPPED = """
import os, signal
from clearsight.training.interrupt import Interrupted, Stop
for number in (signal.SIGTERM, signal.SIGINT):
    before = signal.getsignal(number)
    with Stop() as stop:
        stop.check()
        os.kill(os.getpid(), number)
        try:
            stop.check()
        except Interrupted as error:
            print(error.exit_code, error, signal.getsignal(number) == stop._ask)
    assert signal.getsignal(number) == before
"""


def test_a_signal_is_noted_and_raised_when_asked():
    """In a process of its own: that of the tests has loaded libraries that take signals too."""
    found = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True)
    saved = "everything up to this step is saved."
    assert found.stdout.splitlines() == [f"143 stopped by SIGTERM; {saved} True", f"130 stopped by SIGINT; {saved} True"], found.stderr


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
