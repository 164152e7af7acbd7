"""Square: a random search that needs scores and no gradient. M. Andriushchenko et al., Square Attack: a query-efficient black-box
adversarial attack via random search, ECCV 2020, algorithm 2 (L∞). What no gradient finds and this does betrays a masked gradient.
"""

import torch
from torch import Tensor

from ..base.randomness import uniform
from .gradient_ascent import per_picture
from .task import Task

QUERIES = 5000
DRAWN = 50  # queries whose draws are made together
SHARE = 0.8  # of the picture's area, that the first squares cover
HALVED = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries: where the squares' area is halved


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """How far the best wrong class is ahead of the label, `(N,)`."""
    rest = logits.scatter(1, labels[:, None], -float("inf"))
    return rest.amax(1) - logits.gather(1, labels[:, None])[:, 0]


def square(task: Task, *, queries: int = QUERIES) -> Tensor:
    """Stripes of ±ε, then squares of ±ε one after the other, each kept where the margin grows."""
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
        if (query - 1) % DRAWN == 0:
            draws = uniform(task.seed, query, task.indices, "square", DRAWN * (2 + channels)).to(best.device).unflatten(1, (DRAWN, -1))
        side = min(max(1, round((_share(query, queries) * height * width) ** 0.5)), height, width)
        drawn = draws[left, (query - 1) % DRAWN]
        tried = torch.where(_square(drawn, side, height, width), torch.where((drawn[:, 2:] < 0.5)[:, :, None, None], *bounds), best)
        newer = _value(part, tried)
        better = newer > value
        best, value = torch.where(better[:, None, None, None], tried, best), torch.where(better, newer, value)
    result[left] = best
    return result


def _share(query: int, queries: int) -> float:
    return SHARE * 0.5 ** sum(query * 10_000 / queries > bound for bound in HALVED)


def _square(draws: Tensor, side: int, height: int, width: int) -> Tensor:
    """Where a square lies by uniform `draws` (N, 2 + C), `(N, 1, H, W)`."""
    top, left = ((draws[:, k] * (most - side + 1)).long()[:, None] for k, most in ((0, height), (1, width)))
    rows, columns = torch.arange(height, device=draws.device), torch.arange(width, device=draws.device)
    return ((rows >= top) & (rows < top + side))[:, None, :, None] & ((columns >= left) & (columns < left + side))[:, None, None, :]


def _value(task: Task, pictures: Tensor) -> Tensor:
    with torch.no_grad():
        return margin(task.scores(pictures), task.labels)
