"""Every attack by name: one row each. The contract tests try all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from . import apgd, ensemble, gradient, minimum_norm, other, rays, square
from .task import Task


@dataclass(frozen=True)
class Attack:
    """A function from a Task to its changed pictures; the norm that ε bounds, and whether it needs the classifier's gradient.

    One that makes a single change for all pictures (`whole`) is given all of them at once. The least ε of one of many steps is
    searched by steps (`refined`), of others by drawing back what they found. `way` is the length of all steps together, in ε.
    One that is `near` ends at the boundary itself, where rounding would decide; one that is `still` begins at the picture, so that
    its first gradient says as well who is wrong already. One that is `wide` computes in batches by itself, and is given several at once.
    One that is `fine` looks for the last pictures that can be fooled, and is searched in float32 unless told otherwise: on a network
    trained against PGD, bfloat16 missed 3 of the 63 pictures of 250 that APGD fools in float32.
    """

    run: Callable[[Task], Tensor]
    says: str
    norm: str = "linf"
    white_box: bool = True
    whole: bool = False
    refined: bool = False
    way: float = 0.0
    near: bool = False
    still: bool = False
    wide: bool = False
    fine: bool = False


ATTACKS = {
    "noise": Attack(gradient.noise, "a random change, as a baseline", white_box=False),
    "fgsm": Attack(partial(gradient.climb, steps=1, step=1.0), "x + ε·sign ∇J, one step", still=True, wide=True),
    "fgsm-l2": Attack(partial(gradient.climb, norm="l2", steps=1, step=1.0), "one step along the gradient", "l2", still=True, wide=True),
    "fgsm-targeted": Attack(gradient.targeted, "one step towards the class that is thought least likely, or --target"),
    "bim": Attack(partial(gradient.climb, steps=10, step=0.2), "FGSM in 10 steps", refined=True, way=2.0, still=True, wide=True),
    "mi-fgsm": Attack(
        partial(gradient.climb, steps=10, step=0.2, momentum=1.0), "BIM with momentum", refined=True, way=2.0, still=True, wide=True
    ),
    "pgd": Attack(
        partial(gradient.climb, steps=40, step=0.05, random=True), "40 steps from a random start", refined=True, way=2.0, wide=True
    ),
    "pgd-l2": Attack(
        partial(gradient.climb, norm="l2", steps=40, step=0.1, random=True), "the same in L2", "l2", refined=True, way=4.0, wide=True
    ),
    "pgd-l1": Attack(
        partial(gradient.climb, norm="l1", steps=60, step=0.1, random=True), "the same in L1", "l1", refined=True, way=6.0, wide=True
    ),
    "apgd-ce": Attack(apgd.apgd, "PGD that chooses its step, on cross-entropy", refined=True, fine=True),
    "apgd-dlr": Attack(partial(apgd.apgd, loss="dlr"), "the same on the difference of logits ratio", refined=True, fine=True),
    "apgd-t": Attack(apgd.apgd_targeted, "the same towards nine classes in turn", refined=True, fine=True),
    "apgd-l2": Attack(partial(apgd.apgd, norm="l2"), "APGD in L2", "l2", refined=True, fine=True),
    "square": Attack(square.square, "random squares, 5,000 queries, no gradient", white_box=False),
    "fab-t": Attack(minimum_norm.fab_targeted, "steps onto the boundaries to nine classes", refined=True, near=True),
    "deepfool": Attack(minimum_norm.deepfool, "steps to the nearest boundary", "l2", refined=True, near=True),
    "cw": Attack(minimum_norm.carlini, "the nearest picture by Adam (Carlini and Wagner)", "l2", refined=True, near=True),
    "rays": Attack(rays.rays, "halves along rays, answers only", white_box=False),
    "ensemble": Attack(ensemble.ensemble, "AutoAttack: apgd-ce, apgd-t, fab-t, square", refined=True, fine=True),
    "ensemble-l2": Attack(
        partial(ensemble.ensemble, attacks=ensemble.IN_L2), "apgd, apgd-t and fab-t in L2", "l2", refined=True, fine=True
    ),
    "universal": Attack(other.universal, "one change for all pictures", whole=True),
    "patch": Attack(other.patch, "one square of a share ε of the area for all pictures", "patch", whole=True),
    "spatial": Attack(other.spatial, "the worst turn up to ε·300° and shift up to ε of the side", "spatial", white_box=False),
}
