"""Features batch by batch: those of the network itself, in the order asked for; a signal is seen between two batches."""

import signal
from types import SimpleNamespace

import pytest
import torch

from clearsight import models
from clearsight.recipes.recipe import Recipe
from clearsight.training.compute.training_model import Speed
from clearsight.training.interrupt import Interrupted, Stop
from clearsight.training.validation.features import BATCH, FeatureExtractor, feature_batches

COUNT = BATCH + 3


@pytest.fixture(scope="module")
def network():
    return models.build("lenet5", 3, channels=1, height=28, width=28, seed=1).eval()


@pytest.fixture
def asked():
    """A context that divides by 255, images of noise, and all their indices, the last first."""
    levels = torch.randint(256, (COUNT, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    context = SimpleNamespace(device=torch.device("cpu"), speed=Speed(), recipe=Recipe(), inputs=lambda pictures: pictures.float() / 255)
    images = SimpleNamespace(batches=lambda batches: (levels[some] for some in batches))
    return context, images, torch.arange(COUNT).flip(0), levels


@torch.no_grad()
def test_they_are_the_networks_own_in_the_order_asked_for(network, asked):
    context, images, indices, levels = asked
    found = list(feature_batches(context, FeatureExtractor(network), images, indices, Stop()))
    assert [len(some) for some in found] == [BATCH, 3]
    assert torch.equal(torch.cat(found), torch.cat([network.features(some.float() / 255) for some in levels.flip(0).split(BATCH)]))


@torch.no_grad()
def test_a_signal_ends_them_before_the_next_batch(network, asked):
    context, images, indices, _ = asked
    stop = Stop()
    batches = feature_batches(context, FeatureExtractor(network), images, indices, stop)
    assert len(next(batches)) == BATCH
    stop.asked = signal.SIGTERM
    with pytest.raises(Interrupted):
        next(batches)


@torch.no_grad()
def test_views_are_averaged_for_a_readout_alone(network, asked):
    context, images, indices, levels = asked
    x = levels.flip(0).float() / 255
    own, mirrored = network.features(x), network.features(x.flip(3))
    for readout, expected in (("", own), ("plain", (own + mirrored) / 2)):
        context.recipe = Recipe(views="mirror", readout=readout)
        found = torch.cat(list(feature_batches(context, FeatureExtractor(network), images, indices, Stop())))
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
