"""A classifier of every kind is attacked and stressed by the same calls: what has a gradient by all ways, what has none by black boxes."""

import numpy as np
import pytest
import torch

from clearsight.attacks.attack import attack
from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier
from clearsight.classifier.ensemble import join
from clearsight.datasets.dataset import Dataset, objects
from clearsight.evaluation.stress import stress
from clearsight.images.preprocess import Preprocessing
from clearsight.models import build
from clearsight.models.transformers.vit import ViT

SIDE, NAMES = 12, ("one", "two", "three")
DIFFERENTIABLE = ("pixels", "hog", "dog", "convnet", "vit", "ensemble", "ten-crop")
OTHERS = ("sift", "histogram-cells", "ensemble with sift")


def network(name: str, seed: int) -> torch.nn.Module:
    """With weights that make a difference: hand-designed features have a head of zeros before they are trained."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = (
            ViT(4, 2, 2, 16, len(NAMES), 1, (SIDE, SIDE), 0.0)
            if name == "vit"
            else build(name, len(NAMES), channels=1, height=SIDE, width=SIDE)
        )
        if name == "sift":
            model.words.normal_()
        if name != "convnet":
            torch.nn.init.normal_(model.head.weight, std=4.0)
    return model


def single(name: str, seed: int = 0, views: str = "") -> Classifier:
    return Classifier(network(name, seed), Preprocessing(1, SIDE, SIDE, mean=(0.0,), std=(1.0,)), NAMES, architecture=name, views=views)


def classifier(kind: str) -> Classifier:
    if kind == "ensemble":
        return join([single("pixels"), single("hog", 1), single("pixels", 2)])
    if kind == "ensemble with sift":
        return join([single("sift"), single("histogram-cells", 1)])
    return single("pixels", views="ten-crop") if kind == "ten-crop" else single(kind)


def pictures(n: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    coarse = torch.randint(0, 256, (n, 1, 4, 4), generator=generator, dtype=torch.uint8)
    return coarse.repeat_interleave(3, 2).repeat_interleave(3, 3)


def labels(victim: Classifier) -> torch.Tensor:
    return victim.logits(pictures()).argmax(1)


@pytest.mark.parametrize("method", ["fgsm", "pgd", "square"])
@pytest.mark.parametrize("kind", [*DIFFERENTIABLE, *OTHERS])
def test_every_kind_is_attacked(kind, method):
    victim = classifier(kind)
    settings = {"method": method, "epsilon": 0.2, "steps": 0 if method == "fgsm" else 10, "curve": False, "saving": False}
    if kind in OTHERS and method != "square":
        with pytest.raises(UsageError, match=r"no gradient.*square"):
            attack(victim, pictures(), labels(victim), check=False, **settings)
        return
    found = attack(victim, pictures(), labels(victim), check=False, **settings)
    change = found.pictures - pictures().float() / 255
    assert found.clean.all() and 0 < float(change.abs().max()) <= 0.2 + 1e-6
    assert torch.equal(found.robust, victim.scores(found.pictures).argmax(1) == labels(victim))
    if method == "pgd":
        assert not found.robust.all()


@pytest.mark.parametrize("kind", OTHERS)
def test_the_preflight_says_that_there_is_no_gradient(kind):
    victim = classifier(kind)
    found = attack(victim, pictures(), labels(victim), method="square", steps=5, curve=False, saving=False)
    said = {row.check: row for row in found.preflight}
    assert any("no gradient" in row.says and not row.ok for row in said.values())


@pytest.mark.parametrize("kind", [*DIFFERENTIABLE, *OTHERS])
def test_every_kind_is_stressed(kind):
    victim, shown = classifier(kind), pictures()
    data = Dataset(
        NAMES, labels(victim).numpy().astype(np.int64), objects(f"{i}.png" for i in range(len(shown))), pictures=shown[:, 0].numpy()
    )
    found = stress(victim, data, severities=[5], only=["gaussian_noise", "rotation", "subgroups"], quiet=True).to_json()
    assert found["clean"]["value"] == 1 and found["n"] == len(shown)
    assert {row["name"] for row in (*found["corruptions"], *found["challenges"])} == {"gaussian_noise", "rotation"}
