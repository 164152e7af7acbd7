"""Square attack: a black-box random search that needs scores but no gradient.

M. Andriushchenko et al., Square Attack: a query-efficient black-box adversarial attack via random search, ECCV 2020, algorithm 2 (L∞).
Where it succeeds and gradient attacks fail, gradients are masked.
"""

import torch
from torch import Tensor

from ...base.randomness import uniform
from ..gradient_ascent import per_picture
from ..task import Task

QUERIES = 5000
BLOCK = 50  # queries whose random numbers are drawn together
AREA = 0.8  # of the picture, covered by the first squares
HALVED = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries: when the area of the squares is halved


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """The lead of the best wrong class over the label in logits, `(N,)`; positive means misclassified."""
    rest = logits.scatter(1, labels[:, None], -float("inf"))
    return rest.amax(1) - logits.gather(1, labels[:, None])[:, 0]


def square(task: Task, *, queries: int = QUERIES) -> Tensor:
    """Vertical stripes of ±ε, then squares of ±ε one after another, each kept if the margin grows."""
    queries = task.steps or queries
    result, left = task.pictures.clone(), torch.nonzero(~task.fooled(task.pictures))[:, 0]
    if not len(left):
        return result
    part = task.only(left)
    channels, height, width = part.pictures.shape[1:]
    radius = per_picture(task.epsilon, task.pictures)
    bounds = ((task.pictures - radius).clamp_min(0)[left], (task.pictures + radius).clamp_max(1)[left])
    stripes = uniform(task.seed, 0, part.indices, "stripes", channels * width).to(part.pictures).view(-1, channels, 1, width)
    best = torch.where(stripes < 0.5, *bounds)
    value = _value(part, best)
    for query in range(1, queries):
        over = value > 0
        if bool(over.any()):
            result[left[over]] = best[over]
            left, best, value, part = left[~over], best[~over], value[~over], part.only(~over)
            bounds = (bounds[0][~over], bounds[1][~over])
            if not len(left):
                return result
        if (query - 1) % BLOCK == 0:
            draws = uniform(task.seed, query, task.indices, "square", BLOCK * (2 + channels)).to(best.device).unflatten(1, (BLOCK, -1))
        side = min(max(1, round((_share(query, queries) * height * width) ** 0.5)), height, width)
        drawn = draws[left, (query - 1) % BLOCK]
        tried = torch.where(_square(drawn, side, height, width), torch.where((drawn[:, 2:] < 0.5)[:, :, None, None], *bounds), best)
        newer = _value(part, tried)
        better = newer > value
        best, value = torch.where(better[:, None, None, None], tried, best), torch.where(better, newer, value)
    result[left] = best
    return result


def _share(query: int, queries: int) -> float:
    return AREA * 0.5 ** sum(query * 10_000 / queries > bound for bound in HALVED)


def _square(draws: Tensor, side: int, height: int, width: int) -> Tensor:
    """The mask `(N, 1, H, W)` of a square placed by uniform `draws` (N, 2 + C)."""
    top, left = ((draws[:, k] * (most - side + 1)).long()[:, None] for k, most in ((0, height), (1, width)))
    rows, columns = torch.arange(height, device=draws.device), torch.arange(width, device=draws.device)
    return ((rows >= top) & (rows < top + side))[:, None, :, None] & ((columns >= left) & (columns < left + side))[:, None, None, :]


def _value(task: Task, pictures: Tensor) -> Tensor:
    with torch.no_grad():
        return margin(task.scores(pictures), task.labels)
