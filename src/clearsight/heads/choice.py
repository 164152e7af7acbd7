"""Cross-validation of what a head reads and how strongly it is held, by log loss, and what it says of pictures held out.

Shapes: N pictures, D features, K classes, R rows: a readout at one L2 strength each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .cross_validation import folds, folds_of_groups
from .lbfgs import Problem, Solution, one_thread_if_few, solve

STRONGEST, STEP, STRENGTHS = 1e-3, 10**-0.5, 13  # of the mean squared length of the features; from one strength to the next
UNJUDGED = 1e-4  # the strength where no label can be held out
PATIENCE = 3  # strengths without a lower loss


@dataclass(frozen=True)
class Choice:
    """The name of the chosen readout, its L2 strength, and out-of-fold logits float32 `(N, K)`, empty where nothing was held out.

    The logits of a fold are those of the readout and the strength that the other folds choose: a fold's labels have no part in the
    choice that it judges.
    """

    name: str
    l2: float
    logits: Tensor


def choose(
    readouts: Mapping[str, Tensor],
    labels: Tensor,
    classes: int,
    *,
    counts: Tensor | None = None,
    groups: Tensor | None = None,
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
) -> Choice:
    """The readout, of features float32 `(N, D)` by name, and the L2 strength with the least log loss on labels held out in turn.

    `counts` float32 `(N,)` weigh the pictures, on average 1, in solving and in the loss held out. Pictures of one of the `groups`,
    numbers `(N,)`, are held out together. The last readout is kept unless another's loss is lower by
    more than a standard error of the difference. With one label, or group, of each class nothing can be held out: then it is the last, at
    a fixed strength.
    """
    fold = folds(labels.cpu(), seed) if groups is None else folds_of_groups(labels.cpu(), groups, seed)
    if not int(fold.max()):
        name = list(readouts)[-1]
        return Choice(name, UNJUDGED * Problem(readouts[name].clone(), labels, classes).spread, torch.empty(0, classes))
    weights = torch.ones(len(labels)) if counts is None else counts
    rows: list[tuple[str, float, Tensor]] = []
    for name, features in readouts.items():
        with one_thread_if_few(features):
            rows += [(name, *row) for row in _path(features, labels, fold, classes, weights, check)]
    names = [name for name, _, _ in rows]
    losses = torch.stack([_losses(logits, labels, weights) for _, _, logits in rows])  # (R, N)
    logits = torch.empty(len(labels), classes)
    for k in range(int(fold.max()) + 1):
        logits[fold == k] = rows[_least(names, losses[:, fold != k])][2][fold == k]
    name, l2, _ = rows[_least(names, losses)]
    return Choice(name, l2, logits)


def _losses(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """The log loss of each picture times its weight, `(N,)`, of logits `(N, K)`."""
    return F.cross_entropy(logits, labels.cpu(), reduction="none") * weights.cpu()


def _path(
    features: Tensor, labels: Tensor, fold: Tensor, classes: int, weights: Tensor, check: Callable[[], None]
) -> list[tuple[float, Tensor]]:
    """Falling strengths with the out-of-fold logits `(N, K)` of each, until `PATIENCE` of them bring no lower loss."""
    spread = Problem(features.clone(), labels, classes).spread
    parts = [(fold != k, fold == k) for k in range(int(fold.max()) + 1)]
    labels, weights = labels.to(features.device), weights.to(features.device)
    problems = [Problem(features[known], labels[known], classes, weights[known]) for known in (k.to(features.device) for k, _ in parts)]
    stands: list[Solution | None] = [None] * len(parts)
    rows: list[tuple[float, Tensor]] = []
    losses: list[float] = []
    for k in range(STRENGTHS):
        l2, logits = STRONGEST * spread * STEP**k, torch.empty(len(labels), classes)
        for i, (_, out) in enumerate(parts):
            stands[i] = found = solve(problems[i], l2, stands[i], True, check)
            logits[out] = F.linear(features[out.to(features.device)].double(), found.weight, found.bias).float().cpu()
        rows.append((l2, logits))
        losses.append(float(_losses(logits, labels, weights).mean()))
        if len(losses) - 1 - losses.index(min(losses)) >= PATIENCE:
            break
    return rows


def _least(names: list[str], losses: Tensor) -> int:
    """The row to take by losses `(R, N)`: the best of the last name, or another's that is lower by more than a standard error."""
    mean = losses.mean(1)
    best = {name: min((i for i, other in enumerate(names) if other == name), key=lambda i: float(mean[i])) for name in names}
    chosen = best.pop(names[-1])
    for row in best.values():
        lower = losses[chosen] - losses[row]
        if float(lower.mean()) > float(lower.std()) / len(lower) ** 0.5:
            chosen = row
    return chosen
