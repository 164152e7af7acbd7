"""Novelty where a head reads fixed features: what of them lies outside the training pictures' principal directions, and the energy.

The residual is the squared length of a centred feature vector of length 1 outside 32 principal directions of such vectors (after H. Wang,
Z. Li, L. Feng, W. Zhang, ViM: out-of-distribution with virtual-logit matching, CVPR 2022), the energy -log Σ exp(class scores) (W. Liu,
X. Wang, J. Owens, Y. Li, Energy-based out-of-distribution detection, NeurIPS 2020). Each is measured in the spread that pictures of the
known classes have, held out of the head and of the directions, and the two are added: one knows the picture, the other what the head sees.

Shapes: N pictures, D features, K classes, k directions.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

DIRECTIONS = 32  # of fewer than 96 pictures a third as many as these are
SAMPLE = 512  # pictures that directions are computed from
FOLDS = 20  # of the directions: with fewer, those of a fold know less than those that answer, and limits are too high
LEAST = 60  # pictures held out, as few as were measured: with 20, heads of the folds are so unsure that limits are far too high
USUAL, RARE = 0.5, 0.9  # the quantiles that a score is measured by
NARROWEST = 1e-6


@dataclass(frozen=True, eq=False)
class Blend:
    """Orthonormal `directions` float16 `(k, D)`, and the median and spread of residual and energy, `scale` float32 `(2, 2)`.

    `nearest` float32 `(n,)` are the distances to the nearest training picture that versions without a blend find their limit by.
    """

    directions: Tensor
    scale: Tensor
    nearest: Tensor

    def of(self, unit: Tensor, logits: Tensor) -> Tensor:
        """The novelty `(N,)` of centred vectors of length 1, `(N, D)`, with class scores `(N, K)`."""
        return added(residual(unit, self.directions.float()), energy(logits), self.scale)


def residual(unit: Tensor, directions: Tensor) -> Tensor:
    """The squared length `(N,)` of vectors `(N, D)` of length 1 that is outside the `directions` `(k, D)`."""
    return 1 - (unit @ directions.T).square().sum(1)


def energy(logits: Tensor) -> Tensor:
    """The energy `(N,)` of class scores `(N, K)`: high where no class has a high score."""
    return -torch.logsumexp(logits, 1)


def added(outside: Tensor, energies: Tensor, scale: Tensor) -> Tensor:
    """The sum `(N,)` of residuals and energies `(N,)`, each less its median and divided by its spread, `scale` `(2, 2)`."""
    return (outside - scale[0, 0]) / scale[0, 1] + (energies - scale[1, 0]) / scale[1, 1]


def fitted(features: Tensor, logits: Tensor, fold: Tensor, full: Tensor, nearest: Tensor) -> tuple[Blend, Tensor]:
    """The blend with directions of the stored vectors `full` `(M, D)`, and the novelty float32 `(n,)` of pictures held out.

    `features` `(n, D)` are theirs, `logits` `(n, K)` their scores by heads that have not seen them, `fold` `(n,)` the folds of directions.
    """
    features, k = features.float().cpu(), max(1, min(DIRECTIONS, len(full) // 3))
    outside = torch.empty(len(features))
    for out in (fold == number for number in range(int(fold.max()) + 1)):
        mean = features[~out].mean(0)
        outside[out] = residual(_unit(features[out], mean), principal(_unit(features[~out], mean), k))
    energies = energy(logits.float().cpu())
    blend = Blend(principal(full.float(), k).half(), torch.stack([_spread(outside), _spread(energies)]), nearest)
    return blend, added(outside, energies, blend.scale)


def principal(unit: Tensor, k: int) -> Tensor:
    """Up to `k` principal directions, float32 `(≤ k, D)`, of vectors `(N, D)`, from the table of their products."""
    unit = unit[:: -(-len(unit) // SAMPLE)].double()
    values, mixtures = torch.linalg.eigh(unit @ unit.T)
    k = min(k, int((values > 1e-9 * values[-1]).sum()))
    return F.normalize(mixtures.flip(1)[:, :k].T @ unit, dim=1).float()


def _unit(features: Tensor, mean: Tensor) -> Tensor:
    return F.normalize(features - mean, dim=1)


def _spread(scores: Tensor) -> Tensor:
    usual, rare = torch.quantile(scores, torch.tensor([USUAL, RARE])).tolist()
    return torch.tensor([usual, max(rare - usual, NARROWEST)])
