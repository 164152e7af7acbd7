"""Self-training by class means: pictures without a label get the class of the nearest mean, and the means follow them.

Features are centred at the mean of all pictures and brought to length 1. The means of the labelled pictures begin; then each picture
without a label belongs to every class in part, by the softmax of its cosines, and the means are computed again.

Shapes: N pictures, D features, K classes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .choice import UNJUDGED
from .cross_validation import folds, folds_of_groups
from .lbfgs import Problem, solve

ROUNDS = 10
SHARP = 0.05  # difference of two cosines that makes a class e times as likely
KNOWN = 3.0  # as many pictures without a label does one with a label weigh in its mean


def labelled_by_means(features: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Labels int64 `(N,)` and weights `(N,)`, on average 1, of features `(N, D)`; `labels` `(N,)` are below 0 where none is known.

    Known labels stay; a class without any gets no picture. The weight is that of the picture's belonging to its class.
    """
    known = labels >= 0
    x = F.normalize(features.float() - features.float().mean(0), dim=1)
    belongs = torch.zeros(len(x), classes, device=x.device)
    belongs[known, labels[known]] = KNOWN
    absent = belongs.sum(0) == 0
    for _ in range(ROUNDS):
        means = F.normalize(belongs.T @ x, dim=1)
        belongs[~known] = ((x[~known] @ means.T) / SHARP).masked_fill(absent, -torch.inf).softmax(1)
    found = labels.clone()
    found[~known] = belongs[~known].argmax(1)
    weights = belongs.amax(1).masked_fill(known, 1.0)
    return found, weights / weights.mean()


def out_of_fold(features: Tensor, labels: Tensor, classes: int, groups: Tensor | None = None, seed: int = 0) -> Tensor:
    """Logits float32 `(n, K)` of the n labelled pictures, each by a head from pictures that it had no part in, not even without its label.

    They come first in features `(N, D)` and labels `(N,)`; those of one of the `groups` `(n,)` are held out together.
    """
    known = labels[labels >= 0].cpu()
    n = len(known)
    fold = folds(known, seed) if groups is None else folds_of_groups(known, groups, seed)
    logits = torch.empty(n, classes)
    for k in range(int(fold.max()) + 1):
        kept = torch.cat([fold != k, torch.ones(len(features) - n, dtype=torch.bool)]).to(features.device)
        out = torch.nonzero(fold == k)[:, 0]
        problem = Problem(features[kept].clone(), *_taught(features[kept], labels[kept], classes))
        found = solve(problem, UNJUDGED * problem.spread, rough=True)
        logits[out] = F.linear(features[out.to(features.device)].double(), found.weight, found.bias).float().cpu()
    return logits


def _taught(features: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, int, Tensor]:
    found, weights = labelled_by_means(features, labels, classes)
    return found, classes, weights
