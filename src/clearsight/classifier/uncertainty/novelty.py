"""Novelty: the cosine distance from a picture's features to the nearest of the training pictures', centred at their mean, or a blend.

Y. Sun, Y. Ming, X. Zhu, Y. Li, ICML 2022 (deep nearest neighbours against pictures of another distribution): the features before the
head tell unknown pictures better than probabilities do, and a sample of the training pictures does nearly as well as all of them.

Shapes: N pictures, M stored vectors, D features.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ...base.errors import UsageError
from ...base.randomness import permutation
from ...metrics import conformal
from .blend import Blend

MOST = 2048  # vectors that are stored
MOST_NUMBERS = 2**22  # numbers in them: 8 MB
CHUNK = 2**22  # products computed together


@dataclass(frozen=True, eq=False)
class Novelty:
    """The features of training pictures: their `mean` float32 `(D,)`, and `vectors` float16 `(M, D)`, centred and of length 1.

    `layer` is the module whose inputs they are; `scores` float32 `(n,)` the novelties of pictures of the known classes that are not among
    the vectors, empty without such pictures; `source` says of which pictures, as in `Calibration`. With a `blend` novelties are its own.
    """

    layer: str
    mean: Tensor
    vectors: Tensor
    scores: NDArray[np.float32]
    source: str = ""
    blend: Blend | None = None

    def of(self, features: Tensor, logits: Tensor | None = None) -> Tensor:
        """The novelty of features `(N, D)` with class scores `(N, K)`, which a blend needs, float32 `(N,)` on the CPU.

        Of a blend it is 0 for a usual picture, and about 3 for one that is rare in its class. Else it is 0 for a training picture's own,
        1 at a right angle, at most 2.
        """
        if self.blend and logits is not None:
            return self.blend.of(F.normalize(features.float().cpu() - self.mean, dim=1), logits.float().cpu())
        return torch.cat([1 - cosines.amax(1) for cosines in self._cosines(features)])

    def without_own(self, features: Tensor, groups: Tensor, stored: Tensor) -> Tensor:
        """The novelty `(N,)` of features `(N, D)` by vectors of other groups: `groups` `(N,)` are theirs, `stored` `(M,)` of the vectors.

        A picture whose group has every vector is left out.
        """
        found = []
        for own, cosines in zip(groups.split(self._rows), self._cosines(features), strict=True):
            found.append(1 - cosines.masked_fill(own[:, None] == stored, -torch.inf).amax(1))
        scores = torch.cat(found)
        return scores[torch.isfinite(scores)]

    def limit(self, false_alarms: float) -> float:
        """The novelty that a picture of the known classes exceeds with a frequency of at most `false_alarms`.

        Raises UsageError where there are too few scores for that, or none.
        """
        wanted = conformal.needed(1 - false_alarms)
        if not len(self.scores):
            raise UsageError(
                "this classifier knows no limit of novelty: there were no validation pictures, or too few, to find one by. "
                "Train with --val 0.1."
            )
        if len(self.scores) < wanted:
            raise UsageError(
                f"{100 * false_alarms:.6g} % false alarms need {wanted:,} held-out novelty scores. This classifier has "
                f"{len(self.scores):,}: allow more false alarms."
            )
        return conformal.limit(self.scores, 1 - false_alarms)

    @property
    def _rows(self) -> int:
        return max(1, CHUNK // len(self.vectors))

    @cached_property
    def _directions(self) -> Tensor:
        """The vectors as float32 columns `(D, M)`."""
        return F.normalize(self.vectors.float(), dim=1).T.contiguous()  # float16 has rounded them

    def _cosines(self, features: Tensor) -> Iterator[Tensor]:
        """The cosines `(n, M)` of features `(N, D)` with every vector, some rows at a time."""
        for part in features.float().cpu().split(self._rows):
            yield (F.normalize(part - self.mean, dim=1) @ self._directions).clamp(-1, 1)


def stored(layer: str, features: Tensor) -> Novelty:
    """What is stored of the features `(M, D)` of training pictures, with no scores yet."""
    features = features.float().cpu()
    mean = features.mean(0)
    return Novelty(layer, mean, F.normalize(features - mean, dim=1).half(), np.empty(0, np.float32))


def sample(labels: Tensor, width: int, seed: int) -> Tensor:
    """The places `(M,)` of the pictures, by labels `(N,)`, whose features of `width` numbers are stored, in order.

    All of them, or of more than 2,048 (or 4 million numbers) a random sample that takes each class in turn.
    """
    most = max(1, min(MOST, MOST_NUMBERS // width))
    order = permutation(seed, -7, len(labels))
    by_class = order[labels[order].argsort(stable=True)]
    counts = labels.bincount()
    rank = torch.empty_like(labels)
    rank[by_class] = torch.arange(len(labels)) - (counts.cumsum(0) - counts)[labels[by_class]]
    return order[rank[order].argsort(stable=True)][:most].sort().values
