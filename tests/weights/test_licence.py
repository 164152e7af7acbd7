"""Licences go with weights: shown by name, refused without a tag where they are not for commerce, kept by what is made from them."""

import dataclasses
import hashlib
import json
import sys
from types import SimpleNamespace

import pytest
import safetensors.torch

from clearsight import models, weights
from clearsight.base.errors import UsageError
from clearsight.classifier import load, save
from clearsight.training.api import train
from clearsight.weights import fetch as module
from clearsight.weights import licence
from clearsight.weights.fetch import catalogue, find, recognised
from tests.pictures import digit_folder

NC = "CC-BY-NC-4.0"


def test_no_name_alone_means_weights_that_are_not_for_commerce():
    meant, refused = {}, {}
    for name in {f"{row.origin}:{row.name}" for row in catalogue()}:
        try:
            meant[name] = find(name).licence
        except UsageError as error:
            refused[name] = str(error)
    assert not any(map(licence.non_commercial, meant.values()))
    assert set(refused) == {"torchvision:vit_h_14", "torchvision:regnet_y_128gf"}
    for name, line in refused.items():
        tag = line.rstrip(".").rpartition(" ")[2]
        assert NC in line and tag.startswith(f"{name}@") and find(tag).licence == NC
    assert {row.licence for row in catalogue() if "SWAG" in row.tag} == {NC}


def test_a_name_whose_first_weights_are_not_for_commerce_means_the_next(monkeypatch):
    free, bound = (dataclasses.replace(find("torchvision:alexnet"), tag=tag, licence=of) for tag, of in (("A", "MIT"), ("B", NC)))
    for rows in ((bound, free), (free, bound)):
        monkeypatch.setattr(module, "catalogue", lambda rows=rows: rows)
        assert find("torchvision:alexnet").tag == "A" and module.published("alexnet")["licence"] == "MIT"


@pytest.mark.parametrize(
    ("name", "bound"),
    [("CC-BY-NC-4.0", True), ("cc-by-nc-sa-4.0", True), ("fair-research-license", True), ("apple-amlr", True), ("MIT", False),
     ("BSD-3-Clause", False), ("Apache-2.0", False), ("CC-BY-4.0", False), ("ncsa", False), ("non-commercial", True), ("", False)],
)  # fmt: skip
def test_what_is_not_for_commerce(name, bound):
    assert licence.non_commercial(name) == bound


def test_timms_names_need_a_tag_as_well(monkeypatch):
    """timm says the licence of its weights before anything is fetched."""
    known = {
        "convnextv2_tiny": SimpleNamespace(license="cc-by-nc-4.0", tag="fcmae_ft_in22k_in1k"),
        "resnet18": SimpleNamespace(license=None),
    }
    asked = []

    def create_model(name, pretrained):
        asked.append(name)
        raise OSError("no network")

    fake = SimpleNamespace(
        is_model=lambda name: True, get_pretrained_cfg=lambda name: known[name.partition(".")[0]], create_model=create_model
    )
    monkeypatch.setitem(sys.modules, "timm", fake)
    with pytest.raises(UsageError, match=r"not for commercial use.*timm:convnextv2_tiny\.fcmae_ft_in22k_in1k"):
        weights.read("timm:convnextv2_tiny")
    assert asked == []
    for name in ("convnextv2_tiny.fcmae_ft_in22k_in1k", "resnet18"):
        with pytest.raises(Exception, match="no network"):
            weights.read(f"timm:{name}")
    assert asked == ["convnextv2_tiny.fcmae_ft_in22k_in1k", "resnet18"]


