"""Attacks of your own: a function in place of a name, or registered in the table under a name.

The protocol: `run(scores, pictures, labels, epsilon) -> changed`, where `scores` maps pictures float32 `(N, C, H, W)` in [0, 1] to logits
`(N, K)` (gradients flow), `labels` are int64 `(N,)`, and `changed` are pictures of the same shape, in [0, 1] and within `epsilon` of
`pictures` in the attack's norm. `clearsight.testing.check_attack` tries a function against it.
"""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from ..base.errors import UsageError, wrong
from ..base.registry import look_up
from .gradient_ascent import NORMS, Scores
from .table import ATTACKS, Attack
from .task import Task

OwnAttack: TypeAlias = Callable[[Scores, Tensor, Tensor, float], Tensor]
SLACK = 1e-5  # of ε, for rounding


def register(name: str, run: OwnAttack, *, norm: str = "linf", description: str = "", white_box: bool = True) -> None:
    """Make `run` an attack by the `name`, in Python and on the command line of this process; `norm` is linf, l2 or l1.

    `white_box` says whether it takes gradients. Raises UsageError for a name that is taken, another norm, or what cannot be called.

    >>> import clearsight as cs
    >>> def brighter(scores, pictures, labels, epsilon):
    ...     return (pictures + epsilon).clamp(0, 1)
    >>> cs.attacks.register("brighter", brighter, white_box=False)
    >>> "brighter" in cs.attacks.names()
    True
    """
    if name in ATTACKS and not isinstance(ATTACKS[name].run, Adapted):
        raise UsageError(f"there is an attack called {name} already: choose another name.")
    ATTACKS[name] = adapted(name, run, norm, description or (run.__doc__ or name).strip().splitlines()[0], white_box)


def names() -> list[str]:
    """The names of all attacks, those registered last at the end."""
    return list(ATTACKS)


def resolved(method: str | Attack | OwnAttack) -> tuple[str, Attack]:
    """The name and the `Attack` of a method: one of the table, an Attack itself, or a function of the protocol; raises UsageError."""
    if isinstance(method, Attack):
        return method.name, method
    if isinstance(method, str):
        return method, look_up(ATTACKS, method, "attack")
    name = getattr(method, "__name__", type(method).__name__)
    return name, adapted(name, method, "linf", "an attack of your own")


def adapted(name: str, run: OwnAttack, norm: str, description: str, white_box: bool = True) -> Attack:
    """The `Attack` of a function of the protocol."""
    if norm not in NORMS:
        raise wrong("norm", " or ".join(NORMS), norm)
    if not callable(run):
        raise wrong("an attack", "something to call as run(scores, pictures, labels, epsilon)", type(run).__name__)
    return Attack(name, Adapted(run, norm), description, norm, white_box=white_box)


class Adapted:
    """A function of the protocol as a function of a Task; its result is checked."""

    def __init__(self, run: OwnAttack, norm: str) -> None:
        self.run, self.norm = run, norm

    def __call__(self, task: Task) -> Tensor:
        """The changed pictures; raises UsageError where they break the protocol."""
        changed = self.run(task.scores, task.pictures.clone(), task.labels, task.epsilon)
        require_within(changed, task.pictures, self.norm, task.epsilon)
        return changed.detach().clone()


def require_within(changed: object, pictures: Tensor, norm: str, epsilon: float) -> None:
    """Raise UsageError unless `changed` are pictures `(N, C, H, W)` in [0, 1], at most ε away from `pictures` in the norm."""
    if not isinstance(changed, Tensor) or changed.shape != pictures.shape or changed.dtype != pictures.dtype:
        kind = f"{changed.dtype} {tuple(changed.shape)}" if isinstance(changed, Tensor) else type(changed).__name__
        raise wrong("what an attack returns", f"a tensor {pictures.dtype} {tuple(pictures.shape)}", kind)
    if not (float(changed.min()) >= 0 and float(changed.max()) <= 1):
        raise wrong("what an attack returns", "within [0, 1]", f"{float(changed.min()):.4g} to {float(changed.max()):.4g}")
    largest = float(NORMS[norm].size(changed.detach() - pictures).max())
    if not largest <= epsilon * (1 + SLACK) + 1e-6:
        raise wrong("the change that an attack makes", f"at most ε = {epsilon:.4g} in {norm}", f"{largest:.4g}")
