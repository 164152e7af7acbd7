"""Weights in the caches of other libraries: files made here, in folders as torch.hub, Keras and the Hugging Face Hub lay them out."""

import dataclasses
import hashlib
import os
from pathlib import Path

import pytest

from clearsight import weights
from clearsight.base.errors import ClearsightError
from clearsight.weights import fetch as module
from clearsight.weights.caches import candidates
from clearsight.weights.fetch import fetch, find

CONTENT = b"tensors" * 100
SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()
NAME = f"resnet18-{SHA256[:8]}.pth"


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_in_hub(
    hub: Path, digest: str = SHA256, repository: str = "models--timm--resnet18.tv_in1k", name: str = "pytorch_model.bin"
) -> Path:
    """A file in the Hub's cache: `blobs/DIGEST`, and a link to it in a snapshot."""
    put(hub / repository / "blobs" / digest)
    link = hub / repository / "snapshots" / "0a1b2c" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(Path("..", "..", "blobs", digest))
    return link


@pytest.fixture
def torch_hub():
    return Path(os.environ["TORCH_HOME"]) / "hub" / "checkpoints"


@pytest.fixture
def hub():
    return Path(os.environ["HF_HUB_CACHE"])


@pytest.fixture
def row(monkeypatch):
    """The only one of the catalogue, at an address where nothing answers."""
    made = dataclasses.replace(find("torchvision:resnet18"), address=f"http://127.0.0.1:9/{NAME}", digest=f"sha256:{SHA256[:8]}")
    monkeypatch.setattr(module, "catalogue", lambda: (made,))
    return made


def test_torch_hub_by_name(torch_hub, row):
    path = put(torch_hub / NAME)
    assert weights.at_hand() == [row] and row.here == path
    assert fetch("torchvision:resnet18", quiet=True) == path


def test_the_hugging_face_hub_by_checksum(hub, row):
    path = put_in_hub(hub)
    assert weights.at_hand() == [row] and row.here == path
    assert fetch("torchvision:resnet18", quiet=True) == path


def test_keras_by_name(monkeypatch):
    made = dataclasses.replace(find("keras:resnet50"), address="http://127.0.0.1:9/x.h5", digest=f"md5:{MD5}")
    monkeypatch.setattr(module, "catalogue", lambda: (made,))
    path = put(Path(os.environ["KERAS_HOME"]) / "models" / "x.h5")
    assert made.here == fetch("keras:resnet50", quiet=True) == path


def test_a_package_that_is_not_installed(hub, monkeypatch):
    """The file of a package's weights serves as well where another library has it."""
    made = dataclasses.replace(find("package:efficientnet_lite0"), address="pip:no-such-weights/x.pth", digest=f"sha256:{SHA256}")
    monkeypatch.setattr(module, "catalogue", lambda: (made,))
    assert weights.at_hand() == []
    path = put_in_hub(hub, name="model.pth")
    assert weights.at_hand() == [made] and fetch("package:efficientnet_lite0", quiet=True) == path


def test_a_damaged_file_is_not_used(torch_hub, hub, row):
    """It is passed over for the next one; without another, the error is that of a file that is not here."""
    put(torch_hub / NAME, b"cut short")
    assert row.here and row.intact is None
    with pytest.raises(ClearsightError, match="is not here and cannot be downloaded"):
        fetch("torchvision:resnet18", quiet=True)
    path = put_in_hub(hub)
    assert row.intact == fetch("torchvision:resnet18", quiet=True) == path


def test_our_own_copy_comes_first(torch_hub, row):
    put(torch_hub / NAME)
    path = put(row.path)
    assert row.here == fetch("torchvision:resnet18", quiet=True) == path


def test_other_files_are_not_candidates(torch_hub, hub):
    put(torch_hub / "another.pth")
    put_in_hub(hub, digest=SHA256[:40])  # the Hub's digest of a small file is no SHA-256
    put_in_hub(hub, repository="models--a--text", name="corpus.txt")
    link = put_in_hub(hub, repository="models--b--gone", name="model.safetensors")
    link.resolve().unlink()
    assert list(candidates(NAME, f"sha256:{SHA256[:8]}")) == []
    assert list(candidates("another.pth", "")) == []  # without a digest, nothing could be checked


def test_default_folders(tmp_path, monkeypatch):
    for name in ("TORCH_HOME", "KERAS_HOME", "HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    wanted = [put(tmp_path / ".cache" / "torch" / "hub" / "checkpoints" / NAME), put(tmp_path / ".keras" / "models" / NAME)]
    wanted.append(put_in_hub(tmp_path / ".cache" / "huggingface" / "hub"))
    assert list(candidates(NAME, f"sha256:{SHA256[:8]}")) == wanted
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert list(candidates(NAME, f"sha256:{SHA256[:8]}")) == [wanted[1]]
