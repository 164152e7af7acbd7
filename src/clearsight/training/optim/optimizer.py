"""Optimizers: SGD, AdamW, LARS for large batches, and Muon for convolutions."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Required, TypedDict, cast

import torch
from torch import Tensor, nn

from ...base.errors import unknown

# quintic Newton–Schulz coefficients of K. Jordan, Muon, 2024: steep at zero, singular values end within about 0.7 to 1.2
_A, _B, _C = 3.4445, -4.7750, 2.0315


class Group(TypedDict, total=False):
    """Parameters and their common settings: those of every optimizer, then of LARS and of Muon."""

    params: Required[list[Tensor]]
    lr: float
    momentum: float
    weight_decay: float
    trust: float
    adapted: bool
    matrix: bool
    lr_scale: float


class Optimizer(ABC):
    """Groups of parameters with their settings, and the state of each parameter.

    Not torch's own class, whose first step imports the compiler: a second and more before training begins.
    """

    DEFAULTS: dict[str, float] = {}  # noqa: RUF012 — replaced per class, never changed

    def __init__(self, groups: Sequence[Group], **settings: float) -> None:
        self.param_groups = [cast(Group, {**self.DEFAULTS, **settings, **group}) for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    @property
    def parameters(self) -> list[Tensor]:
        """Every parameter, group by group; the order in which a checkpoint numbers them."""
        return [p for group in self.param_groups for p in group["params"]]

    @torch.no_grad()
    def step(self) -> None:
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            moving = [p for p in group["params"] if p.grad is not None]
            if moving:
                self._move(moving, [cast(Tensor, p.grad) for p in moving], group)

    @abstractmethod
    def _move(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        """Update `parameters` of one group, each by its gradient."""

    def _slots(self, parameters: list[Tensor], name: str) -> list[Tensor]:
        """The state tensors `name` of `parameters`, at first zeros."""
        rows = [self.state.setdefault(p, {}) for p in parameters]
        for row, p in zip(rows, parameters, strict=True):
            if name not in row:
                row[name] = torch.zeros_like(p)
        return [row[name] for row in rows]


class SGD(Optimizer):
    """Stochastic gradient descent with Nesterov momentum and L2 decay, as torch's."""

    DEFAULTS = {"momentum": 0.9, "weight_decay": 0.0}  # noqa: RUF012

    def _move(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        updates = torch._foreach_add(gradients, parameters, alpha=group["weight_decay"])
        if group["momentum"]:
            buffers = self._slots(parameters, "momentum_buffer")
            torch._foreach_mul_(buffers, group["momentum"])
            torch._foreach_add_(buffers, updates)
            torch._foreach_add_(updates, buffers, alpha=group["momentum"])
        torch._foreach_add_(parameters, updates, alpha=-group["lr"])


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019), by torch's fused kernel."""

    DEFAULTS = {"weight_decay": 0.01}  # noqa: RUF012
    KERNEL: Callable[..., None] = staticmethod(torch._fused_adamw_)

    def _move(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        for p in parameters:
            self.state.setdefault(p, {}).setdefault("step", torch.zeros((), device=p.device))
        steps = [self.state[p]["step"] for p in parameters]
        torch._foreach_add_(steps, 1)
        self.KERNEL(
            parameters,
            gradients,
            self._slots(parameters, "exp_avg"),
            self._slots(parameters, "exp_avg_sq"),
            [],
            steps,
            lr=group["lr"],
            beta1=0.9,
            beta2=0.999,
            weight_decay=group["weight_decay"],
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


class Adam(AdamW):
    """Adam (Kingma & Ba, 2015), whose weight decay is an L2 penalty within the gradient, by torch's fused kernel."""

    DEFAULTS = {"weight_decay": 0.0}  # noqa: RUF012
    KERNEL = staticmethod(torch._fused_adam_)


class LARS(Optimizer):
    """Layer-wise adaptive rates (Y. You, I. Gitman, B. Ginsburg, Large batch training of convolutional networks, 2017), as in SimCLR.

    A matrix moves by a step whose length is `trust` of its own norm; biases and norms, which are not decayed, as by SGD.
    """

    DEFAULTS = {"momentum": 0.9, "weight_decay": 0.0, "trust": 1e-3, "adapted": False}  # noqa: RUF012

    def _move(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        for p, gradient, buffer in zip(parameters, gradients, self._slots(parameters, "momentum_buffer"), strict=True):
            update = gradient
            if group["adapted"]:
                update = gradient.add(p, alpha=group["weight_decay"])
                weight, length = p.norm(), update.norm()
                ratio = torch.where((weight > 0) & (length > 0), group["trust"] * weight / length, 1.0)
                update = update * ratio
            buffer.mul_(group["momentum"]).add_(update, alpha=group["lr"])
            p.sub_(buffer)


class Muon(Optimizer):
    """Muon (K. Jordan et al., 2024) for groups marked `matrix`, SGD with Nesterov momentum for the others.

    The momentum of a convolution, as a matrix `(out, in·h·w)`, is replaced by its nearest semi-orthogonal one; the
    weight is brought to the norm of that update, so that `lr` is about the angle it turns by and decay has no meaning.
    """

    DEFAULTS = {"momentum": 0.9, "weight_decay": 0.0, "matrix": False, "lr_scale": 1.0}  # noqa: RUF012

    def _move(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        buffers = self._slots(parameters, "momentum_buffer")
        if not group["matrix"]:
            gradients = list(torch._foreach_add(gradients, parameters, alpha=group["weight_decay"]))
        torch._foreach_mul_(buffers, group["momentum"])
        torch._foreach_add_(buffers, gradients)
        updates = list(torch._foreach_add(gradients, buffers, alpha=group["momentum"]))
        if group["matrix"]:
            for p in parameters:
                p.mul_(min(len(p), p[0].numel()) ** 0.5 / p.norm().clamp_min(1e-12))
            updates = [orthogonal(update.reshape(len(update), -1)).view(update.shape) for update in updates]
        torch._foreach_add_(parameters, updates, alpha=-group["lr"])


def orthogonal(matrix: Tensor, steps: int = 3) -> Tensor:
    """Roughly the nearest semi-orthogonal matrix to `(m, n)`, by Newton–Schulz steps; all products, no decomposition.

    A step multiplies by a polynomial of the Gram matrix, and so do all steps together: they are taken on Gram matrices, and the matrix
    itself, several times as wide in a convolution, is multiplied once.
    """
    x: Tensor = matrix / matrix.norm().clamp_min(1e-12)
    turned = x.shape[0] > x.shape[1]
    x = x.T if turned else x
    gram, identity = x @ x.T, torch.eye(len(x), dtype=x.dtype, device=x.device)
    product = identity
    for step in range(steps):
        factor = _A * identity + _B * gram + _C * gram @ gram
        product = factor @ product if step else factor
        gram = factor @ gram @ factor if step < steps - 1 else gram
    x = product @ x
    return x.T if turned else x


def make_optimizer(model: nn.Module, *, name: str, lr: float, momentum: float, weight_decay: float) -> Optimizer:
    """The optimizer `name` (sgd, adam, adamw, lars, muon) over the trainable weights. `lbfgs` moves none.

    What has one dimension, as biases and norms have, is never decayed. Groups of Muon carry `lr_scale`, from the model's `LR_SCALES`, for
    the code that sets `lr`. Raises UsageError for another name.
    """
    trainable = [(key, p) for key, p in model.named_parameters() if p.requires_grad]
    weights: list[Tensor] = [p for _, p in trainable if p.ndim > 1]
    vectors: list[Tensor] = [p for _, p in trainable if p.ndim <= 1]
    groups: list[Group] = [{"params": weights, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if name == "lbfgs":  # only the head is fitted, by L-BFGS
        return SGD([], lr=lr)
    if name == "sgd":
        return SGD(groups, lr=lr, momentum=momentum)
    if name in ("adam", "adamw"):
        return (Adam if name == "adam" else AdamW)(groups, lr=lr)
    if name == "lars":
        return LARS([{**group, "adapted": group["params"] is weights} for group in groups], lr=lr, momentum=momentum)
    if name != "muon":
        raise unknown("optimizer", name, ("sgd", "adam", "adamw", "lars", "muon", "lbfgs"))
    matrices: list[Tensor] = [p for _, p in trainable if p.ndim == 4]
    scaled: list[Group] = [
        {"params": [p], "lr_scale": _scale(model, key), "weight_decay": weight_decay if p.ndim > 1 else 0.0}
        for key, p in trainable
        if p.ndim != 4
    ]
    return Muon(
        [{"params": matrices, "matrix": True}, *scaled] if matrices else scaled, lr=lr, momentum=momentum, weight_decay=weight_decay
    )


def _scale(model: nn.Module, key: str) -> float:
    scales: dict[str, float] = getattr(model, "LR_SCALES", {})
    return next((factor for ending, factor in scales.items() if key.endswith(ending)), 1.0)
