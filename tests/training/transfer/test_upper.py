"""The upper stages of a network compute the same from stored maps as from pictures, and alone are trained."""

import importlib

import pytest
import torch

from clearsight import models
from clearsight.training.transfer.upper import maps_at, upper

INPUTS = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def network(name):
    return models.build(name, 4, height=64, width=64, seed=0).eval()


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("efficientnet_lite0+stages", "trunk.5"),
        ("efficientnet_lite0+unit", "trunk.5"),
        ("resnet18+plain", "layer1"),
        ("squeezenet1_1+stages", "trunk.9"),
        ("densenet121+unit", "trunk.transition2"),
    ],
)
@torch.no_grad()
def test_features_follow_from_the_maps(name, stage):
    net = network(name)
    made = upper(net, INPUTS)
    assert made is not None and made.stage == stage
    maps = maps_at(net, stage)(INPUTS)
    torch.testing.assert_close(made.features(maps), net.features(INPUTS), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(made.logits(maps), net(INPUTS), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(made.features(maps), made.features(maps), rtol=0, atol=0)  # the maps are not changed


def test_the_stages_below_have_no_weights_left():
    net = network("efficientnet_lite0+stages")
    made = upper(net, INPUTS)
    names = {key for key, _ in made.network.named_parameters()}
    assert names == {key for key, _ in net.named_parameters() if not key.startswith(tuple(f"net.trunk.{i}." for i in range(6)))}


@torch.no_grad()
def test_a_network_without_maps_is_left_alone():
    assert upper(network("vit_s_16+unit"), INPUTS) is None


def test_stages_that_compute_anything_else_are_not_used(monkeypatch):
    module = importlib.import_module("clearsight.training.transfer.upper")
    monkeypatch.setattr(module, "TOLERANCE", -1.0)
    assert upper(network("resnet18+plain"), INPUTS) is None
