"""Attack a classifier by a built-in method and by one of your own."""

import torch
import torch.nn.functional as F
from torch import Tensor

import clearsight as cs


def gradient_sign(scores, pictures: Tensor, labels: Tensor, epsilon: float) -> Tensor:  # type: ignore[no-untyped-def]
    """One step of ε up the sign of the gradient (FGSM); `pictures` are float32 `(N, C, H, W)` in [0, 1]."""
    x = pictures.clone().requires_grad_()
    F.cross_entropy(scores(x), labels, reduction="sum").backward()
    assert x.grad is not None
    return (pictures + epsilon * x.grad.sign()).clamp(0, 1)


cs.testing.check_attack(gradient_sign)
run = cs.train("digits", model="lenet5", epochs=2)

options = cs.AttackOptions(epsilon=16 / 255, curve=False, check=False)
ours = cs.attack(run, method=gradient_sign, options=options, n=100)
theirs = cs.attack(run, method="fgsm", options=options, n=100)
print(ours.headline(), theirs.headline(), sep="\n")
assert torch.equal(ours.clean, theirs.clean)
