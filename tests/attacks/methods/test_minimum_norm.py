"""Attacks that look for the nearest misclassified picture, on linear models, whose answer is known."""

import pytest
import torch
from scipy.optimize import linprog, minimize

from clearsight.attacks.gradient_ascent import NORMS
from clearsight.attacks.methods.minimum_norm import to_boundary
from clearsight.attacks.table import ATTACKS
from clearsight.attacks.task import Task
from tests.attacks.victims import Linear

W = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))


def linear(epsilon: float, away: float = 0.3) -> Task:
    """Grey pictures whose label is lost once w·δ is more than `away`."""
    x = torch.full((3, 1, 8, 8), 0.5)
    return Task(Linear(W, float(-(x[0] * W).sum()) - away), x, torch.zeros(3, dtype=torch.long), epsilon, torch.arange(3))


@pytest.mark.parametrize(
    ("method", "least", "slack"),
    [
        ("deepfool", 0.3 / float(W.norm()), 1.03),
        ("cw", 0.3 / float(W.norm()), 1.05),
        ("ensemble-l2", 0.3 / float(W.norm()), 1.01),
        ("fab-t", 0.3 / float(W.abs().sum()), 1.01),
        ("apgd-ce", 0.3 / float(W.abs().sum()), 1.01),
        ("apgd-dlr", 0.3 / float(W.abs().sum()), 1.01),
        ("apgd-t", 0.3 / float(W.abs().sum()), 1.01),
        ("rays", 0.3 / float(W.abs().sum()), 1.1),
        ("square", 0.3 / float(W.abs().sum()), 1.3),
        ("universal", 0.3 / float(W.abs().sum()), 1.05),
    ],
)
def test_a_linear_model_is_fooled_from_its_distance_on_and_not_before(method, least, slack):
    for epsilon, fooled in ((least * 0.995, False), (least * slack, True)):
        given = linear(epsilon)
        assert given.fooled(ATTACKS[method].run(given)).tolist() == [fooled] * 3, epsilon


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_way_to_a_boundary_within_the_box_is_the_shortest(norm):
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        x, w = torch.rand(1, 1, 2, 3, generator=generator), torch.randn(1, 1, 2, 3, generator=generator)
        offset = torch.tensor([-float((x * w).sum()) - 0.6 * float(torch.where(w > 0, (1 - x) * w, -x * w).sum())])
        change = to_boundary(x, w, offset, norm)
        assert float((w * (x + change)).sum() + offset) == pytest.approx(0, abs=1e-5)
        assert float((x + change).min()) >= 0 and float((x + change).max()) <= 1 + 1e-6
        flat, weights, goal = x.flatten().numpy(), w.flatten().double().numpy(), float(-(w * x).sum() - offset)
        bounds = [(-float(v), 1 - float(v)) for v in flat]
        if norm == "linf":
            rows = [[(1.0 if i == j else 0.0) * s for j in range(6)] + [-1.0] for i in range(6) for s in (1, -1)]
            best = linprog([0] * 6 + [1], A_ub=rows, b_ub=[0] * 12, A_eq=[[*weights, 0]], b_eq=[goal], bounds=[*bounds, (0, None)]).fun
        else:
            rule = {"type": "eq", "fun": lambda d, weights=weights, goal=goal: weights @ d - goal}
            best = minimize(lambda d: d @ d, [0.0] * 6, bounds=bounds, constraints=[rule]).fun ** 0.5
        assert float(NORMS[norm].size(change)) == pytest.approx(best, abs=2e-4)
