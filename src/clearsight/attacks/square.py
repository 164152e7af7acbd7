"""Square: a random search that needs scores and no gradient. M. Andriushchenko et al., Square Attack: a query-efficient black-box
adversarial attack via random search, ECCV 2020, algorithm 2 (L∞). What no gradient finds and this does betrays a masked gradient.
"""

import torch
from torch import Tensor

from ..base.randomness import uniform
from ..images.perturb import per_picture
from .task import Task

QUERIES = 5000
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
    stripes = uniform(task.seed, 0, part.indices, "stripes", channels * width).to(part.pictures).view(-1, channels, 1, width)
    best = _moved(part, (stripes < 0.5).expand_as(part.pictures))
    value = _value(part, best)
    for query in range(1, queries):
        over = value > 0
        if bool(over.any()):
            result[left[over]] = best[over]
            left, best, value, part = left[~over], best[~over], value[~over], part.only(~over)
            if not len(left):
                return result
        side = max(1, round((_share(query, queries) * height * width) ** 0.5))
        tried = _with_square(part, best, min(side, height, width), query)
        newer = _value(part, tried)
        better = newer > value
        best, value = torch.where(better[:, None, None, None], tried, best), torch.where(better, newer, value)
    result[left] = best
    return result


def _share(query: int, queries: int) -> float:
    return SHARE * 0.5 ** sum(query * 10_000 / queries > bound for bound in HALVED)


def _moved(task: Task, up: Tensor) -> Tensor:
    radius = per_picture(task.epsilon, task.pictures)
    return torch.where(up, task.pictures + radius, task.pictures - radius).clamp_(0, 1)


def _with_square(task: Task, best: Tensor, side: int, query: int) -> Tensor:
    """`best` with a square of ±ε, one sign for each channel, at a random place."""
    channels, height, width = best.shape[1:]
    draws = uniform(task.seed, query, task.indices, "square", 2 + channels).to(best.device)
    top, left = ((draws[:, k] * (most - side + 1)).long()[:, None] for k, most in ((0, height), (1, width)))
    rows, columns = torch.arange(height, device=best.device), torch.arange(width, device=best.device)
    inside = ((rows >= top) & (rows < top + side))[:, None, :, None] & ((columns >= left) & (columns < left + side))[:, None, None, :]
    return torch.where(inside, _moved(task, (draws[:, 2:] < 0.5)[:, :, None, None].expand_as(best)), best)


def _value(task: Task, pictures: Tensor) -> Tensor:
    with torch.no_grad():
        return margin(task.scores(pictures), task.labels)