def test_what_the_hub_cannot_prove_is_said():
    from clearsight.weights import timm

    assert "no fixed revision" in timm.checked("hf", "a/b") and "hf:a/b@REVISION" in timm.checked("hf", "a/b")
    assert "revision" not in timm.checked("hf", "a/b@0123abc")


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A file of random weights that the catalogue knows by the first digits of its SHA-256, and says to be not for commerce."""
    network = models.build("squeezenet1_1", 1000, channels=3, height=224, width=224, seed=0)
    data = safetensors.torch.save(network.state_dict())
    path = tmp_path / "somebody.safetensors"
    path.write_bytes(data)
    first = f"sha256:{hashlib.sha256(data).hexdigest()[:8]}"
    row = dataclasses.replace(find("torchvision:squeezenet1_1"), digest=first, licence=NC)
    monkeypatch.setattr(module, "catalogue", lambda: (row,))
    return f"torchvision:{path}"


def test_children_of_bound_weights_stay_bound(published, tmp_path, capsys):
    """A file is recognised by its content; what is tuned from it, from that, taught by it or joined with it says so to the end."""
    data = str(digit_folder(tmp_path / "digits", per_class=5, classes=3))
    small = {"epochs": 1, "speed": "plain", "val": 0.2}
    origin = load(published)
    assert origin.facts["weights_licence"] == NC and origin.facts["weights_checked"].startswith("the first 8 digits")
    save(origin, tmp_path / "origin")
    tuned = train(data, from_=published, resize_head=True, tune="head", size=64, out=str(tmp_path / "tuned"), **small)
    said = capsys.readouterr().err
    assert f"licence of the weights: {NC}, not for commercial use; the file was checked by the first 8 digits" in said
    again = train(data, from_=str(tmp_path / "tuned"), tune="head", size=64, out=str(tmp_path / "again"), quiet=True, **small)
    taught = train(data, teacher=str(tmp_path / "again"), model="pixels", out=str(tmp_path / "taught"), quiet=True, **small)
    plain = train(data, model="pixels", out=str(tmp_path / "plain"), quiet=True, **small)
    from clearsight.training.ensemble import join_runs

    folder, _ = join_runs([tmp_path / "tuned", tmp_path / "again"], out=str(tmp_path / "both"))
    for one in (tuned.run, again.run, taught.run, folder, tmp_path / "origin"):
        assert load(one).facts["weights_licence"] == NC
        assert "**Not for commercial use**" in (one / "README.md").read_text()
    assert json.loads((tmp_path / "again" / "run.json").read_text())["lineage"]["weights_licence"] == NC
    assert "weights_licence" not in plain.classifier.facts and "commercial" not in (plain.run / "README.md").read_text()


def test_a_file_of_nobodys_is_not_stated(tmp_path):
    network = models.build("squeezenet1_1", 1000, channels=3, height=224, width=224, seed=0)
    path = tmp_path / "own.safetensors"
    safetensors.torch.save_file(network.state_dict(), path)
    facts = load(f"torchvision:{path}").facts
    assert facts["weights_licence"] == "not stated" and "no catalogue" in facts["weights_checked"]
    assert recognised(path, "0" * 64) is None


def test_the_command_line_says_it(clearsight, published, tmp_path):
    data = digit_folder(tmp_path / "digits", per_class=1, classes=1)
    picture = next(data.glob("*/*.png"))
    said = clearsight("classify", published, picture, "--json")
    assert said.code == 0 and f"licence of the weights: {NC}, not for commercial use" in said.err and json.loads(said.out)
    said = clearsight("models", "squeezenet1_1")
    assert f"weights torchvision:squeezenet1_1@IMAGENET1K_V1: {NC}, not for commercial use" in said.out
    assert json.loads(clearsight("models", "squeezenet1_1", "--json").out)[0]["weights"][0]["licence"] == NC
    assert NC in clearsight("models", "--match", "squeezenet1_1").out


def test_two_licences_are_both_kept():
    found = licence.inherited({"weights_licence": "MIT"}, {"weights_licence": f"{NC} + MIT"}, {}, {"weights_licence": [1]})
    assert found == {"weights_licence": f"{NC} + MIT"} and licence.non_commercial(found["weights_licence"])
    assert licence.said({}) == "" and licence.inherited({}) == {}
