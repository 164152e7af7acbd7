"""The smallest ε of each picture: closed forms, a run per ε, and the curve that follows."""

import pytest
import torch

from clearsight.attacks.attack import attack
from clearsight.attacks.curve import LEVELS, smallest_epsilon, smallest_on_grid
from clearsight.attacks.mixed_precision import Judge
from clearsight.attacks.table import ATTACKS
from clearsight.attacks.task import Task
from tests.attacks.victims import Linear, labelled, mid_grey, task


def test_least_epsilon_of_a_linear_model_is_its_distance():
    """|w·x + b| / ‖w‖₁ in L∞, / ‖w‖₂ in L2, / max|w| in L1."""
    w = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    x = torch.full((4, 1, 8, 8), 0.5)
    net = Linear(w, float(-(x[0] * w).sum()) - 0.3)
    for method, size in {
        "fgsm": w.abs().sum(),
        "pgd": w.abs().sum(),
        "fgsm-l2": w.norm(),
        "pgd-l2": w.norm(),
        "pgd-l1": w.abs().max(),
    }.items():
        given = Task(net, x, torch.zeros(4, dtype=torch.long), 0.2 / float(size), torch.arange(4))
        row = ATTACKS[method]
        changed = row.run(given)
        least, _ = smallest_epsilon(row, given, Judge(net, None, 256), changed, given.fooled(changed))
        assert least.tolist() == pytest.approx([0.3 / float(size)] * 4, rel=0.02), method


@pytest.mark.parametrize("method", ["fgsm", "fgsm-l2"])
def test_an_attack_of_one_step_has_the_result_of_a_run_at_every_level(method):
    row, given = ATTACKS[method], mid_grey({"fgsm": 0.01, "fgsm-l2": 0.1}[method], 150)  # no pixel is clipped
    given = given.only(~given.fooled(given.pictures))
    levels = [level * given.epsilon for level in LEVELS if level <= 1]
    plain, changed = smallest_on_grid(row.run, given, levels), row.run(given)
    least, _ = smallest_epsilon(row, given, Judge(given.scores, None, 256), changed, given.fooled(changed))
    bounds = torch.tensor([0.0, *levels])
    ours = bounds[torch.searchsorted(bounds, least.clamp_max(given.epsilon))]  # the level at or above
    within = plain.isfinite()
    assert 20 < int(within.sum()) < len(within) and bool((least[~within] > given.epsilon).all())
    assert float((ours[within] == plain[within]).float().mean()) > 0.95  # a margin that is not monotone may cross 0 twice


def test_the_search_of_many_steps_is_no_worse_than_a_run_per_level():
    given, row = task(0.06, 100), ATTACKS["bim"]
    levels = [level * given.epsilon for level in LEVELS]
    plain, changed = smallest_on_grid(row.run, given, levels), row.run(given)
    least, near = smallest_epsilon(row, given, Judge(given.scores, None, 256), changed, given.fooled(changed))
    assert float((least <= plain + 1e-6).float().mean()) > 0.95
    fools = least.isfinite()
    assert bool(given.fooled(near)[fools].all())
    assert torch.allclose((near - given.pictures).abs().amax((1, 2, 3))[fools], least[fools], atol=1e-5)


@pytest.mark.parametrize("method", ["fgsm", "pgd"])
def test_the_curve_falls_and_is_the_run_at_epsilon(method):
    victim, values, labels = labelled(100)
    epsilon = 0.03
    found = attack(victim, values, labels, method=method, epsilon=epsilon, check=False)
    shares = [row["value"] for row in found.to_json()["curve"]]
    assert shares == sorted(shares, reverse=True) and shares[0] == found.to_json()["clean"]["value"]
    assert found.to_json()["curve"][6]["epsilon"] == pytest.approx(epsilon) and shares[6] == pytest.approx(
        float(found.robust.float().mean())
    )
    alone = attack(victim, values, labels, method=method, epsilon=epsilon, check=False, curve=False)
    assert float(found.robust.float().mean()) <= float(alone.robust.float().mean())
    for row in alone.to_json()["curve"]:  # without a search, a picture is fooled at ε or not at all
        assert row["value"] == pytest.approx(float((alone.robust if row["epsilon"] >= epsilon * 0.999 else alone.clean).float().mean()))
    for level, point in ((0.25, 2), (0.5, 4)):
        run = attack(victim, values, labels, method=method, epsilon=epsilon * level, check=False, curve=False)
        assert shares[point] == pytest.approx(float(run.robust.float().mean()), abs=0.05)
