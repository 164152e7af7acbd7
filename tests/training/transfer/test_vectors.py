"""Vectors of readouts are computed once: in a run, and, where they are kept, for the same pictures and the same network ever after."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from clearsight import models
from clearsight.base.files import cache_folder
from clearsight.classifier import load
from clearsight.datasets.loader import Held
from clearsight.images.preprocess import Preprocessing
from clearsight.training.api import train
from clearsight.training.interrupt import Stop
from clearsight.training.transfer import vectors

WAY = {"tune": "head", "keep": "last", "val": 0.0, "quiet": True}


@pytest.fixture(scope="module")
def data():
    pictures, labels = load_digits(return_X_y=True)
    return np.round(pictures.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8).repeat(4, 1).repeat(4, 2)[:120], labels[:120]


@pytest.fixture(scope="module")
def start(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("start") / "run"
    train(data, out=str(folder), model="lenet5", epochs=1, batch=32, speed="plain", quiet=True)
    return str(folder)


@pytest.fixture
def passes(monkeypatch):
    """The networks that were made to compute vectors."""
    made, folded = [], vectors.folded
    monkeypatch.setattr(vectors, "folded", lambda model: made.append(model) or folded(model))
    return made


def weights(folder) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_another_readout_and_strength_need_no_pass_and_change_no_bit(data, start, passes, tmp_path):
    for i, given in enumerate([{"readout": "auto"}, {"readout": "unit"}, {"readout": "stages", "l2": 1e-3}, {"readout": "plain"}]):
        train(data, out=str(tmp_path / f"kept{i}"), from_=start, **given, **WAY)
        assert len(passes) == 1
    for i, given in enumerate([{"readout": "auto"}, {"readout": "unit"}, {"readout": "stages", "l2": 1e-3}]):
        train(data, out=str(tmp_path / f"off{i}"), from_=start, cache="off", **given, **WAY)
        assert len(passes) == 2 + i  # the choice and the solution share a pass
        assert weights(tmp_path / f"kept{i}") == weights(tmp_path / f"off{i}")


@pytest.mark.parametrize("cache", ["off", "memory"])
def test_the_switch_of_the_cache_turns_it_off(cache, data, start, tmp_path):
    train(data, out=str(tmp_path / "run"), from_=start, readout="unit", cache=cache, **WAY)
    assert not (cache_folder() / "vectors").exists()


@pytest.mark.parametrize("other", [{"labels": "5"}, {"views": "shift:1"}, {"size": 28}])
def test_other_pictures_views_and_sizes_are_computed_anew(other, data, start, passes, tmp_path):
    train(data, out=str(tmp_path / "one"), from_=start, readout="unit", views="", **WAY)
    train(data, out=str(tmp_path / "other"), from_=start, readout="unit", **{"views": "", **other}, **WAY)
    assert len(passes) == 2


def test_a_damaged_file_is_computed_anew(data, start, passes, tmp_path):
    train(data, out=str(tmp_path / "one"), from_=start, readout="unit", **WAY)
    (file,) = (cache_folder() / "vectors").iterdir()
    file.write_bytes(file.read_bytes()[:-100] + bytes(100))
    train(data, out=str(tmp_path / "other"), from_=start, readout="unit", **WAY)
    assert len(passes) == 2 and weights(tmp_path / "one") == weights(tmp_path / "other")


def test_the_key_is_of_the_weights_the_inputs_and_their_order(data, start):
    network = models.build("lenet5+stages", 10, channels=1, height=32, width=32, seed=0).eval()
    held = Held([torch.from_numpy(data[0][:8])[..., None]], torch.zeros(8, dtype=torch.int64))
    how = vectors.Extraction(network, load(start).preprocessing, "", torch.device("cpu"), True, True, print)

    def key(how=how, *, back: bool = False):
        return vectors._key(how, held, torch.arange(8).flip(0) if back else torch.arange(8), Stop())

    first = key()
    assert key() == first and key(back=True) != first
    assert key(dataclasses.replace(how, views="mirror")) != first
    assert key(dataclasses.replace(how, preprocessing=dataclasses.replace(how.preprocessing, mean=(0.4,)))) != first
    with torch.no_grad():
        network.net.conv1.weight.view(-1)[0] += 1e-6
    assert key() != first


def test_computing_them_leaves_the_layout_of_the_network_from_which_the_last_bits_follow(data):
    network = models.build("squeezenet1_1+stages", 10, channels=1, height=32, width=32, seed=0).eval()
    held = Held([torch.from_numpy(data[0][:8])[..., None]], torch.zeros(8, dtype=torch.int64))
    before = {name: value.stride() for name, value in network.state_dict().items()}
    how = vectors.Extraction(network, Preprocessing(1, 32, 32), "", torch.device("cpu"), False, True, print)
    vectors.vectors(how, held, torch.arange(8), Stop())
    assert {name: value.stride() for name, value in network.state_dict().items()} == before
