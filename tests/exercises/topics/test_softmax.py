"""Softmax, cross-entropy and templates with the standard library alone."""

import math

import pytest

from clearsight.exercises.table import generate


def softmax(logits):
    total = sum(math.exp(z) for z in logits)
    return [math.exp(z) / total for z in logits]


def numbers(part):
    return [float(number) for number in part.answer.split(", ")]


@pytest.mark.parametrize("seed", range(20))
def test_softmax(seed):
    made = generate("softmax", seed)
    p, logits = numbers(made.parts[0]), made.data["logits"]
    assert p == pytest.approx(softmax(logits), abs=1e-4)
    assert softmax([z + made.data["added"] for z in logits]) == pytest.approx(softmax(logits))
    assert "same" in made.parts[1].answer


@pytest.mark.parametrize("seed", range(20))
def test_loss_and_gradient(seed):
    made = generate("loss", seed)
    logits, label = made.data["logits"], made.data["label"]

    def loss(z):
        return -math.log(softmax(z)[label])

    assert float(made.parts[0].answer) == pytest.approx(loss(logits), abs=1e-4)
    for i, slope in enumerate(numbers(made.parts[1])):  # finite differences
        up, down = ([z + (h if j == i else 0) for j, z in enumerate(logits)] for h in (1e-4, -1e-4))
        assert slope == pytest.approx((loss(up) - loss(down)) / 2e-4, abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_templates(seed):
    made = generate("templates", seed)
    x, w = made.data["picture"], made.data["templates"]

    def logits(picture):
        return [sum(template[i][j] * picture[i][j] for i in range(4) for j in range(4)) for template in w]

    z = logits(x)
    assert numbers(made.parts[0]) == z and ("cat", "dog", "fish")[z.index(max(z))] == made.parts[1].answer
    found = []
    for i in range(4):
        for j in range(4):
            other = logits([[1 - v if (a, b) == (i, j) else v for b, v in enumerate(row)] for a, row in enumerate(x)])
            if max(other) > other[z.index(max(z))] and other.count(max(other)) == 1:
                found.append(f"row {i + 1}, column {j + 1}")
    assert found == [made.parts[2].answer]
