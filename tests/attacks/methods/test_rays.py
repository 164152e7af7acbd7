"""RayS: labels alone, a direction of ±1, and a distance by bisection."""

import torch

from clearsight.attacks.methods.rays import BISECTIONS, rays
from clearsight.attacks.task import Task
from tests.attacks.victims import Linear, task


def linear(epsilon: float, weights: torch.Tensor) -> Task:
    x = torch.full((2, 1, 4, 4), 0.5)
    net = Linear(weights, float(-(x[0] * weights).sum()) - 0.3)
    return Task(net, x, torch.zeros(2, dtype=torch.long), epsilon, torch.arange(2))


def test_the_first_direction_is_all_ones():
    weights = torch.ones(1, 4, 4)
    least = 0.3 / 16
    found = rays(linear(2 * least, weights), trials=1)
    change = (found - 0.5).flatten(1)
    assert (change == change[:, :1]).all()  # one direction
    assert torch.allclose(change, torch.full_like(change, least), atol=2.0**-BISECTIONS)


def test_signs_of_blocks_are_flipped_until_all_are_the_weights():
    weights = torch.ones(1, 4, 4)
    weights[:, 2:] = -1
    least = 0.3 / 16
    given = linear(least * 1.01, weights)
    found = rays(given)
    assert given.fooled(found).all()
    assert torch.equal((found - 0.5).sign(), weights.expand_as(found))


def test_only_labels_are_asked_for():
    given, asked = task(0.1, 6), []

    def labels_only(x):
        asked.append(len(x))
        return torch.nn.functional.one_hot(given.scores(x).argmax(1), 3).float() * 1e6  # no gradient, no margin

    hard = Task(labels_only, given.pictures, given.labels, given.epsilon, given.indices)
    assert torch.equal(rays(hard, trials=30), rays(given, trials=30)) and asked


def test_a_change_is_within_epsilon():
    given = task(0.05, 8)
    assert float((rays(given, trials=40) - given.pictures).abs().max()) <= 0.05 + 1e-6
