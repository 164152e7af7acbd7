"""Without any peer: Keras' layouts by hand, files that do not fit, other classes and other channels."""

import re

import pytest
import safetensors.torch
import torch
from torch import nn

from clearsight import models, weights
from clearsight.base.errors import ClearsightError, CorruptFile, UsageError
from clearsight.weights import keras
from clearsight.weights.names import Mismatch


@pytest.fixture
def resnet(tmp_path):
    """A file of torchvision's kind, and its network."""
    model = models.build("resnet18", 4, seed=3).eval()
    path = tmp_path / "resnet18-f37072fd.pth"
    torch.save(model.state_dict(), path)
    return model, path


def same(first, second):
    assert all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())


def test_files_of_tensors(resnet, tmp_path):
    model, path = resnet
    loaded = weights.load(f"torchvision:{path}", classes=["a", "b", "c", "d"])
    same(model, loaded.model)
    assert (loaded.architecture, loaded.classes, loaded.model.training) == ("resnet18", ("a", "b", "c", "d"), False)
    assert loaded.preprocessing == models.preprocessing("resnet18")
    wrapped = {"state_dict": {f"module.{key}": value for key, value in model.state_dict().items()}, "epoch": 3}
    torch.save(wrapped, tmp_path / "resnet18-checkpoint.pth")
    safetensors.torch.save_file(model.state_dict(), tmp_path / "resnet18.safetensors")
    for name in ("resnet18-checkpoint.pth", "resnet18.safetensors"):
        same(model, weights.load(f"timm:{tmp_path / name}").model)


def test_names_of_older_files(tmp_path):
    model = models.build("densenet121", 4, channels=3, seed=3).eval()
    older = {re.sub(r"(layer\d+\.\w+)(\d)", r"\1.\2", key): value for key, value in model.state_dict().items()}
    assert "features.denseblock4.denselayer16.norm.2.running_var" in {key.replace("trunk", "features") for key in older}
    torch.save({key.replace("trunk", "features"): value for key, value in older.items()}, tmp_path / "densenet121.pth")
    same(model, weights.load(f"torchvision:{tmp_path / 'densenet121.pth'}", model="densenet121").model)


def test_another_head_and_other_channels(resnet):
    model, path = resnet
    with pytest.raises(UsageError, match=r"has 4 classes and 3 names came. Make a new head for them with --resize-head"):
        weights.load(f"torchvision:{path}", classes=["x", "y", "z"])
    first, second = (weights.load(f"torchvision:{path}", classes=["x", "y", "z"], resize_head=True, channels=1, seed=5) for _ in range(2))
    same(first.model, second.model)
    assert first.model.head.out_features == 3 and first.preprocessing.channels == 1 and first.classes == ("x", "y", "z")
    models.build("resnet18", 3, channels=1).load_state_dict(first.model.state_dict())  # as an artefact will
    grey = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(first.model.features(grey), model.features(grey.expand(-1, 3, -1, -1)), rtol=1e-4, atol=1e-5)


def test_a_file_without_a_head(resnet, tmp_path):
    model, _ = resnet
    torch.save({key: value for key, value in model.state_dict().items() if not key.startswith("fc.")}, tmp_path / "no-top.pth")
    with pytest.raises(Mismatch, match="has no head: train with --resize-head"):
        weights.load(f"torchvision:{tmp_path / 'no-top.pth'}", model="resnet18")
    loaded = weights.load(f"torchvision:{tmp_path / 'no-top.pth'}", model="resnet18", classes=["x", "y", "z"], resize_head=True)
    assert torch.equal(loaded.model.conv1.weight, model.conv1.weight) and loaded.model.head.out_features == 3


def test_weights_of_another_network(resnet):
    _, path = resnet
    with pytest.raises(Mismatch) as caught:
        weights.load(f"torchvision:{path}", model="resnet34")
    said = str(caught.value)
    assert "does not fit the network (- wanted, + in the file):\n  - layer1.2.bn1.bias (64,)" in said
    assert said.endswith("The file was read as the weights of resnet34, as given.")


