"""`attack`: what every method keeps, its figures, and what is refused."""

import pytest
import torch

from clearsight.attacks import ATTACKS, Attack, Task
from clearsight.attacks.attack import attack
from clearsight.attacks.gradient_ascent import NORMS
from clearsight.base.errors import UsageError
from clearsight.metrics.intervals import proportion
from tests.attacks.victims import classifier, convnet, labelled, pictures

EPSILON = {"linf": 0.04, "l2": 0.6, "l1": 4.0}


QUICK = dict.fromkeys(("apgd-ce", "apgd-dlr", "apgd-t", "apgd-l2", "fab-t", "cw", "ensemble", "ensemble-l2"), 12) | {
    "square": 60,
    "rays": 60,
}


def epsilon_of(method: str) -> float:
    return EPSILON.get(ATTACKS[method].norm, 0.1)


def test_an_attack_of_the_users_own_is_run():
    def darken(task: Task) -> torch.Tensor:
        return (task.pictures - task.epsilon).clamp_min(0)

    victim, values, labels = labelled(12)
    own = Attack("darken", darken, "every pixel darker")
    found = attack(victim, values, labels, method=own, epsilon=0.1, check=False, curve=False)
    assert found.method == "darken" and found.clean.all()
    assert torch.allclose(found.pictures, (values.float() / 255 - 0.1).clamp_min(0))


@pytest.mark.parametrize("method", ATTACKS)
def test_result_does_not_depend_on_the_batch(method):
    victim = classifier()
    with torch.no_grad():
        labels = victim.scores(pictures()).argmax(1)
    settings = {"method": method, "epsilon": epsilon_of(method), "steps": QUICK.get(method, 0)}
    settings |= {"speed": "plain", "check": False, "curve": False}
    one, other = (attack(victim, pictures(), labels, batch_size=size, **settings) for size in (24, 7))
    assert torch.equal(one.robust, other.robust)
    same = (one.pictures - other.pictures).abs() < 1e-4
    assert float(same.float().mean()) > 0.99  # the sign of a gradient that is nearly 0 may follow a product's rounding


@pytest.mark.parametrize("method", [name for name, row in ATTACKS.items() if row.norm in NORMS])
def test_a_picture_that_is_misclassified_already_is_not_changed(method):
    victim, values = classifier(), pictures(9)
    with torch.no_grad():
        labels = (victim.scores(values).argmax(1) + 1) % 3
    found = attack(victim, values, labels, method=method, epsilon=epsilon_of(method), check=False)
    assert torch.equal(found.pictures, values.float() / 255)
    assert not found.clean.any() and found.least.tolist() == [0] * 9


def test_the_json_is_counted_from_the_pictures():
    victim, values, labels = labelled(24)
    labels = labels.clone()
    labels[:3] = (labels[:3] + 1) % 3  # wrong before
    found = attack(victim, values, labels, method="pgd", epsilon=0.03, steps=4, check=False)
    told = found.to_json()
    assert told["n"] == 24 and told["clean"] == proportion(21, 24) and told["robust"] == proportion(int(found.robust.sum()), 24)
    assert not (found.robust & ~found.clean).any() and not found.clean[:3].any()
    for point in told["curve"]:
        right = found.clean & (found.least > point["epsilon"])
        assert point["value"] == pytest.approx(float(right.float().mean()))
    assert found.rows() == told["curve"]
    assert f"{21 / 24:.2%} right before" in found.headline() and "pgd" in found.headline()


def test_a_targeted_attack_makes_that_class():
    victim, values, labels = labelled(24)
    found = attack(victim, values, labels, method="pgd", epsilon=0.2, steps=10, target=1, check=False, curve=False)
    with torch.no_grad():
        after = victim.scores(found.pictures).argmax(1)
    assert (after[~found.robust & (labels != 1)] == 1).float().mean() > 0.5


def test_a_transfer_takes_the_gradients_of_another():
    victim, values, labels = labelled(24)
    other = classifier(convnet(seed=3))
    settings = {"method": "fgsm", "epsilon": 0.1, "check": False, "curve": False}
    found, own = attack(victim, values, labels, source=other, **settings), attack(victim, values, labels, **settings)
    assert not torch.equal(found.pictures, own.pictures)
    assert int(found.robust.sum()) >= int(own.robust.sum())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epsilon": -0.1}, "epsilon"),
        ({"epsilon": 1.5}, "between 0 and 1"),
        ({"method": "pdg"}, "Did you mean pgd"),
        ({"source": classifier(channels=3)}, "pictures of one size"),
    ],
)
def test_what_cannot_be_is_refused(changes, says):
    victim, values, labels = labelled(4)
    with pytest.raises(UsageError, match=says):
        attack(victim, values, labels, **{"method": "pgd", "check": False, **changes})


def test_no_pictures_and_unknown_labels():
    victim, values, labels = labelled(4)
    with pytest.raises(UsageError, match="the number of pictures"):
        attack(victim, values[:0], labels[:0], method="pgd")
    with pytest.raises(UsageError, match="0 to 2"):
        attack(victim, values, labels + 3, method="pgd")
