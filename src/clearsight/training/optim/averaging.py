"""Averages of weights: the exponential moving average over steps, and the running mean of the last epochs (a soup)."""

from torch import Tensor


def blend(mean: dict[str, Tensor], values: dict[str, Tensor], share: float) -> None:
    """Move the `mean` by `share` of the way to `values`, in place; integers are copied."""
    for name, value in values.items():
        if name not in mean:
            mean[name] = value.detach().clone()
        elif value.is_floating_point():
            mean[name].lerp_(value.detach(), share)
        else:
            mean[name].copy_(value)


def update_ema(averaged: dict[str, Tensor], values: dict[str, Tensor], decay: float, steps: int) -> None:
    """One step of the moving average, with a smaller decay in the first `steps`, so that it forgets the random initial weights."""
    blend(averaged, values, 1 - min(decay, (1 + steps) / (10 + steps)))
