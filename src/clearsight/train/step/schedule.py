"""Learning rates as pure functions: of how far the run is, and of the validation accuracies so far."""

import math
from collections.abc import Sequence


def factor(schedule: str, progress: float, warmup: float, history: Sequence[float] = (), patience: int = 3) -> float:
    """The factor on the peak learning rate at `progress` in [0, 1); `history` are validation accuracies, one an epoch."""
    if progress < warmup and schedule != "onecycle":
        return max(progress / warmup, 1e-3)
    after = (progress - warmup) / max(1 - warmup, 1e-9)
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * after))
    if schedule == "triangle":
        return 1 - after
    if schedule == "onecycle":  # Smith & Topin 2018, as torch.optim.lr_scheduler.OneCycleLR anneals it
        if progress < warmup:
            return _cosine_between(1 / 25, 1.0, progress / warmup)
        return _cosine_between(1.0, 1e-4 / 25, after)
    if schedule == "plateau":
        return float(0.1 ** drops(history, patience))
    return 1.0


def drops(history: Sequence[float], patience: int) -> int:
    """How often the learning rate has been divided by 10: once per `patience` epochs without a new best."""
    best, waited, count = -math.inf, 0, 0
    for accuracy in history:
        if accuracy > best:
            best, waited = accuracy, 0
        else:
            waited += 1
            if waited == patience:
                count, waited = count + 1, 0
    return count


def stale(history: Sequence[float]) -> int:
    """Epochs since the best validation accuracy."""
    return len(history) - 1 - max(range(len(history)), key=lambda i: (history[i], -i)) if history else 0


def _cosine_between(start: float, end: float, progress: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * progress))
