"""Files of tensors: state dicts and checkpoints, never code; and their values under our names."""

import pytest
import torch
from safetensors.torch import save_file

from clearsight import models
from clearsight.base.errors import CorruptFile
from clearsight.weights.torchvision import read, translate

STATE = {"a.weight": torch.arange(4.0).view(2, 2), "a.bias": torch.ones(2)}


@pytest.mark.parametrize(
    ("stored", "classes"),
    [
        (STATE, ()),
        ({"state_dict": STATE, "epoch": 3}, ()),
        ({"model": {f"module.{name}": value for name, value in STATE.items()}, "classes": ["cat", "dog"]}, ("cat", "dog")),
        ({"model": STATE, "class_to_idx": {"dog": 1, "cat": 0}}, ("cat", "dog")),
        ({"model": STATE, "class_names": [1, 2]}, ()),
    ],
    ids=["state", "checkpoint", "parallel", "indices", "not names"],
)
def test_what_torch_saves(stored, classes, tmp_path):
    torch.save(stored, tmp_path / "x.pth")
    found = read(tmp_path / "x.pth")
    assert found.classes == classes and found.values.keys() == STATE.keys()
    assert all(torch.equal(value, STATE[name]) for name, value in found.values.items())


def test_safetensors(tmp_path):
    save_file(STATE, tmp_path / "x.safetensors")
    assert torch.equal(read(tmp_path / "x.safetensors").values["a.bias"], STATE["a.bias"])


class Evil:
    def __reduce__(self):
        return print, ("ran",)


@pytest.mark.parametrize(
    ("stored", "says"),
    [(Evil(), "holds objects or code"), ([1], "tensors by name"), ({}, "tensors by name"), ({"a": 1}, "tensors by name")],
    ids=["code", "list", "empty", "numbers"],
)
def test_what_is_not_weights_alone(stored, says, tmp_path, capsys):
    torch.save(stored, tmp_path / "x.pth")
    with pytest.raises(CorruptFile, match=says):
        read(tmp_path / "x.pth")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
def test_rubbish(name, tmp_path):
    (tmp_path / name).write_bytes(b"rubbish" * 100)
    with pytest.raises(CorruptFile, match=name):
        read(tmp_path / name)


def test_names_by_rules_and_convolutions_as_linear_layers():
    model = models.build("pixels", 3, channels=1, height=2, width=2)
    values = {
        "head.weight": torch.rand(3, 4, 1, 1),
        "head.bias": torch.zeros(3),
        "other": torch.ones(1),
        "num_batches_tracked": torch.ones(1),
    }
    found = translate(values, model, {"linear.*": "head.{0}"})
    assert found.keys() == {"linear.weight", "linear.bias", "other"}
    assert torch.equal(found["linear.weight"], values["head.weight"].flatten(1))
