"""Readouts: what a new head reads of a network, restated in a few lines, on every network that has it."""

import copy
import threading

import pytest
import torch

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.classifier.speed.folding import folded
from clearsight.models.readout import READOUTS, kept_maps, parted, rooted

NAMES = ("resnet18", "squeezenet1_1", "efficientnet_lite0", "mobilenet_v2", "densenet121", "vgg11", "vit_s_16", "swift", "lenet5")
EVERY_TIME = [pytest.param(name, marks=pytest.mark.slow) if name == "densenet121" else name for name in NAMES]


def shape(name: str) -> tuple[int, int, int]:
    channels, height, width = models.published(name)[0]
    return channels, min(height, 64), min(width, 64)


def built(name: str, classes: int = 3):
    channels, height, width = shape(name)
    return models.build(name, classes, channels=channels, height=height, width=width, seed=0).eval()


def pictures(name: str) -> torch.Tensor:
    return torch.randn(2, *shape(name), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", EVERY_TIME)
def test_the_vectors_of_every_readout_are_restated(name):
    plain, inputs = built(name), pictures(name)
    with torch.no_grad():
        for word in READOUTS:
            if word == "stages" and name.startswith("vit"):
                continue
            network = built(f"{name}+{word}")
            network.net.load_state_dict({key: value for key, value in plain.state_dict().items() if key in network.net.state_dict()})
            found = network.features(inputs)
            if word == "stages":
                expected = torch.cat([root_and_length(output(plain, stage, inputs).mean((2, 3))) for stage in network.read], 1)
                assert len(network.read) == 3 and network.read[-1] in plain.STAGES
            else:
                expected = plain.features(inputs) if word == "plain" else root_and_length(plain.features(inputs))
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(network(inputs), network.head(found))
            assert network.head.out_features == 3 and found.dtype == torch.float32


def output(network, stage: str, inputs: torch.Tensor) -> torch.Tensor:
    kept: list[torch.Tensor] = []
    hook = network.get_submodule(stage).register_forward_hook(lambda _module, _given, found: kept.append(found))
    network.features(inputs)
    hook.remove()
    return kept[0]


def root_and_length(vectors: torch.Tensor) -> torch.Tensor:
    roots = vectors / (vectors.abs() + 1e-4).sqrt()
    return roots / roots.norm(dim=1, keepdim=True)


def test_the_gradient_is_finite_where_a_value_is_0():
    x = torch.zeros(1, 4, requires_grad=True)
    (rooted(x + torch.tensor([[0.0, 0.0, 1.0, -1.0]])) * torch.arange(4.0)).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()


def test_two_threads_read_their_own_maps():
    network, inputs = built("swift+stages"), [pictures("swift") * scale for scale in (1.0, 2.0)]
    with torch.no_grad():
        alone = [network(x) for x in inputs]
        found: list[list[torch.Tensor]] = [[], []]
        threads = [threading.Thread(target=lambda i=i: found[i].extend(call(network, inputs[i]) for _ in range(10))) for i in (0, 1)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    assert all(torch.allclose(one, alone[i], atol=1e-5) for i in (0, 1) for one in found[i]) and len(found[0]) == len(found[1]) == 10


def call(network, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network(x)


def test_no_maps_are_kept_outside_of_a_readout():
    network = built("swift+stages")
    with torch.no_grad():
        network.net.features(pictures("swift"))
        with kept_maps() as maps:
            network.net.features(pictures("swift"))
    assert set(maps) == set(network.read)


def test_a_copy_and_a_folded_copy_compute_the_same():
    network, inputs = built("resnet18+stages"), pictures("resnet18")
    with torch.no_grad():
        expected = network(inputs)
        torch.testing.assert_close(copy.deepcopy(network)(inputs), expected)
        torch.testing.assert_close(folded(network)(inputs), expected, atol=1e-5, rtol=1e-5)


def test_its_facts_are_those_of_its_network():
    assert models.published("resnet18+unit") == models.published("resnet18")
    assert models.preprocessing("mobilenet.keras+unit") == models.preprocessing("mobilenet.keras")
    assert models.row("resnet18+unit").parameters == models.row("resnet18").parameters  # a head for as many classes


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet18+mean", "no readout is called 'mean'"),
        ("vit_s_16+stages", "needs 3 stages that compute maps. This network has 1: take 'unit'"),
        ("hog+unit", "hog has designed features"),
        ("no-such+unit", "no-such"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(name, said):
    with pytest.raises(UsageError, match=said.replace("(", r"\(")) as raised:
        built(name) if "no-such" not in name else models.build(name, 3)
    assert "\n" not in str(raised.value).strip()


def test_a_name_is_parted():
    assert parted("resnet18") == ("resnet18", "") and parted("mobilenet.keras+stages") == ("mobilenet.keras", "stages")
