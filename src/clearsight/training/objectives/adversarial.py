"""Training on pictures changed so that the network misses them.

FGSM from a random start: E. Wong, L. Rice, Z. Kolter, Fast is better than free, ICLR 2020. PGD: A. Madry et al., 2017. TRADES: H. Zhang
et al., ICML 2019. Free: A. Shafahi et al., Adversarial training for free!, NeurIPS 2019; here every batch begins at a random place
and not where the last one ended, so that nothing but weights has to be saved. Noise: for certified radii (J. Cohen et al., ICML 2019),
with ε as its standard deviation.

Shapes: N pictures, K classes; inputs are normalised, ε is in units of [0, 1].
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ...attacks.gradient_ascent import (
    NORMS,
    Loss,
    Scores,
    ascend,
    cross_entropy,
    misclassified,
    normal,
    parse_epsilon,
    per_picture,
    random_start,
)
from ...base.errors import wrong
from ...base.randomness import uniform
from ...base.registry import look_up
from ...base.words import Word
from ...images.preprocess import Preprocessing
from ..compute import Working
from ..optim.loss import judged
from ..selection import tied


class Method(NamedTuple):
    """Steps of the inner search, each of `step`·ε; how often a batch is taken; the weight of TRADES' second loss; or only noise."""

    steps: int
    step: float
    turns: int = 1
    beta: float = 0.0
    noise: bool = False


METHODS = {
    "fgsm": Method(1, 1.25),
    "pgd": Method(7, 0.25),
    "trades": Method(10, 0.25, beta=6.0),
    "free": Method(0, 1.0, turns=4),
    "noise": Method(0, 1.0, noise=True),
}
PROBED, PROBE = 512, Method(10, 0.25)  # pictures of validation that are attacked after each epoch, and how
COLLAPSE = 0.5  # of the best robust accuracy so far: below, the training has overfitted to its own attack


@dataclass(frozen=True)
class Perturbation:
    """How training pictures are changed: a row of METHODS, and ε."""

    name: str
    epsilon: float

    @property
    def method(self) -> Method:
        """The row of METHODS."""
        return METHODS[self.name]

    @property
    def cost(self) -> int:
        """Forward and backward passes, in units of a step of plain training."""
        return (self.method.steps + 1) * self.method.turns


def parse(words: str) -> Perturbation | None:
    """`pgd:8/255` and the like; None for no words. Raises UsageError."""
    if not words:
        return None
    word = Word.of(words)
    look_up(METHODS, word.name, "way to perturb")
    perturbation = Perturbation(word.name, parse_epsilon(word.argument or "8/255"))
    if not 0 < perturbation.epsilon <= 1:
        raise wrong("the ε of perturb", "above 0 and at most 1, in units of the brightest pixel, as in pgd:8/255", word.argument)
    return perturbation


class Adversary:
    """Makes the losses of one step; `net` is what the step computes with."""

    def __init__(self, how: Perturbation, net: Working, preprocessing: Preprocessing, seed: int, epoch: int) -> None:
        self.how, self.net, self.preprocessing, self.seed, self.epoch = how, net, preprocessing, seed, epoch
        # of `free`: the pictures of each part of the batch, and where they are
        self.pictures: dict[int, Tensor] = {}
        self.moved: dict[int, Tensor] = {}

    def losses(self, part: int, indices: Tensor, inputs: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        """Logits `(N, K)` and losses `(N,)` of normalised `inputs` as the method moves them."""
        pictures = self.preprocessing.denormalise(inputs).clamp_(0, 1)
        method, radius = self.how.method, per_picture(self.how.epsilon, pictures)
        if method.beta:
            return self._trades(inputs, pictures, labels, smoothing)
        if method.noise:
            draws = uniform(self.seed, self.epoch, indices.to(pictures.device), "noise", pictures[0].numel())
            moved = pictures + self.how.epsilon * normal(draws).view_as(pictures)
        elif method.turns > 1 and part in self.moved:
            moved = self.moved[part]
        else:
            moved = random_start(pictures, radius, NORMS["linf"], indices.to(pictures.device), self.seed, self.epoch)
        if method.steps:
            moved = self._searched(pictures, labels, moved, cross_entropy)
        if method.turns > 1:
            self.pictures[part], self.moved[part] = pictures, moved.requires_grad_()
        return judged(self.net.outputs(self.preprocessing.normalise(moved)), labels, smoothing)

    def learnt(self, part: int) -> None:
        """After backward: `free` moves the pictures of this part by the gradient that has come with the weights' own."""
        if self.how.method.turns == 1:
            return
        moved, pictures = self.moved[part].detach(), self.pictures[part]
        gradient, radius = self.moved[part].grad, per_picture(self.how.epsilon, pictures)
        assert gradient is not None
        moved = moved + self.how.method.step * radius * gradient.sign()
        self.moved[part] = (pictures + NORMS["linf"].project(moved - pictures, radius)).clamp_(0, 1)

    def _searched(self, pictures: Tensor, labels: Tensor, start: Tensor, loss: Loss) -> Tensor:
        method = self.how.method
        with self.net.at_rest() as net:

            def scores(moved: Tensor) -> Tensor:
                return net(self.preprocessing.normalise(moved))

            return ascend(
                scores, pictures, labels, self.how.epsilon,
                norm=NORMS["linf"], steps=method.steps, step=method.step, start=start, loss=loss, done=None,
            )  # fmt: skip

    def _trades(self, inputs: Tensor, pictures: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        with torch.no_grad(), self.net.at_rest() as net:
            calm = F.softmax(net(inputs), dim=1)

        def apart(logits: Tensor, _: Tensor) -> Tensor:
            return F.kl_div(F.log_softmax(logits, dim=1), calm, reduction="none").sum(1)

        start = (pictures + 0.001 * torch.randn(pictures.shape, device=pictures.device)).clamp_(0, 1)
        moved = self._searched(pictures, labels, start, apart)
        # one pass for both, so that batch norm sees one batch
        both = self.net.outputs(torch.cat([inputs, self.preprocessing.normalise(moved)]))
        clean, other = both.chunk(2, dim=both.ndim - 2)
        logits, losses = judged(clean, labels, smoothing)
        second, _ = judged(other, labels)
        far = F.kl_div(F.log_softmax(second, dim=1), F.softmax(logits, dim=1), reduction="none").sum(1)
        return logits, losses + self.how.method.beta * far


def probe(how: Perturbation, scores: Scores, pictures: Tensor, labels: Tensor, seed: int) -> float:
    """Share of `pictures` (N, C, H, W) in [0, 1] that are still right after PGD with the ε of the training."""
    indices = torch.arange(len(labels), device=pictures.device)
    start = random_start(pictures, per_picture(how.epsilon, pictures), NORMS["linf"], indices, seed, -1)
    moved = ascend(scores, pictures, labels, how.epsilon, norm=NORMS["linf"], steps=PROBE.steps, step=PROBE.step, start=start)
    with torch.no_grad():
        kept = ~misclassified(scores(pictures), labels) & ~misclassified(scores(moved), labels)
    return float(kept.float().mean())


def collapsed(history: list[float], n: int) -> bool:
    """Whether the robust accuracies of the epochs so far, on `n` pictures, end in catastrophic overfitting."""
    return len(history) > 1 and history[-1] < COLLAPSE * max(history) and not tied(history[-1], max(history), n)
