"""Saving rounds to 256 levels, and changes made on the levels survive it."""

import torch

from clearsight.attacks.attack import attack
from clearsight.attacks.gradient_ascent import NORMS
from clearsight.attacks.quantization import SAVED, levels
from clearsight.attacks.table import ATTACKS
from tests.attacks.victims import classifier, pictures


def test_saving_rounds_and_the_lattice_survives_it():
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
