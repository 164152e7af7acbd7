"""Every attack by name: one `Attack` each, importable from `clearsight.attacks`. The contract tests try all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from .methods import apgd, ensemble, minimum_norm, patch, pgd, rays, spatial, square, universal
from .task import Task


@dataclass(frozen=True)
class Attack:
    """An attack: `run` turns a Task into changed pictures, and the other fields say how `attack()` has to call it.

    To bring your own, make one of these and pass it to `attack()` as the method.
    """

    name: str
    run: Callable[[Task], Tensor]
    description: str
    norm: str = "linf"  # what ε bounds
    white_box: bool = True  # needs the gradient of the classifier's scores
    one_for_all: bool = False  # makes a single change for all pictures, and is given all of them at once
    refines: bool = False  # its least ε is searched by further gradient steps, that of others by scaling down what they found
    path_length: float = 0.0  # length of all steps together, in ε
    needs_float32: bool = False  # ends on the decision boundary itself, where rounding would decide
    starts_at_input: bool = False  # its first gradient is that of the unchanged picture, and is computed once for several uses
    batches_itself: bool = False  # splits what it is given into batches, and is given several at once
    # is searched in float32 unless told otherwise: on a network trained against PGD, bfloat16 missed 3 of the 63 pictures of 250
    # that APGD fools in float32
    search_float32: bool = False


_steps = partial(Attack, refines=True, batches_itself=True)
_thorough = partial(Attack, refines=True, search_float32=True)
_nearest = partial(Attack, refines=True, needs_float32=True)

NOISE = Attack("noise", pgd.noise, "a random change, as a baseline", white_box=False)
FGSM = Attack("fgsm", partial(pgd.pgd, steps=1, step=1.0), "x + ε·sign ∇J, one step", starts_at_input=True, batches_itself=True)
FGSM_L2 = Attack(
    "fgsm-l2", partial(pgd.pgd, norm="l2", steps=1, step=1.0), "one step along the gradient", "l2", starts_at_input=True,
    batches_itself=True,
)  # fmt: skip
FGSM_TARGETED = Attack("fgsm-targeted", pgd.fgsm_targeted, "one step towards the least likely class, or --target")
BIM = _steps("bim", partial(pgd.pgd, steps=10, step=0.2), "FGSM in 10 steps", path_length=2.0, starts_at_input=True)
MI_FGSM = _steps("mi-fgsm", partial(pgd.pgd, steps=10, step=0.2, momentum=1.0), "BIM with momentum", path_length=2.0, starts_at_input=True)
PGD = _steps("pgd", partial(pgd.pgd, steps=40, step=0.05, random=True), "40 steps from a random start", path_length=2.0)
PGD_L2 = _steps("pgd-l2", partial(pgd.pgd, norm="l2", steps=40, step=0.1, random=True), "the same in L2", "l2", path_length=4.0)
PGD_L1 = _steps("pgd-l1", partial(pgd.pgd, norm="l1", steps=60, step=0.1, random=True), "the same in L1", "l1", path_length=6.0)
APGD_CE = _thorough("apgd-ce", apgd.apgd, "PGD with an adaptive step size, on cross-entropy")
APGD_DLR = _thorough("apgd-dlr", partial(apgd.apgd, loss="dlr"), "the same on the difference of logits ratio")
APGD_T = _thorough("apgd-t", apgd.apgd_targeted, "the same towards nine classes in turn")
APGD_L2 = _thorough("apgd-l2", partial(apgd.apgd, norm="l2"), "APGD in L2", "l2")
SQUARE = Attack("square", square.square, "random squares, 5,000 queries, no gradient", white_box=False)
FAB_T = _nearest("fab-t", minimum_norm.fab_targeted, "steps onto the boundaries to nine classes")
DEEPFOOL = _nearest("deepfool", minimum_norm.deepfool, "steps to the nearest boundary", "l2")
CARLINI_WAGNER = _nearest("cw", minimum_norm.carlini_wagner, "the nearest picture by Adam (Carlini and Wagner)", "l2")
RAYS = Attack("rays", rays.rays, "bisection along rays, decisions only", white_box=False)
AUTO_ATTACK = _thorough("ensemble", ensemble.ensemble, "AutoAttack: apgd-ce, apgd-t, fab-t, square")
AUTO_ATTACK_L2 = _thorough("ensemble-l2", partial(ensemble.ensemble, attacks=ensemble.IN_L2), "apgd, apgd-t and fab-t in L2", "l2")
UNIVERSAL = Attack("universal", universal.universal, "one change for all pictures", one_for_all=True)
PATCH = Attack("patch", patch.patch, "one square covering a fraction ε of the area, for all pictures", "patch", one_for_all=True)
SPATIAL = Attack("spatial", spatial.spatial, "the worst rotation up to ε·300° and shift up to ε of the side", "spatial", white_box=False)

ROWS = (
    NOISE, FGSM, FGSM_L2, FGSM_TARGETED, BIM, MI_FGSM, PGD, PGD_L2, PGD_L1, APGD_CE, APGD_DLR, APGD_T, APGD_L2, SQUARE, FAB_T, DEEPFOOL,
    CARLINI_WAGNER, RAYS, AUTO_ATTACK, AUTO_ATTACK_L2, UNIVERSAL, PATCH, SPATIAL,
)  # fmt: skip
ATTACKS = {row.name: row for row in ROWS}


def access_of(row: Attack, transferred: bool) -> tuple[str, str]:
    """What an attack is given: (white or black, in words); `transferred` says whether the gradients are another network's."""
    if transferred:
        return "black", "the gradient of another network"
    return ("white", "the network's own gradient") if row.white_box else ("black", "no gradient, only the answers")
