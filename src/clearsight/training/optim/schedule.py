"""Learning rates as pure functions of how far the run is."""

import math


def factor(schedule: str, progress: float, warmup: float, drops: int = 0) -> float:
    """The factor on the peak learning rate at `progress` in [0, 1), which on a plateau has been divided by 10 `drops` times."""
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
        return float(0.1**drops)
    return 1.0


def _cosine_between(start: float, end: float, progress: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * progress))
