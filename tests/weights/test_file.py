"""Files by their path alone: layout, network, input size and class names are found in them or next to them."""

import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
import torch

import clearsight
from clearsight import models, weights
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.weights import keras
from tests.models.peers import randomised


def saved(path, values):
    torch.save(values, path)
    return str(path)


@pytest.fixture(scope="module")
def squeezenet():
    return randomised(models.build("squeezenet1_1", 3))


@pytest.mark.parametrize("theirs", ["features.", "trunk."])  # torchvision's names, and ours
def test_the_layout_is_found_by_the_names(theirs, squeezenet, tmp_path):
    path = saved(tmp_path / "x.pth", {name.replace("trunk.", theirs): value for name, value in squeezenet.state_dict().items()})
    loaded = weights.load(path)
    assert loaded.architecture == "squeezenet1_1" and loaded.classes == ("0", "1", "2")
    assert all(torch.equal(value, loaded.model.state_dict()[name]) for name, value in squeezenet.state_dict().items())
    assert weights.read(path, model="squeezenet1_1").architecture == "squeezenet1_1"
    assert clearsight.load(path).classify(np.zeros((9, 9, 3), np.uint8)).label in "012"


def test_timms_layout_is_found_by_its_names(tmp_path):
    model = randomised(models.build("resnetv2_50", 4))  # of which timm alone says head.fc
    path = saved(tmp_path / "x.pth", {name.replace("fc.", "head.fc."): value for name, value in model.state_dict().items()})
    assert weights.load(path).architecture == "resnetv2_50"


def test_a_file_is_an_origin_and_a_folder_is_not(tmp_path):
    (tmp_path / "run.pth").mkdir()
    assert weights.is_origin("x.pth") and weights.is_origin("a/x.SAFETENSORS") and weights.is_origin("x.keras")
    assert not weights.is_origin(str(tmp_path / "run.pth")) and not weights.is_origin("runs/x") and not weights.is_origin("x.csv")
    assert (weights.short("a/dogs.pth"), weights.short("torchvision:a/x.pth")) == ("dogs", "torchvision-x.pth")


@pytest.mark.parametrize("stored", [{"classes": ["cat", "cow", "hen"]}, {"class_to_idx": {"hen": 2, "cat": 0, "cow": 1}}])
def test_class_names_of_a_checkpoint(stored, squeezenet, tmp_path):
    path = saved(tmp_path / "x.pth", {"state_dict": squeezenet.state_dict(), **stored})
    assert weights.load(path).classes == ("cat", "cow", "hen")
    saved(tmp_path / "x.pth", {"state_dict": squeezenet.state_dict(), "classes": ["of", "another"]})
    assert weights.load(path).classes == ("0", "1", "2")


def test_class_names_next_to_a_file(squeezenet, tmp_path):
    path, listing = saved(tmp_path / "x.pth", squeezenet.state_dict()), tmp_path / "x.classes.txt"
    listing.write_text("chat\nbœuf\n\npoule\n", encoding="utf-8")
    assert weights.load(path).classes == ("chat", "bœuf", "poule")
    listing.write_text("cat\ncat\nhen\n")
    with pytest.raises(UsageError, match=r"x\.classes\.txt must name 3 classes, each once, one per line\. It has 3 lines\."):
        weights.load(path)


def keras_file(path, config, groups):
    """A `.keras` archive: its configuration, and layers by their place in the file of weights; early versions stored no names."""
    h5py = pytest.importorskip("h5py")
    stream = BytesIO()
    with h5py.File(stream, "w") as file:
        for place, arrays in groups.items():
            for i, array in enumerate(arrays):
                file[f"{place}/vars/{i}"] = array
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", stream.getvalue())
    return path


def layer(kind, name, **more):
    return {"class_name": kind, "config": {"name": name, **more}}


def test_early_keras_3_names_its_layers_in_its_configuration_alone(tmp_path):
    inner = layer("Functional", "base", layers=[layer("InputLayer", "in"), layer("Conv2D", "stem"), layer("BatchNormalization", "stem_bn"),
                                                layer("Conv2D", "second")])  # fmt: skip
    outer = layer("Sequential", "dogs", layers=[layer("InputLayer", "x", batch_shape=[None, 160, 120, 3]), inner, layer("Dense", "answer")])
    arrays = [np.full((2,), i, np.float32) for i in range(4)]
    path = keras_file(tmp_path / "x.keras", outer, {
        "layers/functional/layers/conv2d": arrays[:1], "layers/functional/layers/conv2d_1": arrays[1:2],
        "layers/functional/layers/batch_normalization": arrays[2:3], "layers/dense": arrays[3:],
    })  # fmt: skip
    found = keras.read(path)
    assert {name: values[0][0] for name, values in found.values.items()} == {"stem": 0, "second": 1, "stem_bn": 2, "answer": 3}
    assert (found.name, found.size) == ("dogs", (160, 120))


def test_weights_of_early_keras_3_alone_have_no_names(tmp_path):
    path = keras_file(tmp_path / "x.keras", {}, {"layers/dense": [np.zeros(2)]})
    with pytest.raises(ClearsightError, match=r"early Keras 3, without the names of layers: save the whole model, as \.keras"):
        keras.read(path)


@pytest.mark.parametrize(("side", "expected"), [(160, 160), (48, 224)])  # up to 64 px the network here has another stem
def test_the_input_size_is_that_of_the_configuration(side, expected, tmp_path):
    h5py = pytest.importorskip("h5py")
    model = randomised(models.build("mobilenet.keras", 3))
    rules = models.family("mobilenet.keras").NAMES["keras"]
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        names = []
        for name, module in model.named_modules():
            values = [value.numpy() for key, value in module.state_dict().items() if "." not in key and value.ndim]
            if not values:
                continue
            theirs = keras.renamed(name, rules)
            if values[0].ndim == 4:
                values[0] = values[0].transpose(2, 3, 0, 1) if module.groups > 1 else values[0].transpose(2, 3, 1, 0)
            values[0] = values[0].T if values[0].ndim == 2 else values[0]
            names.append(theirs)
            group = file.create_group(theirs)
            group.attrs["weight_names"] = [str(i) for i in range(len(values))]
            for i, value in enumerate(values):
                group[str(i)] = value
        file.attrs["layer_names"] = names
        shape = [None, side, side, 3]
        file.attrs["model_config"] = json.dumps(layer("Functional", "m", layers=[layer("InputLayer", "i", batch_input_shape=shape)]))
    loaded = weights.load(str(path))
    assert (loaded.architecture, loaded.preprocessing.height, loaded.preprocessing.width) == ("mobilenet.keras", expected, expected)
