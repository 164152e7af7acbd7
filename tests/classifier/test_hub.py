"""Classifiers of the Hub, by a stand-in for its client that copies from folders."""

import shutil
import sys
import types
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from clearsight import models
from clearsight.base.errors import ClearsightError
from clearsight.classifier import Classifier, load, save, verify
from clearsight.classifier.hub import local
from clearsight.images.preprocess import Preprocessing


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The folder of the stand-in's repositories, with one classifier, and one model of another library."""
    repositories, client = tmp_path / "hub", types.ModuleType("huggingface_hub")
    net = models.build("pixels", 2, channels=1, height=4, width=5, seed=0)
    picture = np.arange(20, dtype=np.uint8).reshape(4, 5, 1)
    save(Classifier(net, Preprocessing(1, 4, 5), ("cat", "dog"), architecture="pixels"), repositories / "us" / "pets", [picture])
    (repositories / "us" / "pets" / "pytorch_model.bin").write_bytes(b"pickle")
    (repositories / "them" / "vit").mkdir(parents=True)
    (repositories / "them" / "vit" / "config.json").write_text('{"architecture": "vit"}')

    def hf_hub_download(repository, filename, *, revision, local_dir):
        snapshot_download(repository, revision=revision, local_dir=local_dir, allow_patterns=[filename])
        return str(local_dir / filename)

    def snapshot_download(repository, *, revision, local_dir, allow_patterns):
        source = repositories / repository
        if revision not in (None, "v1") or not source.is_dir():
            raise OSError("404 Client Error")
        for file in source.rglob("*"):
            name = file.relative_to(source).as_posix()
            if file.is_file() and any(fnmatch(name, pattern) for pattern in allow_patterns):
                (local_dir / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, local_dir / name)

    client.hf_hub_download, client.snapshot_download = hf_hub_download, snapshot_download
    monkeypatch.setitem(sys.modules, "huggingface_hub", client)
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    return repositories


@pytest.mark.parametrize("name", ["hf:us/pets", "hf:us/pets@v1"])
def test_a_classifier_is_loaded_and_verified(hub, name):
    assert load(name).classes == ("cat", "dog") and verify(name).ok
    assert not (Path(local(name)) / "pytorch_model.bin").exists()


OTHERS = ("hf:them/vit", "hf:us/none", "timm:vit", "runs/pets", "hf:us/../pets", "hf:../pets", "hf:us/pets@../..", Path("hf:us/pets"))


@pytest.mark.parametrize("name", OTHERS)
def test_other_models_stay_names(hub, tmp_path, name):
    assert local(name) == name
    assert not (tmp_path / "cache" / "hub" / "us").exists() and not (tmp_path / "cache" / "pets").exists()


def test_a_broken_download_is_reported(hub, monkeypatch):
    def breaks(*_, **__):
        raise OSError("connection reset\nand more")

    monkeypatch.setattr(sys.modules["huggingface_hub"], "snapshot_download", breaks)
    monkeypatch.setattr(sys.modules["huggingface_hub"], "hf_hub_download", lambda *_, **__: hub / "us" / "pets" / "config.json")
    with pytest.raises(ClearsightError, match=r"the Hub cannot give hf:us/pets: connection reset$"):
        load("hf:us/pets")


def test_without_the_client_the_name_stays(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert local("hf:us/pets") == "hf:us/pets"
