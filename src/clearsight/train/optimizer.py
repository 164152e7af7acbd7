"""How weights move: SGD, AdamW, and Muon for convolutions."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..base.errors import unknown

# quintic Newton–Schulz coefficients of K. Jordan, Muon, 2024: steep at zero, singular values end within about 0.7 to 1.2
_A, _B, _C = 3.4445, -4.7750, 2.0315


class Muon(torch.optim.Optimizer):
    """Muon (K. Jordan et al., 2024) for groups marked `matrix`, SGD with Nesterov momentum for the others.

    The momentum of a convolution, as a matrix `(out, in·h·w)`, is replaced by its nearest semi-orthogonal one; the
    weight is brought to the norm of that update, so that `lr` is about the angle it turns by and decay has no meaning.
    """

    def __init__(self, groups: list[dict[str, Any]], lr: float, momentum: float = 0.9, weight_decay: float = 0.0) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "matrix": False, "lr_scale": 1.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._move(p, p.grad, group)

    def _move(self, p: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        if not group["matrix"]:
            gradient = gradient.add(p, alpha=group["weight_decay"])
        state = self.state[p]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(p)
        buffer = state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
        update = gradient.add(buffer, alpha=group["momentum"])
        if group["matrix"]:
            rank = min(len(p), p[0].numel())
            p.mul_(rank**0.5 / p.norm().clamp_min(1e-12))
            update = orthogonal(update.reshape(len(p), -1)).view(p.shape)
        p.add_(update, alpha=-group["lr"])


def orthogonal(matrix: Tensor, steps: int = 3) -> Tensor:
    """Roughly the nearest semi-orthogonal matrix to `(m, n)`, by Newton–Schulz steps; all products, no decomposition."""
    x: Tensor = matrix / matrix.norm().clamp_min(1e-12)
    turned = x.shape[0] > x.shape[1]
    x = x.T if turned else x
    for _ in range(steps):
        gram = x @ x.T
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return x.T if turned else x


def make_optimizer(model: nn.Module, *, name: str, lr: float, momentum: float, weight_decay: float) -> torch.optim.Optimizer:
    """The optimizer `name` (sgd, adamw, muon) over the trainable weights; biases and norms are never decayed.

    Groups of Muon carry `lr_scale`, from the model's `LR_SCALES`, for whoever sets `lr`. Raises UsageError for another name.
    """
    trainable = [(key, p) for key, p in model.named_parameters() if p.requires_grad]
    weights = [p for _, p in trainable if p.ndim > 1]
    vectors = [p for _, p in trainable if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if name == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0)
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=lr, fused=True)
    if name != "muon":
        raise unknown("optimizer", name, ("sgd", "adamw", "muon"))
    matrices = [p for _, p in trainable if p.ndim == 4]
    scaled = [
        {"params": [p], "lr_scale": _scale(model, key), "weight_decay": weight_decay if p.ndim > 1 else 0.0}
        for key, p in trainable
        if p.ndim != 4
    ]
    return Muon([{"params": matrices, "matrix": True}, *scaled] if matrices else scaled, lr, momentum, weight_decay)


def _scale(model: nn.Module, key: str) -> float:
    scales: dict[str, float] = getattr(model, "LR_SCALES", {})
    return next((factor for ending, factor in scales.items() if key.endswith(ending)), 1.0)
