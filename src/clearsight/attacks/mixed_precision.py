"""Misclassification decided in float32 at nearly the speed of bfloat16.

bfloat16 first, then a recheck in float32 of each picture whose margin is within rounding error.
"""

import torch
from torch import Tensor

from ..classifier.predict import in_batches
from .gradient_ascent import Scores, misclassified
from .methods.square import margin

FIRST, LATER = 32, 8  # pictures always computed in both precisions: the first ones, later those with the smallest margins
SAFETY = 4.0  # times the largest difference of margins so far


class Judge:
    """Decides which pictures are misclassified, from `exact` scores and, unless None, `fast` ones with more rounding.

    `slack` is the largest assumed difference between a fast and an exact margin: several times the largest one measured so far. With
    enough slack the answer equals the plain one, `misclassified(exact(pictures), labels)`, which the tests compare it with.
    """

    def __init__(self, exact: Scores, fast: Scores | None, batch: int) -> None:
        self.exact, self.fast, self.batch, self.slack = exact, fast, batch, 0.0

    def fooled(self, pictures: Tensor, labels: Tensor, logits: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Which of `pictures` (N, C, H, W) are misclassified, and which are so in the fast precision only, masks `(N,)`.

        `logits` (N, K) are the fast scores, if known already.
        """
        if self.fast is None:
            wrong = misclassified(self._scores(self.exact, pictures) if logits is None else logits, labels)
            return wrong, torch.zeros_like(wrong)
        ahead = margin(self.logits(pictures) if logits is None else logits, labels)
        seemed, wrong = ahead > 0, ahead > 0
        known = torch.zeros_like(seemed)
        unsure = torch.arange(len(labels), device=labels.device) < FIRST
        if self.slack and len(labels):
            near = ahead.abs()
            unsure = ~(near > near.nan_to_num(0.0).kthvalue(min(LATER, len(labels))).values.clamp_min(self.slack))
        while bool(unsure.any()):
            found = self._scores(self.exact, pictures[unsure])
            wrong[unsure] = misclassified(found, labels[unsure])
            known |= unsure
            truth = margin(found, labels[unsure])
            apart = torch.where(truth.isnan(), float("inf"), (truth - ahead[unsure]).abs().nan_to_num(0.0))
            self.slack = max(self.slack, SAFETY * float(apart.max()))
            unsure = ~known & ~(ahead.abs() > self.slack)  # NaN is unsure
        return wrong, seemed & ~wrong

    def surely(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Which of `pictures` are misclassified by the exact scores, `(N,)`: for pictures so near to the boundary that rounding decides."""
        return misclassified(self._scores(self.exact, pictures), labels)

    def logits(self, pictures: Tensor) -> Tensor:
        """The fast scores `(N, K)`, or the exact ones if there are no others."""
        return self._scores(self.fast or self.exact, pictures)

    def _scores(self, scores: Scores, pictures: Tensor) -> Tensor:
        return in_batches(scores, pictures, self.batch)
