"""Cross-validated L2 strength of a linear head, for runs in which the validation split must not decide anything.

Shapes: N pictures, D features, K classes.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.randomness import permutation
from .lbfgs import LOSSES, Problem, Solution, solve

FOLDS = 5
STRONGEST, STEP = 1e-3, 10**-0.5  # strength of L2, of the features' mean squared length; from one strength to the next


def folds(labels: Tensor, seed: int, most: int = FOLDS) -> Tensor:
    """The fold of each of the labels `(N,)`, int64 `(N,)`: as many folds as the largest class has pictures, at most `most`, stratified."""
    order = permutation(seed, -5, len(labels))
    by_class = order[labels[order].argsort(stable=True)]
    counts = labels.bincount()
    rank = torch.arange(len(labels)) - (counts.cumsum(0) - counts)[labels[by_class]]
    found = torch.empty_like(labels)
    found[by_class] = rank % max(1, min(most, int(counts.max())))
    return found


def folds_of_groups(labels: Tensor, groups: Tensor, seed: int, most: int = FOLDS) -> Tensor:
    """The fold of each of the labels `(N,)`, int64 `(N,)`, where the pictures of one group, by its number `(N,)`, share a fold.

    The largest groups go first, each to the fold that has the fewest pictures of its classes; there are as many folds as the class in most
    groups has of them, at most `most`.
    """
    pairs = torch.unique(torch.stack([labels, groups]), dim=1)
    n = max(1, min(most, int(pairs[0].bincount().max())))
    order = permutation(seed, -5, len(labels))
    sizes = groups.bincount()
    had = torch.zeros(n, int(labels.max()) + 1, dtype=torch.int64)
    found = torch.empty_like(labels)
    for group in dict.fromkeys(groups[order[sizes[groups[order]].argsort(descending=True, stable=True)]].tolist()):
        own = groups == group
        counts = labels[own].bincount(minlength=had.shape[1])
        fold = int((had * (counts > 0)).sum(1).add(had.sum(1) / (len(labels) + 1)).argmin())
        had[fold] += counts
        found[own] = fold
    return found


def strength(
    features: Tensor,
    labels: Tensor,
    classes: int,
    strengths: Sequence[float],
    *,
    seed: int = 0,
    counts: Tensor | None = None,
    head: str = "softmax",
    bias: bool = True,
    patience: int = 0,
    check: Callable[[], None] = lambda: None,
) -> float:
    """Which of the falling `strengths` has the least loss on labels held out in turn, for features float32 `(N, D)`.

    The search ends when `patience` strengths in a row are no better (0: at the last). With one label of each class there is nothing to
    hold out: then it is the middle one.
    """
    fold = folds(labels.cpu(), seed).to(labels.device)
    if not int(fold.max()):
        return strengths[len(strengths) // 2]
    parts = [(fold != k, fold == k) for k in range(int(fold.max()) + 1)]
    problems = [
        Problem(features[known].clone(), labels[known], classes, None if counts is None else counts[known], head, bias)
        for known, _ in parts
    ]
    stands: list[Solution | None] = [None] * len(parts)
    losses: list[float] = []
    for l2 in strengths:
        stands = [solve(problem, l2, stand, True, check) for problem, stand in zip(problems, stands, strict=True)]
        losses.append(sum(_loss(stand, features[out], labels[out], head) for stand, (_, out) in zip(stands, parts, strict=True) if stand))
        best = losses.index(min(losses))
        if patience and len(losses) - 1 - best >= patience:
            break
    return strengths[best]


def _loss(found: Solution, features: Tensor, labels: Tensor, head: str) -> float:
    logits = F.linear(features.double(), found.weight, found.bias)
    return float(LOSSES[head][0](logits, labels)[0].sum())
