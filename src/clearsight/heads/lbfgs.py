"""Softmax regression on fixed features, fitted to its optimum by L-BFGS: the problem is convex.

    J(W, b) = mean over the pictures of -log softmax(W·x + b)[y] + l2/2·‖W‖²

by L-BFGS (D. C. Liu, J. Nocedal, On the limited memory BFGS method for large scale optimization, 1989) with a long memory. It is
scikit-learn's LogisticRegression with C = 1/(l2·N); the bias is not penalised. With `svm` in place of the cross-entropy the sum
over the classes of max(0, 1 ∓ z)², one class against the rest: scikit-learn's LinearSVC without a penalty on the bias.

Features are centred, which changes only the bias at the optimum, and shortens the search. So does a preconditioner from the curvature
of J at its start: H ≈ Σ c·x·xᵀ/n + l2·I, with c the loss's second derivative averaged over the
classes, from some of the pictures. Half the gradient's squared length in that measure, gᵀ·H⁻¹·g/2, is about what J is above its least.

The optimum is a sum of the pictures' features: its gradient by W is one, and so is l2·W. With fewer pictures than features, X = R·Qᵀ with
orthonormal columns of Q `(D, N)`, the problem is therefore solved for R `(N, N)`, and W = W'·Qᵀ: the same optimum in fewer numbers.

Sums over the pictures and the course of L-BFGS are float64, and so are products, unless the features are too many: then those are
float32.

Shapes: N pictures, D features, K classes.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from torch import Tensor

from ..base.compute.threads import one_thread

MEMORY = 50  # pairs of steps: for softmax regression on pixels a third of the evaluations of 10
CHUNK = 2**20  # feature values per chunk: both products then read them from the CPU cache
EXACT = 2**22  # features of all pictures up to which products are float64
MAX_EVALUATIONS = 3000  # evaluations of J
MAX_FEATURES = 8192  # features up to which the preconditioner is computed: a matrix of their products takes 0.5 GB
MAX_BASIS = 2**26  # feature values up to which a basis of them is computed: it takes 0.5 GB
# feature values up to which one thread is at most a quarter slower than two that nothing disturbs; where other processes work on both
# cores, two take up to fifteen times as long
FEW = 2**18
SAMPLE_SIZE = 4096  # pictures that it is estimated from, or the number of features if that is larger
ROUGH, PRECISE = 1e-4, 1e-8  # relative gap of J to its minimum


@dataclass
class Solution:
    """Weights float64 `(K, D)` and biases `(K,)`, the value of J, and the evaluations it took.

    `gradient_norm` is that of J; `above` estimates from it the gap of J to its minimum.
    """

    weight: Tensor
    bias: Tensor
    value: float = math.inf
    evaluations: int = 0
    gradient_norm: float = math.inf
    above: float = math.inf


class Problem:
    """Features float32 `(N, D)`, which may be centred in place, with labels `(N,)` and weights of the pictures `(N,)`, on average 1.

    Where the head has no bias, features are not centred, and the bias stays 0.
    """

    def __init__(
        self, features: Tensor, labels: Tensor, classes: int, counts: Tensor | None = None, loss: str = "softmax", bias: bool = True
    ) -> None:
        self.mean = sum(part.sum(0, dtype=torch.float64) for part in features.split(_rows(features))) / len(features)
        self.mean, self.biased = self.mean * bias, bias
        self.features = (features.double() if features.numel() <= EXACT else features).sub_(self.mean.to(features))
        self.labels, self.counts, self.classes = labels, counts, classes
        self.name, (self.loss, self.bent) = loss, LOSSES[loss]

    @cached_property
    def basis(self) -> Tensor | None:
        """Orthonormal directions float64 `(D, N)` that all pictures lie in; None unless there are at least twice as many features."""
        n, d = self.features.shape
        return torch.linalg.qr(self.features.double().mT)[0] if 2 * n <= d and n * d <= MAX_BASIS else None

    @cached_property
    def reduced(self) -> "Problem":
        """The same problem along the directions of `basis`; itself without a basis."""
        if self.basis is None:
            return self
        return Problem(self.features.double() @ self.basis, self.labels, self.classes, self.counts, self.name, self.biased)

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
        return value / n, by_weight / n, by_bias * (self.biased / n)

    def curvature(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, float]:
        """Second derivatives of the mean loss as if they were the same for all classes: by features float64 `(D, D)`, and by the bias."""
        n, d = self.features.shape
        every = max(1, n // max(SAMPLE_SIZE, d))
        x = self.features[::every]
        bent = self.bent(F.linear(x, weight.to(x), bias.to(x)))
        if self.counts is not None:
            bent = bent * self.counts[::every]
        table = torch.zeros(d, d, dtype=torch.float64, device=x.device)
        for part, c in zip(x.split(_rows(x)), bent.split(_rows(x)), strict=True):
            half = part * c.sqrt()[:, None]
            table += half.T @ half
        return table / len(x), float(bent.mean(dtype=torch.float64))

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
    problem: Problem, l2: float, start: Solution | None = None, rough: bool = False, check: Callable[[], None] = lambda: None
) -> Solution:
    """The optimum for one L2 strength, searched from `start` (default: W = 0); `check` is called at every evaluation of J.

    `rough` is enough to compare strengths: a relative gap of 1e-4 to the minimum. Else 1e-8, and the largest component of the
    gradient is 1e-6 of that at W = 0 (3e-5 where products are float32).
    """
    with one_thread_if_few(problem.features):
        return _solved(problem, l2, start, rough, check)


def one_thread_if_few(features: Tensor) -> AbstractContextManager[None]:
    """One thread of torch inside where the `features` `(N, D)` span few numbers, as `Problem.basis` finds them."""
    n, d = features.shape
    return one_thread() if n * min(n, d) <= FEW else nullcontext()


def _solved(problem: Problem, l2: float, start: Solution | None, rough: bool, check: Callable[[], None]) -> Solution:
    before = 1  # the gradient at W = 0
    if start is None and not rough:
        start = _solved(problem, l2, None, True, check)
        before += start.evaluations
    inner, basis, mean = problem.reduced, problem.basis, problem.mean.double()
    zero = torch.zeros(problem.classes, inner.features.shape[1], dtype=torch.float64, device=inner.features.device)
    largest = max(float(part.abs().max()) for part in inner.at(zero, zero[:, 0])[1:])
    enough = largest * (2e-4 if rough else 1e-6 if inner.features.dtype == torch.float64 else 3e-5)
    weight, bias = zero, zero[:, 0]
    if start is not None:
        weight, bias = start.weight.to(zero), start.bias.to(zero) + start.weight.to(zero) @ mean
        weight = weight if basis is None else weight @ basis
    way = _Way(inner, l2, weight, bias, check)

    def settled(intermediate_result: object) -> None:
        near = way.steps is None or way.at.above <= (ROUGH if rough else PRECISE) * abs(way.at.value)
        if near and (way.most <= enough or (rough and way.steps is not None)):
            raise StopIteration

    from scipy.optimize import minimize  # half a second, which `clearsight.load` need not wait for

    options = {"maxcor": MEMORY, "gtol": 0.0, "ftol": 0.0, "maxfun": MAX_EVALUATIONS, "maxiter": MAX_EVALUATIONS}
    with _libraries().limit(limits=1, user_api="blas"):  # of vectors this short, which threads would only hand back and forth
        found = minimize(way.j, np.zeros(zero.numel() + len(zero)), jac=True, method="L-BFGS-B", callback=settled, options=options)
    way.j(found.x)
    weight = way.at.weight if basis is None else way.at.weight @ basis.mT
    return replace(way.at, weight=weight, bias=way.at.bias - weight @ mean, evaluations=way.at.evaluations + before)


@cache
def _libraries() -> ThreadpoolController:
    """The libraries with threads of their own; to find them takes as long as solving a small problem."""
    return ThreadpoolController()


class _Way:
    """J as a function of preconditioned steps from the start; `at` is the last evaluation, `most` the largest component of its gradient."""

    def __init__(self, problem: Problem, l2: float, weight: Tensor, bias: Tensor, check: Callable[[], None]) -> None:
        self.problem, self.l2, self.weight, self.bias, self.check = problem, l2, weight, bias, check
        self.steps, self.bias_step = _steps(problem, weight, bias, l2)
        self.at, self.most = Solution(weight, bias), math.inf

    def j(self, theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """J and its gradient by the steps `theta` (K·(D + 1),)."""
        self.check()
        table = torch.from_numpy(theta).view(len(self.weight), -1).to(self.weight.device)
        weight = self.weight + self._measured(table[:, :-1])
        bias = self.bias + table[:, -1] * self.bias_step
        value, by_weight, by_bias = self.problem.at(weight, bias)
        by_weight += self.l2 * weight
        value += self.l2 / 2 * float(weight.square().sum())
        by_step = torch.cat([self._measured(by_weight, back=True), by_bias[:, None] * self.bias_step], 1)
        norm, above = math.hypot(float(by_weight.norm()), float(by_bias.norm())), float(by_step.square().sum()) / 2
        self.at = Solution(weight, bias, value, self.at.evaluations + 1, norm, above)
        self.most = max(float(by_weight.abs().max()), float(by_bias.abs().max()))
        return value, by_step.flatten().cpu().numpy()

    def _measured(self, table: Tensor, back: bool = False) -> Tensor:
        """Steps `(K, D)` as changes of the weights, X·L⁻¹, or `back` from a gradient by weights to one by steps, X·L⁻ᵀ."""
        if self.steps is None:
            return table
        lower = self.steps.mT if back else self.steps
        found: Tensor = torch.linalg.solve_triangular(lower, table, upper=back, left=False)
        return found


def _steps(problem: Problem, weight: Tensor, bias: Tensor, l2: float) -> tuple[Tensor | None, float]:
    """L `(D, D)`, lower, with L·Lᵀ = H for the curvature H at these weights, None for too many features; and the bias's step."""
    if problem.features.shape[1] > MAX_FEATURES:
        return None, 1.0
    table, by_bias = problem.curvature(weight, bias)
    # rounding in the products may leave directions a curvature of less than 0, down to this
    least = l2 + torch.finfo(problem.features.dtype).eps * float(table.trace())
    table.diagonal().add_(least or 1.0)  # 0 where all pictures have the same features: no step changes the answers
    return torch.linalg.cholesky(table), 1 / math.sqrt(max(by_bias, 1e-6))  # nearly 0 where all is answered with certainty


