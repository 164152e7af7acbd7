"""Sanity checks for heat maps: a map that only looks plausible does not pass.

V. Petsiuk et al., RISE, 2018 (deletion and insertion); J. Adebayo et al., Sanity checks for saliency maps, 2018 (random weights).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...base.check import Check
from ...base.compute.undisturbed import undisturbed
from ...images.blur import blurred
from .gradients import COMPLETE, incomplete, integrated
from .table import Method

STEPS = 16  # points of a deletion or insertion curve after the first
EVERY = 2  # of these every second is computed for displaced maps, which are many, and counts in an area
# The same map laid elsewhere, against which the curves are held: moved by quarters of the height and fifths of the width, around the
# edges. These 20 places are a group, so a map without meaning is the best of them in 1 case of 20. With 8 places from the middle half of
# all shifts, more than half of them worse, 99 of 200 random maps passed.
PLACES = (4, 5)
LEVEL = 0.05  # the share of meaningless maps that pass a curve
ALIKE = 0.5  # rank correlation from which a map of random weights is like that of the trained ones: a quarter of the variance is common
SAME = 0.7  # and from which a map of another class is the same: half of it


@dataclass(frozen=True)
class Curves:
    """The probability of the class while pixels are covered or uncovered, the hottest first: `(STEPS + 1,)` each, and their areas.

    `elsewhere` are the areas of the same map laid elsewhere on the picture, `(19,)` each.
    """

    deletion: Tensor
    insertion: Tensor
    elsewhere: dict[str, Tensor] = field(default_factory=dict)

    @property
    def areas(self) -> dict[str, float]:
        """The mean height of each curve, over every second point: deletion should be low, insertion high."""
        return {"deletion": float(area(self.deletion[::EVERY])), "insertion": float(area(self.insertion[::EVERY]))}


@dataclass(frozen=True)
class Verdict:
    """The checks, the curves, and the maps `(H, W)` of shuffled weights and for the class `runner_up`, with which it was compared."""

    checks: list[Check]
    curves: Curves | None = None
    random: Tensor | None = None
    other: Tensor | None = None
    runner_up: int = -1


def area(curve: Tensor) -> Tensor:
    """The mean height of curves `(…, points)`, evenly spaced."""
    return torch.trapezoid(curve, dim=-1) / (curve.shape[-1] - 1)


def curve(model: nn.Module, start: Tensor, end: Tensor, heat: Tensor, target: Tensor, at: Sequence[int] = range(STEPS + 1)) -> Tensor:
    """The probability of `target` `(1,)` while the picture turns from `start` to `end` `(1, C, H, W)`, the hottest pixels first.

    `at` are the points to compute, from 0 to `STEPS`.
    """
    order = heat.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device)
    bounds = torch.linspace(0, len(order), STEPS + 1).round()
    with undisturbed(model), torch.no_grad():
        turned = [torch.where((rank < int(bounds[i])).view(1, 1, *heat.shape), end, start) for i in at]
        found: Tensor = torch.softmax(model(torch.cat(turned)), 1)[:, int(target)]
    return found


def curves(model: nn.Module, x: Tensor, target: Tensor, heat: Tensor) -> Curves:
    """Deletion to the mean colour and insertion into a blurred picture, for the map and for itself laid elsewhere."""
    ends = {"deletion": (x, torch.zeros_like(x)), "insertion": (blurred(x, min(x.shape[-2:]) / 20), x)}
    own = {name: curve(model, *both, heat, target) for name, both in ends.items()}
    shifts = [(i * heat.shape[0] // PLACES[0], j * heat.shape[1] // PLACES[1]) for i, j in np.ndindex(PLACES)]
    moved = [heat.roll(shift, (0, 1)) for shift in shifts[1:]]
    inner = range(EVERY, STEPS, EVERY)  # the ends are those of the map itself
    elsewhere = {
        name: area(torch.stack([torch.cat([own[name][:1], curve(model, *both, one, target, inner), own[name][-1:]]) for one in moved]))
        for name, both in ends.items()
    }
    return Curves(own["deletion"], own["insertion"], elsewhere)


def permuted(model: nn.Module, seed: int = 0) -> nn.Module:
    """A copy of the model with the numbers of each weight put in random order: as large as before, and nothing of what was learnt."""
    generator = torch.Generator().manual_seed(seed)
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
    return other


def likeness(a: Tensor, b: Tensor) -> float:
    """Spearman's rank correlation of two maps by the size of their values; 0 where one is the same everywhere."""
    a, b = (F.avg_pool2d(t.abs()[None], max(1, min(t.shape) // 32))[0].flatten() for t in (a, b))
    if a.amax() == a.amin() or b.amax() == b.amin():
        return 0.0
    from scipy.stats import spearmanr  # two seconds, which a map that is not checked need not wait for

    return float(np.asarray(spearmanr(a.cpu().numpy(), b.cpu().numpy()).statistic))


def checked(
    model: nn.Module, x: Tensor, target: Tensor, method: Method, heat: Tensor, layer: str = "", labels: Sequence[str] = ()
) -> Verdict:
    """The checks of a map `(H, W)` that `method` made of the input `(1, C, H, W)` for the class `target` `(1,)`; `labels` for words."""
    if float(heat.amax()) == float(heat.amin()):
        says = "nothing speaks for this class here" if not heat.any() else "it is the same everywhere"
        return Verdict([Check("not flat", False, f"{says}: try another layer or method")])
    found = curves(model, x, target, heat)
    checks = [_curve(name, found) for name in ("deletion", "insertion")]
    with undisturbed(model), torch.no_grad():
        first, second = model(x)[0].topk(2).indices
    runner_up = (second if int(first) == int(target) else first)[None]
    random, other = method.heat(permuted(model), x, target, layer)[0], method.heat(model, x, runner_up, layer)[0]
    alike, same = likeness(heat, random), likeness(heat, other)
    says = f"rank correlation {alike:.2f} with the map of a network whose weights were shuffled"
    checks.append(Check("learnt", alike < ALIKE, says + ("" if alike < ALIKE else ": it shows the picture more than what was learnt")))
    says = f"rank correlation {same:.2f} with the map for the next class, {labels[int(runner_up)] if labels else int(runner_up)}"
    checks.append(Check("class", same < SAME, says + ("" if same < SAME else ": it is no reason for this class rather than that")))
    if method.run is integrated:
        missed = float(incomplete(model, x, target, heat[None])[0])
        checks.append(Check("complete", missed <= COMPLETE, f"the sum over the map misses the rise of the logit by {missed:.2%}"))
    return Verdict(checks, found, random, other, int(runner_up))


def chance(own: float, others: Tensor, low: bool) -> float:
    """The probability that a meaningless map is as good as `own` among the areas `(N,)` of others: a permutation test, one-sided."""
    as_good = int((others <= own).sum() if low else (others >= own).sum())
    return (1 + as_good) / (1 + len(others))


def _curve(name: str, found: Curves) -> Check:
    own, others = found.areas[name], found.elsewhere[name]
    p = chance(own, others, low=name == "deletion")
    what = "covering what is hot lowers" if name == "deletion" else "uncovering what is hot first raises"
    worse = round((1 - p) * (1 + len(others)))
    says = f"area {own:.3f}, of the same map laid elsewhere {float(others.mean()):.3f}: {worse} of {len(others)} are worse, p = {p:.2f}"
    ok = p <= LEVEL + 1e-9
    return Check(name, ok, says if ok else f"{says}, so it is not shown that {what} the class most")
