"""Attacks of other kinds, each on a case whose answer is known."""

import dataclasses

import pytest
import torch
from scipy.optimize import linprog, minimize

from clearsight.attacks import other
from clearsight.attacks.apgd import dlr, dlr_towards
from clearsight.attacks.gradient_ascent import NORMS
from clearsight.attacks.minimum_norm import to_boundary
from clearsight.attacks.quantization import SAVED, levels
from clearsight.attacks.table import ATTACKS
from clearsight.attacks.task import Task
from tests.attacks.victims import Linear, task

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


def test_dlr_is_the_papers_and_no_scale_changes_it():
    logits, labels = torch.tensor([[4.0, 1.0, 3.0, 0.0]]), torch.tensor([0])
    assert dlr(logits, labels).tolist() == pytest.approx([-(4 - 3) / (4 - 1)])
    assert dlr_towards(logits, labels, torch.tensor([1])).tolist() == pytest.approx([-(4 - 1) / (4 - (1 + 0) / 2)])
    assert torch.allclose(dlr(500 * logits, labels), dlr(logits, labels))


def test_universal_change_is_one_and_a_patch_is_one_square():
    given = dataclasses.replace(task(0.1, 16), pictures=torch.full((16, 1, 8, 8), 0.5) + 0.3 * task(n=16).pictures)
    change = ATTACKS["universal"].run(given) - given.pictures
    assert torch.allclose(change, change[:1].expand_as(change), atol=1e-6)
    found = ATTACKS["patch"].run(given)
    changed = (found != given.pictures).flatten(1)
    assert bool((changed.sum(1) <= 4).all()) and len({tuple(row.nonzero().flatten().tolist()) for row in changed}) > 3
    squares = [found[i][:, changed[i].view(8, 8)].flatten().tolist() for i in range(16) if int(changed[i].sum()) == 4]
    assert len({tuple(values) for values in squares}) == 1


def test_turning_is_rot90_and_shifting_is_a_shift():
    x = torch.rand(2, 1, 8, 8)
    assert torch.allclose(other.turned(x, 90, 0, 0), torch.rot90(x, -1, (2, 3)), atol=1e-5) or torch.allclose(
        other.turned(x, 90, 0, 0), torch.rot90(x, 1, (2, 3)), atol=1e-5
    )
    moved = other.turned(x, 0, 0.25, 0)
    assert torch.allclose(moved[:, :, 2:], x[:, :, :-2], atol=1e-5) and float(moved[:, :, :2].abs().max()) == 0


def test_ensemble_leaves_no_more_than_its_parts():
    given = task(0.03, steps=30)
    kept = {name: int((~given.fooled(ATTACKS[name].run(given))).sum()) for name in ("fgsm", "apgd-ce", "apgd-t", "fab-t", "ensemble")}
    assert kept["ensemble"] <= min(kept.values())


def test_saving_rounds_and_the_lattice_survives_it():
    from clearsight.attacks.attack import attack
    from tests.attacks.victims import classifier, pictures

    x = torch.tensor([0.0, 0.4999 / 255, 0.5001 / 255, 254.6 / 255, 1.0]).view(1, 1, 1, 5)
    assert levels(x).flatten().tolist() == [0, 0, 1, 255, 255]
    victim, values = classifier(channels=3), pictures(24, 3)
    assert torch.equal(SAVED["png"](values.float() / 255), values)
    with torch.no_grad():
        labels = victim.scores(values).argmax(1)
    for method in ("fgsm", "pgd", "pgd-l2", "pgd-l1"):
        epsilon = {"linf": 4.5 / 255, "l2": 0.5, "l1": 4.0}[ATTACKS[method].norm]
        found = attack(victim, values, labels, method=method, epsilon=epsilon, lattice=True, check=False)
        steps = (found.pictures - values.float() / 255) * 255
        assert torch.allclose(steps, steps.round(), atol=1e-3)
        assert bool((NORMS[ATTACKS[method].norm].size(steps / 255) <= epsilon + 1e-5).all())
        assert torch.equal(found.saved["png"], found.robust) and torch.equal(found.saved["uint8"], found.robust)
        assert int(found.robust.sum()) < 24
