"""Without any peer: Keras' layouts by hand, files that do not fit, other classes and other channels."""

import re

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from clearsight import models, weights
from clearsight.base.errors import ClearsightError, CorruptFile, UsageError
from clearsight.images.preprocess import KERAS_CAFFE
from clearsight.weights import adapt, keras, timm
from clearsight.weights.names import Mismatch


class Net(models.Model):
    """A layer of each kind."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, (2, 1))
        self.depth = nn.Conv2d(3, 6, 2, groups=3, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.bare = nn.BatchNorm2d(6)
        self.bare.weight = None
        self.ln = nn.LayerNorm(4)
        self.fc1 = nn.Linear(2 * 3 * 4, 5)
        self.fc = nn.Linear(5, 2)


RULES = {name: f"k_{name}" for name in ("conv", "bn", "bare", "ln", "fc1", "fc")} | {"depth": "sep/depthwise"}


def layers():
    count = iter(range(1, 10**6))

    def array(*shape):
        return np.array([next(count) for _ in range(np.prod(shape))], np.float32).reshape(shape)

    return {
        "k_conv": [array(2, 1, 2, 3), array(3)],
        "sep/depthwise": [array(2, 2, 3, 2)],
        "k_bn": [array(6), array(6), array(6), array(6)],
        "k_bare": [array(6), array(6), array(6)],
        "k_ln": [array(4), array(4)],
        "k_fc1": [array(3 * 4 * 2, 5), array(5)],
        "k_fc": [array(1, 1, 5, 2), array(2)],
    }


def test_keras_layouts_give_keras_numbers():
    """Every value by its definition: index by index, not by the transposition that the reader does."""
    given, net = layers(), Net()
    state = keras.translate(given, net, RULES, {"fc1": (2, 3, 4)})
    net.load_state_dict(state, strict=False)
    assert set(state) == {key for key in net.state_dict() if "num_batches" not in key}
    kernel = given["k_conv"][0]
    assert all(net.conv.weight[o, i, h, 0] == kernel[h, 0, i, o] for o in range(3) for i in range(2) for h in range(2))
    kernel = given["sep/depthwise"][0]
    assert all(
        net.depth.weight[2 * c + m, 0, h, w] == kernel[h, w, c, m] for c in range(3) for m in range(2) for h in (0, 1) for w in (0, 1)
    )
    gamma, beta, mean, variance = given["k_bn"]
    assert np.array_equal(
        torch.stack([net.bn.weight, net.bn.bias, net.bn.running_mean, net.bn.running_var]).detach(), [gamma, beta, mean, variance]
    )
    assert np.array_equal(torch.stack([net.bare.bias, net.bare.running_mean, net.bare.running_var]).detach(), given["k_bare"])
    assert np.array_equal(torch.stack([net.ln.weight, net.ln.bias]).detach(), given["k_ln"])
    x = torch.arange(24.0).view(1, 2, 3, 4)
    flat = x.permute(0, 2, 3, 1).reshape(1, -1).numpy()  # as Keras flattens
    assert np.allclose(net.fc1(x.flatten(1)).detach(), flat @ given["k_fc1"][0] + given["k_fc1"][1])
    assert np.array_equal(net.fc.weight.detach(), given["k_fc"][0][0, 0].T)


def test_what_does_not_belong_keeps_its_name():
    given = layers()
    given["stranger"] = [np.zeros(3, np.float32)]
    given["k_bn"] = given["k_bn"][1:]  # γ is missing
    del given["k_conv"]
    state = keras.translate(given, Net(), RULES, {})
    assert "stranger 0" in state and "bn.weight" not in state and "bn.bias" in state and "conv.weight" not in state


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


@pytest.mark.parametrize("channels", [1, 2, 4, 6, 7])
def test_more_channels_answer_as_strongly(channels):
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 5, 3, 2, 1))
    old = net[1].weight.detach()
    adapt.new_channels(net, channels)
    assert net[1].weight.shape == (5, channels, 3, 3) and (net[1].stride, net[1].padding) == ((2, 2), (1, 1))
    if channels != 2:  # a colour is missing
        uniform = torch.ones(1, channels, 9, 9)
        if channels % 3 == 0 or channels == 1:
            torch.testing.assert_close(net(uniform), nn.functional.conv2d(uniform[:, :1].expand(-1, 3, -1, -1), old, net[1].bias, 2, 1))
    with pytest.raises(UsageError, match="without a plain first convolution"):
        adapt.new_channels(nn.Sequential(nn.Linear(2, 2)), channels)


def test_grey_is_normalised_with_the_mean_of_the_colours():
    grey = adapt.new_preprocessing(KERAS_CAFFE, 1)
    assert (grey.channels, grey.order) == (1, "rgb") and grey.mean[0] * 255 == pytest.approx((103.939 + 116.779 + 123.68) / 3)


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


def test_timms_facts_are_a_preprocessing():
    facts = {"input_size": (3, 240, 256), "interpolation": "random", "mean": (0.1, 0.2, 0.3), "std": (1, 1, 1), "crop_pct": 0.9}
    found = timm.preprocessing(facts)
    assert (found.height, found.width, found.interpolation, found.crop_fraction, found.mean) == (240, 256, "bicubic", 0.9, (0.1, 0.2, 0.3))


def test_imagenet_has_a_thousand_names():
    names = weights.class_names(1000)
    assert len(set(names)) == 1000 and names[0] == "tench" and names[999] == "toilet tissue" and weights.class_names(3) == ("0", "1", "2")


def test_mobilenetv2_by_the_names_that_keras_gave_its_layers_at_first():
    """In which its published weights are said to be: mobl1_conv_1_expand for block_1_expand, Logits for predictions."""
    net = models.build("mobilenetv2.keras", 2)
    first = {
        "": [conv for conv in net.modules() if isinstance(conv, nn.Conv2d)],
        "bn_": [n for n in net.modules() if isinstance(n, nn.BatchNorm2d)],
    }
    numbered = [(0, "depthwise"), (0, "project"), *((i, what) for i in range(1, 17) for what in ("expand", "depthwise", "project"))]
    names = {"": ["Conv1", *(f"mobl{i}_conv_{i}_{what}" for i, what in numbered), "Conv_1"]}
    names["bn_"] = ["bn_Conv1", *(f"bn{i}_conv_{i}_bn_{what}" for i, what in numbered), "Conv_1_bn"]
    given = {"Logits": [net.head.weight.detach().numpy().T, net.head.bias.detach().numpy()]}
    for kind, modules in first.items():
        for name, module in zip(names[kind], modules, strict=True):
            arrays = [value.detach().numpy() for value in module.state_dict().values() if value.ndim]
            given[name] = [a.transpose(2, 3, *((0, 1) if module.groups > 1 else (1, 0))) for a in arrays] if kind == "" else arrays
    state = keras.translate(given, net, models.family("mobilenetv2.keras").NAMES["keras"], {})
    expected = {name: value for name, value in net.state_dict().items() if value.ndim}
    assert set(state) == set(expected) and all(torch.equal(state[name], expected[name]) for name in state)
