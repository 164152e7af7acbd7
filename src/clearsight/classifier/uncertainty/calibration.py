"""Calibration answers: scores of pictures that the classifier has not learnt from, by which conformal sets of any coverage are computed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError
from ...metrics import conformal


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores, 1 - the probability of the true class, float32 `(n,)`, with the true classes int64 `(n,)`; `source` says of which pictures.

    `source` is `validation`, or `cross-validation` for training pictures that were answered by a head which had not learnt from them.
    """

    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    source: str

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def most(self) -> float:
        """The highest coverage that these answers can support."""
        return len(self) / (len(self) + 1)

    def limits(self, coverage: float, classes: tuple[str, ...], *, by_class: bool = False) -> NDArray[np.float32]:
        """The highest score of a class in a set, float32 `(K,)`, so that sets contain the truth with the frequency `coverage`.

        `by_class`: within each class. Raises UsageError where there are too few answers for that.
        """
        wanted = conformal.needed(coverage)
        if not by_class:
            if len(self) < wanted:
                raise UsageError(
                    f"coverage {_percent(coverage)} needs {wanted:,} calibration answers. This classifier has {len(self):,}{self._up_to()}"
                )
            return np.full(len(classes), conformal.limit(self.scores, coverage), dtype=np.float32)
        counts = np.bincount(self.labels, minlength=len(classes))
        fewest = int(counts.argmin())
        if counts[fewest] < wanted:
            raise UsageError(
                f"coverage {_percent(coverage)} within each class needs {wanted:,} calibration answers of each. This classifier has "
                f"{counts[fewest]:,} of {classes[fewest]!r:.60}: ask for less, or for sets over all classes together."
            )
        own = [conformal.limit(self.scores[self.labels == k], coverage) for k in range(len(classes))]
        return np.array(own, dtype=np.float32)

    def _up_to(self) -> str:
        return f", enough for {_percent(np.floor(1000 * self.most) / 1000)}." if len(self) else "."


def _percent(share: float) -> str:
    return f"{100 * share:.6g} %"
