"""Who is fooled, as float32 says it, at nearly the speed of bfloat16: the classifier itself answers wherever rounding could decide."""

import torch
from torch import Tensor

from ..classifier.predict import in_batches
from .gradient_ascent import Scores, missed
from .square import margin

FIRST, LATER = 32, 8  # pictures that are computed both ways, whatever they are: the first ones, later those whose margin is least
SAFE = 4.0  # times the largest difference seen


class Judge:
    """`exact` are the classifier's own scores, `fast` the same with more rounding, or None where there are no others.

    `slack` is how far the fast margin of a label may be from the exact one: several times the largest difference met so far.
    """

    def __init__(self, exact: Scores, fast: Scores | None, batch: int) -> None:
        self.exact, self.fast, self.batch, self.slack = exact, fast, batch, 0.0

    def fooled(self, pictures: Tensor, labels: Tensor, logits: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Which of `pictures` (N, C, H, W) are taken for something else than their label, and who only seemed to be, masks `(N,)`.

        `logits` (N, K) are the scores of the search there, where somebody has them.
        """
        if self.fast is None:
            wrong = missed(self._scores(self.exact, pictures) if logits is None else logits, labels)
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
            wrong[unsure] = missed(found, labels[unsure])
            known |= unsure
            truth = margin(found, labels[unsure])
            apart = torch.where(truth.isnan(), float("inf"), (truth - ahead[unsure]).abs().nan_to_num(0.0))
            self.slack = max(self.slack, SAFE * float(apart.max()))
            unsure = ~known & ~(ahead.abs() > self.slack)  # what is no number is unsure
        return wrong, seemed & ~wrong

    def surely(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Which of `pictures` fool the classifier itself, `(N,)`: for those that lie so near to a boundary that rounding decides."""
        return missed(self._scores(self.exact, pictures), labels)

    def logits(self, pictures: Tensor) -> Tensor:
        """The scores of the search `(N, K)`."""
        return self._scores(self.fast or self.exact, pictures)

    def _scores(self, scores: Scores, pictures: Tensor) -> Tensor:
        return in_batches(scores, pictures, self.batch)