def _rows(features: Tensor) -> int:
    return max(1, CHUNK // features.shape[1])


def _softmax(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy `(n,)` and its gradient by the logits `(n, K)`."""
    logs = logits.log_softmax(1)
    chosen = labels[:, None]
    losses = -logs.gather(1, chosen)[:, 0]
    by_logits = logs.exp_()
    return losses, by_logits.scatter_add_(1, chosen, torch.full_like(chosen, -1, dtype=by_logits.dtype))


def _softmax_bent(logits: Tensor) -> Tensor:
    """The cross-entropy's second derivative by one of the logits, on average over them, `(n,)`."""
    return (1 - logits.softmax(1).square().sum(1)) / logits.shape[1]


def _svm(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Squared hinge `(n,)`, summed over one class against the rest, and its gradient by the logits `(n, K)`."""
    sign = torch.full_like(logits, -1).scatter_(1, labels[:, None], 1)
    missing = (1 - sign * logits).clamp_min_(0)
    return missing.square().sum(1), -2 * sign * missing


def _svm_bent(logits: Tensor) -> Tensor:
    """The squared hinge's second derivative within the margin, `(n,)`; beyond it is 0, but pictures cross the margin on the way."""
    return logits.new_full((len(logits),), 2)


LOSSES = {"softmax": (_softmax, _softmax_bent), "svm": (_svm, _svm_bent)}
