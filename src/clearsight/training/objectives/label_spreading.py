"""Label spreading (Zhou et al. 2003): smooth the teacher's probabilities over a k-nearest-neighbour graph.

    F ← α·S·F + (1 - α)·Y,   S = D^-½ · (W + Wᵀ) · D^-½

Y are the initial probabilities, W the weights of the nearest neighbours by cosine, D the sums of its rows. D. Zhou, O. Bousquet,
T. Lal, J. Weston, B. Schölkopf, Learning with local and global consistency, NIPS 2003; on learnt features: A. Iscen, G. Tolias,
Y. Avrithis, O. Chum, Label propagation for deep semi-supervised learning, CVPR 2019. Aligned to how common classes are: D. Berthelot et
al., ReMixMatch, ICLR 2020, section 3.1, here by scaling rows and columns in turn until both are right (R. Sinkhorn, 1964).

Shapes: N pictures, D features, K classes.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...base.progress import Progress

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ALPHA = 0.8  # α: the neighbours' part of a probability
TEMPERATURE = 0.1  # temperature of a neighbour's weight
MAX_ITER = 40  # the next would change an answer by less than 0.8^40, a ten-thousandth
SINKHORN_MAX_ITER, TOLERANCE = 1000, 1e-6  # of the row and column scaling
ROWS = 512  # images whose neighbours are searched together


def spread(probabilities: Tensor, features: Tensor, neighbours: int, quiet: bool = True) -> Tensor:
    """The `probabilities` float32 `(N, K)`, spread over the nearest `neighbours` by `features` (N, D); rows sum to 1."""
    graph = _graph(features, neighbours, quiet)  # S
    initial = probabilities.cpu().numpy()  # Y
    smoothed = initial  # F
    for _ in range(MAX_ITER):
        smoothed = ALPHA * (graph @ smoothed) + (1 - ALPHA) * initial
    return torch.from_numpy(smoothed / smoothed.sum(1, keepdims=True)).float()


def aligned(probabilities: Tensor, shares: Tensor) -> Tensor:
    """The `probabilities` float32 `(N, K)`, rows summing to 1, scaled by class until their mean is `shares` `(K,)`."""
    scaled = probabilities.double().clamp_min(1e-12)  # else a class of probability 0 everywhere could never reach its share
    for _ in range(SINKHORN_MAX_ITER):
        if (scaled.mean(0) - shares.double()).abs().max() < TOLERANCE:
            break
        scaled = scaled * (shares.double() / scaled.mean(0).clamp_min(1e-300))  # a class with a share of 0 gets probability 0
        scaled = scaled / scaled.sum(1, keepdim=True)
    return scaled.float()


def _graph(features: Tensor, neighbours: int, quiet: bool) -> "csr_array":
    """S `(N, N)`, sparse float32."""
    from scipy.sparse import csr_array, diags_array  # as in heads/lbfgs.py

    unit = F.normalize(features, dim=1)
    n, k = len(unit), min(neighbours, len(unit) - 1)
    nearest, indices = torch.empty(n, k), torch.empty(n, k, dtype=torch.int64)
    with Progress("neighbours", n, quiet=quiet) as progress:
        for start in range(0, n, ROWS):
            cosines = unit[start : start + ROWS] @ unit.T
            cosines.diagonal(start).fill_(-2.0)  # no picture is its own neighbour
            nearest[start : start + ROWS], indices[start : start + ROWS] = cosines.topk(k, 1)
            progress.update(len(cosines))
    weights = ((nearest - 1) / TEMPERATURE).exp().numpy()
    one_way = csr_array((weights.ravel(), indices.numpy().ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    both = one_way + one_way.T
    scale = diags_array((1 / np.sqrt(both.sum(1))).astype(np.float32))
    return csr_array(scale @ both @ scale)
