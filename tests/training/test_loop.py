"""Whole trainings computed again in NumPy and float64: each step's loss, gradient, learning rate, weights and their average.

The network is softmax regression, whose gradient is known: xᵀ(p − y). One picture of the first class stands against four of the second.
"""

import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from clearsight.base.randomness import permutation
from clearsight.training import loop
from clearsight.training.api import train
from clearsight.training.interrupt import Stop
from clearsight.training.transfer.freezing import Freezing
from tests.training.objectives.made import made_of

RECIPE = {
    "model": "pixels", "size": 4, "channels": 1, "augment": "", "views": "", "speed": "plain", "seed": 5, "quiet": True,
    "optimizer": "sgd", "keep": "last", "epochs": 2, "batch": 4, "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0,
    "schedule": "constant", "warmup": 0.0, "label_smoothing": 0.0,
}  # fmt: skip
STEPS = 3  # in each of 2 epochs: 10 pictures in batches of at most 4


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Dark pictures to learn from, bright ones to validate on: what was computed on the wrong part is far off."""
    draw, path = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "dark.npz"
    values = {}
    for part, n, low, high in (("train", 10, 0, 90), ("val", 8, 150, 256), ("test", 4, 150, 256)):
        values[f"x_{part}"] = draw.integers(low, high, (n, 4, 4), dtype=np.uint8)
        values[f"y_{part}"] = np.arange(n) % 5 > 0
    np.savez(path, **{key: value.astype(np.int64) if value.dtype == bool else value for key, value in values.items()})
    return path


def inputs(data, part):
    """Normalised pixels `(N, 16)` by the statistics of the training pictures, and labels."""
    with np.load(data) as held:
        known = held["x_train"] / 255
        pictures, labels = held[f"x_{part}"] / 255, held[f"y_{part}"]
    return (pictures.reshape(len(pictures), 16) - known.mean()) / known.std(ddof=1), labels


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def by_hand(data, recipe, weights, rates):
    """Weights `(2, 17)`, the bias last, after training at the learning `rates`; their average; loss and hits of each epoch."""
    x, labels = inputs(data, "train")
    x, y = np.hstack([x, np.ones((10, 1))]), np.eye(2)[labels]
    w, velocity, average, epochs = np.zeros((2, 17)), np.zeros((2, 17)), None, []
    decayed = np.append(np.ones(16), 0.0) * recipe["weight_decay"]
    smooth = recipe["label_smoothing"]
    for epoch in range(2):
        loss = hits = 0
        for step, batch in enumerate(np.array_split(permutation(5, epoch, 10).numpy(), STEPS)):
            p = softmax(x[batch] @ w.T)
            target = (1 - smooth) * y[batch] + smooth / 2
            own = np.array(weights)[labels[batch]]
            loss += (own * -(target * np.log(p)).sum(1)).sum()
            hits += (p.argmax(1) == labels[batch]).sum()
            gradient = (own[:, None] * (p - target)).T @ x[batch] / len(batch)
            if recipe.get("clip"):
                gradient *= min(1, recipe["clip"] / np.linalg.norm(gradient))
            gradient += decayed * w
            velocity = recipe["momentum"] * velocity + gradient
            w = w - rates[epoch * STEPS + step] * (gradient + recipe["momentum"] * velocity)  # Nesterov's
            if recipe.get("ema"):
                done = epoch * STEPS + step
                decay = min(recipe["ema"], (1 + done) / (10 + done))
                average = w if average is None else decay * average + (1 - decay) * w
        epochs.append((loss / 10, hits / 10))
    return w, average, epochs


def cosine(share):
    return (1 + np.cos(np.pi * share)) / 2


RATES = {
    "constant": [0.1] * 6,
    "cosine": [0.1 * cosine(k / 6) for k in range(6)],
    "triangle": [0.1 * (1 - k / 6) for k in range(6)],
    # a third of the run, two steps, rises from 0 (a thousandth) to the peak
    "cosine after a rise": [0.0001, 0.05, *(0.1 * cosine(k / 4) for k in range(4))],
    # from 1/25 of the peak, and to 1/250,000 of it
    "onecycle": [
        0.004, 0.004 + 0.096 * cosine(0.5), *(0.1 * (4e-6 + (1 - 4e-6) * cosine(k / 4)) for k in range(4)),
    ],
}  # fmt: skip
KINDS = {
    "as it is": {},
    "classes weighed": {"class_weights": "balanced"},
    "momentum and decay": {"momentum": 0.9, "weight_decay": 0.3},
    "smoothed": {"label_smoothing": 0.2, "class_weights": "balanced"},
    "clipped": {"clip": 0.5},
    "averaged": {"ema": 0.7},
    "averaged, at last as slowly as asked": {"ema": 0.2, "class_weights": "balanced"},
}


def check(data, folder, rates, **settings):
    recipe = RECIPE | settings
    made = train(data, out=str(folder), **recipe)
    weights = (2.5, 0.625) if recipe.get("class_weights") == "balanced" else (1, 1)  # 10 pictures / (2 classes · 2, or 8, of one)
    w, average, epochs = by_hand(data, recipe, weights, rates)
    kept = w if average is None else average
    head = made.classifier.model.linear
    found = torch.cat([head.weight, head.bias[:, None]], 1).detach().numpy()
    np.testing.assert_allclose(found, kept, rtol=1e-4, atol=1e-6)
    rows = [dict(zip(ROW, map(float, line.split(",")), strict=True)) for line in (folder / "results.csv").read_text().splitlines()[1:]]
    for row, (loss, hits), rate in zip(rows, epochs, (rates[2], rates[5]), strict=True):
        assert (row["loss"], row["accuracy"]) == (pytest.approx(loss, rel=1e-4), pytest.approx(hits))
        assert row["lr"] == pytest.approx(rate, rel=1e-9)
    x, labels = inputs(data, "val")
    p = softmax(x @ kept[:, :16].T + kept[:, 16])
    assert rows[1]["val_loss"] == pytest.approx(-np.log(p[np.arange(8), labels]).mean(), rel=1e-4)
    assert rows[1]["val_accuracy"] == (p.argmax(1) == labels).mean()
    return made


ROW = ("epoch", "lr", "val_loss", "val_accuracy", "loss", "accuracy", "pictures_per_second", "seconds")


@pytest.mark.parametrize("kind", KINDS)
def test_two_epochs_are_those_in_numpy(kind, data, tmp_path):
    check(data, tmp_path / "run", RATES["constant"], **KINDS[kind])


@pytest.mark.parametrize("parts", [1, 2])
def test_a_batch_in_parts_is_the_same_step(parts, data, tmp_path):
    check(data, tmp_path / "run", RATES["constant"], accumulate=parts, class_weights="balanced")


@pytest.mark.parametrize("course", RATES)
def test_each_step_has_its_own_learning_rate(course, data, tmp_path):
    rise = {"warmup": 1 / 3} if course in ("cosine after a rise", "onecycle") else {}
    check(data, tmp_path / "run", RATES[course], schedule=course.partition(" ")[0], **rise)


def test_colours_are_measured_on_training_pictures_alone(data, tmp_path):
    made = train(data, out=str(tmp_path / "run"), **RECIPE)
    with np.load(data) as held:
        known = held["x_train"] / 255
    assert made.classifier.preprocessing.mean == pytest.approx((known.mean(),), abs=1e-6)
    assert made.classifier.preprocessing.std == pytest.approx((known.std(ddof=1),), abs=1e-6)
    assert known.mean() < 0.25  # that of all three parts would be about 0.5


def test_dropout_follows_the_seed_and_not_the_state_of_the_process(data, tmp_path):
    weights = []
    for state in (1, 2):
        torch.manual_seed(state)
        found = train(
            str(data), out=str(tmp_path / str(state)), model="convnet", dropout=0.5, epochs=1, size=12, batch=16, speed="plain", quiet=True
        )
        weights.append((found.run / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


@pytest.mark.parametrize(("clock", "saved"), [([60.0] * 6, 1), ([60.5, 61.0, 121.0, 121.5, 130.0, 130.0], 3)])
def test_a_checkpoint_is_written_when_a_minute_has_gone_by(monkeypatch, clock, saved):
    """Of the clock: its time at first is 0; then after each step, and after each checkpoint. One is written after the epoch."""
    context, objective = made_of(model="pixels", epochs=1, batch=64, checkpoint_minutes=1.0)
    ticks, written = iter([0.0, *clock]), []
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: next(ticks), perf_counter=time.perf_counter))
    loop.fit(context, objective, Freezing(context.recipe), lambda: written.append(1), lambda: None, Stop())
    assert len(written) == saved
