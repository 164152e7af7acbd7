"""A head that is solved answers as it was solved: for every network of the registry, with random weights."""

import functools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.base.compute.device import shapes_only
from clearsight.datasets.open import open_dataset
from clearsight.heads.lbfgs import Problem, solve
from clearsight.models.base import Model
from clearsight.models.convnets import neocognitron
from clearsight.models.facts import facts
from clearsight.recipes.compose import compose
from clearsight.training.resolve import resolve
from tests.pictures import digit_arrays

CLASSES = 3
MANY = 30_000_000  # parameters, from which on the memory of a network is for the slow tests
LOOKS = (*models.HANDMADE, neocognitron)  # see nothing before they have looked at some pictures: words, landmarks, cells
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])
NOISE = np.random.default_rng(0).standard_normal(100_003).astype(np.float32)


def shape_of(name: str) -> tuple[int, int, int]:
    """The smallest square input of a network; of those that divide it into patches, or cells, the published one if need be."""
    home = models.family(name)
    (channels, height, _), _ = models.published(name)
    for side in (home.SMALLEST, 32, 64, height):
        try:
            if side >= home.SMALLEST:
                with shapes_only():
                    models.build(name, CLASSES, channels=channels, height=side, width=side)
                return channels, side, side
        except Exception:
            continue
    raise AssertionError(f"{name} is built at none of its sizes")


def resolved(name: str, shape: tuple[int, int, int]) -> str:
    """The network that a training builds whose head is solved."""
    given = {"model": name, "recipe": "solved", "size": max(shape[1], 1), "channels": shape[0]}
    pictures, labels = digit_arrays(per_class=2)
    return resolve(compose(given), given, open_dataset((pictures, labels)).parts["all"]).model


def network(name: str, shape: tuple[int, int, int]) -> Model:
    """The network with random weights; where the layers are ordinary ones, of repeated noise, which is faster than drawing them all."""
    size = {"channels": shape[0], "height": shape[1], "width": shape[2]}
    with shapes_only():
        made = models.build(name, CLASSES, **size)
    own = [key for key, _ in made.named_buffers() if not key.endswith(("running_mean", "running_var", "num_batches_tracked"))]
    if own or sum(p.numel() for p in made.parameters()) < 10_000_000:
        return models.build(name, CLASSES, **size, seed=0).eval()
    made = made.to_empty(device="cpu")
    with torch.no_grad():
        for p in made.parameters():
            scale = (2 / max(1, p[0].numel())) ** 0.5 if p.ndim > 1 else 0.1
            p.copy_(torch.from_numpy(np.resize(NOISE, p.numel())).view(p.shape) * scale + (p.ndim == 1))
        for key, value in made.named_buffers():
            value.fill_(float(key.endswith("running_var")))
    return made.eval()


def solved(name: str, model: Model, shape: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities of a few pictures: as the head is solved, and as the network answers."""
    x = torch.randn(len(LABELS), *shape, generator=torch.Generator().manual_seed(0)).abs()
    with torch.no_grad():
        if models.family(name) in LOOKS:
            model.initialise(torch.rand(64, *shape, generator=torch.Generator().manual_seed(1)))
        features = model.features(x).float()
        problem = Problem(features.clone(), LABELS, CLASSES)
        found = solve(problem, 1e-2 * problem.spread)
        model.head.weight.copy_(found.weight)
        if model.head.bias is not None:
            model.head.bias.copy_(found.bias)
        logits = F.linear(features.double(), found.weight, found.bias if model.head.bias is not None else None)
        return logits.softmax(1).float(), model(x).softmax(1)


@functools.cache
def both(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    shape = shape_of(name)
    return solved(name, network(resolved(name, shape), shape), shape)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (facts(name).parameters > MANY)) for name in models.names()]
)
def test_the_answers_are_the_solved_ones(name):
    wanted, answered = both(name)
    assert float((wanted - wanted.mean(0)).abs().max()) > 1e-3
    torch.testing.assert_close(answered, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in models.names() if not getattr(models.family(name), "LINEAR", True)])
def test_networks_that_need_a_linear_head_would_answer_otherwise(name):
    shape = shape_of(name)
    assert resolved(name, shape) == f"{name}+plain"
    wanted, answered = solved(name, network(name, shape), shape)
    assert float((wanted - answered).abs().max()) > 0.01
