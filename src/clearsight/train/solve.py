"""The head, solved: softmax regression on fixed features is convex, so its optimum is computed, not approached.

    J(W, b) = mean over the pictures of -log softmax(W·x + b)[y] + l2/2·‖W‖²

by L-BFGS (D. C. Liu, J. Nocedal, On the limited memory BFGS method for large scale optimization, 1989) with a long memory. It is
scikit-learn's LogisticRegression with C = 1/(l2·N); the bias is not penalised. With `svm` in place of the cross-entropy the sum
over the classes of max(0, 1 ∓ z)², one class against the rest: scikit-learn's LinearSVC without a penalty on the bias.

Features are centred, which changes nothing at the optimum but where the bias stands, and makes the way there shorter. Sums over the
pictures and the course of L-BFGS are float64, and so are products, unless the features are too many: then those are float32.

Shapes: N pictures, D features, K classes.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits
from torch import Tensor

MEMORY = 50  # pairs of steps: for softmax regression on pixels a third of the evaluations of 10
AT_ONCE = 2**20  # features of the pictures that are computed together: both products then read them from the cache
EXACT = 2**22  # features of all pictures up to which products are float64
MOST = 3000  # times that J is computed


@dataclass
class Solution:
    """Weights float64 `(K, D)` and biases `(K,)`, J there, the norm of its gradient, and how often J was computed to get there."""

    weight: Tensor
    bias: Tensor
    value: float = math.inf
    gradient_norm: float = math.inf
    evaluations: int = 0


class Problem:
    """Features float32 `(N, D)`, which may be centred in place, with labels `(N,)` and what each picture counts `(N,)`, on average 1."""

    def __init__(self, features: Tensor, labels: Tensor, classes: int, counts: Tensor | None = None, loss: str = "softmax") -> None:
        self.mean = sum(part.sum(0, dtype=torch.float64) for part in features.split(_rows(features))) / len(features)
        self.features = (features.double() if features.numel() <= EXACT else features).sub_(self.mean.to(features))
        self.labels, self.counts, self.classes = labels, counts, classes
        self.loss: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = {"softmax": _softmax, "svm": _svm}[loss]

    @property
    def spread(self) -> float:
        """The mean squared length of a centred feature vector: the scale that an L2 strength is to be seen on."""
        return sum(float(part.square().sum(dtype=torch.float64)) for part in self.features.split(_rows(self.features))) / len(self.features)

    def at(self, weight: Tensor, bias: Tensor) -> tuple[float, Tensor, Tensor]:
        """The mean loss and its gradient by `weight` (K, D) and `bias` (K,), which are float64 and belong to centred features."""
        n, value = len(self.features), 0.0
        by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias)
        table, shift = weight.to(self.features), bias.to(self.features)
        for x, y, counts in self._parts():
            losses, by_logits = self.loss(F.linear(x, table, shift), y)
            if counts is not None:
                losses, by_logits = losses * counts, by_logits * counts[:, None]
            value += float(losses.sum(dtype=torch.float64))
            by_weight += by_logits.T @ x
            by_bias += by_logits.sum(0, dtype=torch.float64)
        return value / n, by_weight / n, by_bias / n

    def judged(self, found: Solution) -> tuple[float, int]:
        """The mean loss of a solution, without penalty, and how many pictures it has right."""
        table, shift = found.weight.to(self.features), (found.bias + found.weight @ self.mean.to(found.weight)).to(self.features)
        loss, correct = 0.0, 0
        for x, y, counts in self._parts():
            logits = F.linear(x, table, shift)
            losses = self.loss(logits, y)[0]
            correct += int((logits.argmax(1) == y).sum())
            loss += float((losses if counts is None else losses * counts).sum(dtype=torch.float64))
        return loss / len(self.features), correct

    def _parts(self) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        rows = _rows(self.features)
        counts = self.counts.split(rows) if self.counts is not None else None
        for i, (x, y) in enumerate(zip(self.features.split(rows), self.labels.split(rows), strict=True)):
            yield x, y, counts[i] if counts else None


def solve(
    problem: Problem, l2: float, start: Solution | None = None, precise: float = 0.0, check: Callable[[], None] = lambda: None
) -> Solution:
    """The optimum for one strength of the penalty, begun at `start` (W = 0 without); `check` is called each time J is computed.

    It is reached when the largest component of the gradient is `precise` times that at W = 0; 0 is as precise as the products are.
    """
    k, d = problem.classes, problem.features.shape[1]
    device = problem.features.device

    def unpacked(theta: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        table = torch.from_numpy(theta).view(k, d + 1).to(device)
        return table[:, :d], table[:, d]

    def j(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        check()
        weight, bias = unpacked(theta)
        value, by_weight, by_bias = problem.at(weight, bias)
        gradient = torch.cat([by_weight + l2 * weight, by_bias[:, None]], 1)
        return value + l2 / 2 * float(weight.square().sum()), gradient.flatten().cpu().numpy()

    zero = np.zeros(k * (d + 1))
    first = zero if start is None else _packed(start, problem)
    precise = precise or (1e-6 if problem.features.dtype == torch.float64 else 3e-5)
    enough = precise * float(np.abs(j(zero)[1]).max())
    options = {"maxcor": MEMORY, "gtol": enough, "ftol": 0.0, "maxfun": MOST, "maxiter": MOST}
    with threadpool_limits(1, user_api="blas"):  # of vectors this short, which threads would only hand back and forth
        found = minimize(j, first, jac=True, method="L-BFGS-B", options=options)
    weight, bias = unpacked(found.x)
    norm = float(np.linalg.norm(found.jac))
    return Solution(weight, bias - weight @ problem.mean.to(weight), float(found.fun), norm, found.nfev + 1)


def _packed(start: Solution, problem: Problem) -> NDArray[np.float64]:
    bias = start.bias + start.weight @ problem.mean.to(start.weight)
    packed: NDArray[np.float64] = torch.cat([start.weight, bias[:, None]], 1).flatten().cpu().numpy()
    return packed


def _rows(features: Tensor) -> int:
    return max(1, AT_ONCE // features.shape[1])


def _softmax(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy `(n,)` and its gradient by the logits `(n, K)`."""
    logs = logits.log_softmax(1)
    chosen = labels[:, None]
    losses = -logs.gather(1, chosen)[:, 0]
    by_logits = logs.exp_()
    return losses, by_logits.scatter_add_(1, chosen, torch.full_like(chosen, -1, dtype=by_logits.dtype))


def _svm(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Squared hinge `(n,)`, summed over one class against the rest, and its gradient by the logits `(n, K)`."""
    sign = torch.full_like(logits, -1).scatter_(1, labels[:, None], 1)
    missing = (1 - sign * logits).clamp_min_(0)
    return missing.square().sum(1), -2 * sign * missing