def test_the_network_that_comes_nearest_is_shown(resnet, tmp_path, monkeypatch):
    model, _ = resnet
    monkeypatch.setattr(models, "names", lambda: ["pixels", "lenet5", "resnet50", "resnet34", "resnet18", "seresnet18"])
    torch.save({**model.state_dict(), "layer1.0.conv1.weight": torch.zeros(64, 64, 5, 5)}, tmp_path / "resnet18-mine.pth")
    with pytest.raises(Mismatch) as caught:
        weights.load(f"torchvision:{tmp_path / 'resnet18-mine.pth'}")
    lines = str(caught.value).splitlines()
    assert lines[1:3] == ["  - layer1.0.conv1.weight (64, 64, 3, 3)", "  + layer1.0.conv1.weight (64, 64, 5, 5)"]
    assert lines[3].startswith("The file was read as the weights of resnet18, which comes nearest: if it is another network, name it")


def test_auxiliary_heads_are_made_anew_as_well(tmp_path):
    torch.save(models.build("googlenet", 5).state_dict(), tmp_path / "googlenet.pth")
    loaded = weights.load(f"torchvision:{tmp_path / 'googlenet.pth'}", classes=["x", "y", "z"], resize_head=True)
    models.build("googlenet", 3).load_state_dict(loaded.model.state_dict())
    assert weights.heads("googlenet", 3, 224, 224) == {
        f"{name}.{kind}" for name in ("fc", "aux1.fc2", "aux2.fc2") for kind in ("weight", "bias")
    }


@pytest.mark.parametrize(
    ("origin", "options", "says"),
    [
        ("resnet18", {}, "no origin of weights is called 'resnet18'"),
        ("nowhere.pth", {}, r"there is no file nowhere\.pth\."),
        ("kreas:x.h5", {}, "Did you mean keras:"),
        ("keras:nowhere.h5", {}, "there is no file nowhere.h5: an origin is STORE:FILE"),
        ("keras:.", {}, "is a folder, where keras:FILE is one file"),
        ("torchvision:https://example.org/x.pth", {}, r"is an address: download the file \(curl -LO\)"),
        ("torchvision:resnet18", {"model": "resnet34"}, "has the weights of resnet18, and --model is resnet34"),
        ("keras:x.h5", {"resize_head": True}, "a new head needs the names of at least 2 classes. Got 0"),
    ],
)
def test_origins_that_cannot_be(origin, options, says):
    with pytest.raises(UsageError, match=says):
        weights.load(origin, **options)


def test_files_that_are_not_weights(tmp_path, monkeypatch):
    (tmp_path / "x.pth").write_bytes(b"nothing")
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"code": nn.Linear(1, 1)}, tmp_path / "code.pth")  # a whole module: a pickle that would run code
    torch.save({}, tmp_path / "nothing.pth")
    whole = {**models.build("resnet18", 4).state_dict(), "fc.bias": torch.tensor([0, 1, float("nan"), 2])}
    torch.save(whole, tmp_path / "nan.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "nan.pth").read_bytes()[:-1000])
    (tmp_path / "empty.pth").touch()
    for name in ("x.pth", "x.safetensors", "list.pth", "code.pth", "nothing.pth", "nan.pth", "cut.pth", "empty.pth"):
        with pytest.raises(CorruptFile, match=name):
            weights.load(f"torchvision:{tmp_path / name}", model="resnet18")
    monkeypatch.setattr(models, "names", lambda: ["pixels", "resnet18"])
    torch.save({"a": torch.zeros(1)}, tmp_path / "foreign.pth")
    with pytest.raises(Mismatch, match=r"has the weights of no network here: nothing in it fits any. It has a\."):
        weights.load(f"torchvision:{tmp_path / 'foreign.pth'}")


@pytest.mark.parametrize(("missing", "origin"), [("h5py", "keras"), ("timm", "timm")])
def test_an_extra_that_is_missing_is_named(missing, origin, tmp_path, monkeypatch):
    def absent(name):
        assert name == missing
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(keras.importlib, "import_module", absent)
    path = tmp_path / "x.h5"
    path.write_bytes(b"")
    with pytest.raises(ClearsightError, match=rf"needs {missing}.*pip install 'clearsight\[{origin}\]'"):
        weights.load(f"keras:{path}") if origin == "keras" else weights.load("timm:resnet50")


def test_imagenet_has_a_thousand_names():
    names = weights.class_names(1000)
    assert len(set(names)) == 1000 and names[0] == "tench" and names[999] == "toilet tissue" and weights.class_names(3) == ("0", "1", "2")
