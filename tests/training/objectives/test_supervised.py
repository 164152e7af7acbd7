"""Training on mixed pictures: it learns, and the same again."""

import pytest
import torch
from torch.nn import functional as F

from clearsight.augment import mix
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.training.api import train
from clearsight.training.compute.training_model import TrainingModel
from tests.training.objectives.made import made_of, views

SETTINGS = {"model": "pixels", "epochs": 8, "lr": 0.02, "augment": "", "seed": 1, "quiet": True, "speed": "plain"}


def test_mixed_training_learns_and_repeats(tmp_path):
    mixes = {"plain": "", "a": "mixup cutmix:0.5", "b": "mixup cutmix:0.5"}
    found = {name: train("digits", out=str(tmp_path / name), mix=mix, **SETTINGS).classifier for name, mix in mixes.items()}
    weights = {name: torch.cat([p.flatten() for p in one.model.parameters()]) for name, one in found.items()}
    assert torch.equal(weights["a"], weights["b"]) and not torch.equal(weights["a"], weights["plain"])
    part = load(open_dataset("digits").parts["train"], found["a"].preprocessing, quiet=True)
    answers = found["a"].logits(part.batch(torch.arange(len(part)))).argmax(1)
    assert float((answers == part.labels).float().mean()) > 0.85


def step(**settings):
    """The loss and hits of the first pictures, and the context, network and normalised inputs that they are of."""
    context, objective = made_of(**settings)
    index = torch.arange(12)
    net = TrainingModel(context.state.model, context.speed, context.device)
    net.begin()
    loss, hits = objective.loss(context, net, index, context.train.batch(index))
    inputs = views(context, "crop:1", context.train.batch(index), index, 3)
    return loss, hits, context, inputs, context.train.labels[index]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_weighted_cross_entropy(smoothing):
    loss, hits, context, inputs, labels = step(label_smoothing=smoothing, class_weights="balanced")
    logits = context.state.model(inputs)
    losses = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    torch.testing.assert_close(loss, (losses * context.class_weights[labels]).sum())
    assert hits == int((logits.argmax(1) == labels).sum())


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_focal_loss_is_weighted_too(smoothing):
    loss, _, context, inputs, labels = step(label_smoothing=smoothing, class_weights="balanced", focal=2.0)
    shares = context.state.model(inputs).softmax(1)
    target = F.one_hot(labels, shares.shape[1]) * (1 - smoothing) + smoothing / shares.shape[1]
    losses = (target * (1 - shares) ** 2 * -shares.log()).sum(1)
    torch.testing.assert_close(loss, (losses * context.class_weights[labels]).sum(), rtol=1e-4, atol=1e-4)


def test_mixed_pictures_have_both_labels_in_shares():
    loss, _, context, inputs, labels = step(mix="mixup", label_smoothing=0.0)
    mixed, other, shares = mix.mixed(inputs, torch.arange(12), mix.parse("mixup"), 3, 0)
    logs = context.state.model(mixed).log_softmax(1)
    by_hand = sum(
        -(share * row[label] + (1 - share) * row[labels[partner]])
        for row, label, partner, share in zip(logs, labels, other, shares, strict=True)
    )
    torch.testing.assert_close(loss, by_hand, rtol=1e-4, atol=1e-4)
    assert (shares < 1).any()
