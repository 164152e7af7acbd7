"""A classifier's last line by hand: probabilities are softmax(logits / T), and answers are their largest."""

import numpy as np
import pytest
import torch
from torch import nn

from clearsight import load, save
from clearsight.classifier import Classifier, Failure, Prediction
from clearsight.images.preprocess import Preprocessing
from clearsight.models import build

NAMES = ("ant", "bee", "cat", "dog")
PICTURES = np.random.default_rng(0).integers(0, 256, (5, 6, 4), dtype=np.uint8)
TO = Preprocessing(1, 6, 4, mean=(0.4,), std=(0.25,))


def network() -> nn.Module:
    model = build("pixels", len(NAMES), channels=1, height=6, width=4)
    with torch.no_grad():
        model.linear.weight.copy_(torch.from_numpy(np.random.default_rng(1).normal(size=(4, 24))))
        model.linear.bias.copy_(torch.tensor([0.5, -1.0, 2.0, 0.0]))
    return model


def by_hand(temperature: float) -> np.ndarray:
    """The probabilities of the five pictures, float64 `(5, 4)`."""
    head = network().linear
    x = (PICTURES.reshape(5, 24) / 255 - 0.4) / 0.25
    logits = x @ head.weight.detach().double().numpy().T + head.bias.detach().double().numpy()
    e = np.exp(logits / temperature)
    return e / e.sum(1, keepdims=True)


def batch() -> torch.Tensor:
    return torch.from_numpy(PICTURES)[:, None]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0])
@pytest.mark.parametrize("made", ["itself", "faster", "viewed", "saved"])
def test_probabilities_are_softmax_of_logits_by_temperature(temperature, made, tmp_path):
    one = Classifier(network(), TO, NAMES, temperature=temperature, architecture="pixels")
    if made == "saved":
        save(one, tmp_path / "m")
        one = load(tmp_path / "m")
    elif made != "itself":
        one = one.faster("folded") if made == "faster" else one.viewed("")
    np.testing.assert_allclose(one.probabilities(batch()).numpy(), by_hand(temperature), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("temperature", [0.5, 8.0])
def test_answers_are_the_largest_probabilities_in_falling_order(temperature):
    whole, expected = Classifier(network(), TO, NAMES, temperature=temperature), by_hand(temperature)
    alone = [whole.classify(picture, top=3) for picture in PICTURES]
    together = list(whole.classify_many(PICTURES, top=3, batch_size=2))
    assert [[choice.index for choice in one.top] for one in together] == [[choice.index for choice in one.top] for one in alone]
    assert [one.confidence for one in together] == pytest.approx([one.confidence for one in alone], rel=1e-5)
    for found, row in zip(alone, expected, strict=True):
        order = np.argsort(-row)[:3]
        assert [choice.index for choice in found.top] == order.tolist()
        assert [choice.label for choice in found.top] == [NAMES[i] for i in order]
        assert [choice.confidence for choice in found.top] == pytest.approx(row[order].tolist(), rel=1e-4)
        assert (found.label, found.index, found.confidence) == (found.top[0].label, found.top[0].index, found.top[0].confidence)


@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_picture_that_cannot_be_read_takes_no_ones_place(at):
    whole = Classifier(network(), TO, NAMES)
    given = [*PICTURES]
    given.insert(at, b"rubbish")
    found = list(whole.classify_many(given, batch_size=2, workers=1))
    assert isinstance(found.pop(at), Failure)
    assert all(isinstance(one, Prediction) for one in found)
    assert [one.index for one in found] == by_hand(1.0).argmax(1).tolist()


def test_more_choices_than_classes_are_all_classes():
    (found,) = [Classifier(network(), TO, NAMES).classify(PICTURES[0], top=9)]
    assert sorted(choice.label for choice in found.top) == sorted(NAMES)
    assert sum(choice.confidence for choice in found.top) == pytest.approx(1)


@pytest.mark.parametrize(("side", "batch"), [(8, 256), (64, 256), (224, 32), (1024, 8)])
def test_few_large_pictures_are_computed_together(side, batch):
    """32 pictures of 224×224 px on a processor, of one channel as of three; from 8 to 256 of other sizes."""
    assert Classifier(network(), Preprocessing(1, side, side), NAMES).batch == batch


def test_five_answers_are_given_unless_said():
    model = build("pixels", 7, channels=1, height=6, width=4, seed=0)
    made = Classifier(model, TO, [f"c{i}" for i in range(7)])
    assert len(made.classify(PICTURES[0]).top) == 5 == len(next(iter(made.classify_many(PICTURES))).top)
