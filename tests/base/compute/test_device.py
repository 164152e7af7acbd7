"""A device that is not there is said; what made a number is known."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from clearsight.base.compute import device
from clearsight.base.errors import UsageError


@pytest.mark.parametrize("name", ["", "warp", "cuda:9999", "cuda:-1", "cpu:x", "meta", "hpu", "GPU"])
def test_a_device_that_cannot_be_used(name):
    with pytest.raises(UsageError, match="cannot be used here") as caught:
        device.pick_device(name)
    assert str(caught.value).endswith("Leave it out, or say cpu.") and "\n" not in str(caught.value)


def test_auto_prefers_what_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.pick_device("auto").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device.pick_device().type == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert device.pick_device() == torch.device("cpu") == device.pick_device("cpu")


def test_hardware_is_named_in_plain_values():
    facts = device.hardware()
    assert all(isinstance(value, str | int) and value != "" for value in facts.values())
    assert facts["torch"] == torch.__version__ and facts["threads"] == torch.get_num_threads()


def test_only_shapes_are_made_and_nothing_is_drawn():
    before = torch.get_rng_state()
    with device.shapes_only():
        layer = torch.nn.Conv2d(3, 4, 3)
        torch.nn.init.normal_(layer.weight)
    assert layer.weight.is_meta and layer.weight.shape == (4, 3, 3, 3) and torch.equal(before, torch.get_rng_state())
    with device.shapes_only():
        there = torch.nn.init.normal_(torch.zeros(1000, device="cpu"))
    assert 0.9 < float(there.std()) < 1.1  # what has values is drawn as ever
    torch.set_rng_state(before)


def test_no_draw_without_values_reaches_torch():
    """torch would import its compiler for it, which takes seconds."""

    class Seen(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            names.append(str(function))
            return function(*args, **(kwargs or {}))

    names = []
    with Seen(), device.shapes_only():
        weight = torch.nn.Linear(3, 4).weight
        torch.nn.init.normal_(weight)
        torch.nn.init.uniform_(tensor=weight)
        torch.nn.init.kaiming_uniform_(weight)
    assert names and not [name for name in names if "normal" in name or "uniform" in name]
