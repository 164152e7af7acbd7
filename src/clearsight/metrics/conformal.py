"""Split conformal prediction: sets of classes that contain the truth with a stated frequency.

The score of a class is 1 - its probability; a set has every class whose score is at most that of enough calibration answers (M. Sadinle,
J. Lei, L. Wasserman, Least ambiguous set-valued classifiers with bounded error levels, JASA 2019). With a limit for each class the
frequency holds within each class (V. Vovk, Conditional validity of inductive conformal predictors, ACML 2012).

Shapes: n calibration scores, N pictures, K classes.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..base.errors import wrong


def needed(coverage: float) -> int:
    """The least number of calibration scores by which a set can contain the truth with the frequency `coverage` and leave out a class."""
    return math.ceil(_checked(coverage) / (1 - coverage) - 1e-9)


def limit(scores: NDArray[np.float32], coverage: float) -> float:
    """The score that a further one of the same distribution exceeds with a probability of at most 1 - `coverage`.

    It is the ⌈(n + 1)·coverage⌉-th smallest of `scores` `(n,)`; infinite where there are fewer. Raises UsageError unless 0 < coverage < 1.
    """
    rank = math.ceil((len(scores) + 1) * _checked(coverage) - 1e-9)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else math.inf


def sets(probabilities: NDArray[np.float32], limits: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which classes are in the set of each picture, bool `(N, K)`, by probabilities `(N, K)` and the limit of each class `(K,)`."""
    found: NDArray[np.bool_] = 1 - probabilities.astype(np.float32) <= limits.astype(np.float32)
    return found


def _checked(coverage: float) -> float:
    if not 0 < coverage < 1:
        raise wrong("coverage", "above 0 and below 1", coverage)
    return coverage
