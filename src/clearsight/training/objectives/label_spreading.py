"""Label spreading (Zhou et al. 2003): smooth the teacher's probabilities over a k-nearest-neighbour graph.

    F ← α·S·F + (1 - α)·Y,   S = D^-½ · (W + Wᵀ) · D^-½

Y are the initial probabilities, W the weights of the nearest neighbours by cosine, D the sums of its rows. D. Zhou, O. Bousquet,
T. Lal, J. Weston, B. Schölkopf, Learning with local and global consistency, NIPS 2003; on learnt features: A. Iscen, G. Tolias,
Y. Avrithis, O. Chum, Label propagation for deep semi-supervised learning, CVPR 2019. Aligned to how common classes are: D. Berthelot et
al., ReMixMatch, ICLR 2020, section 3.1, here by scaling rows and columns in turn until both are right (R. Sinkhorn, 1964).

Shapes: N pictures, D features, K classes.
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_array, diags_array
from torch import Tensor

from ...base.progress import Progress

ALPHA = 0.8  # α: the neighbours' part of a probability
TEMPERATURE = 0.1  # temperature of a neighbour's weight
ITERS = 40  # the next would change an answer by less than 0.8^40, a ten-thousandth
SINKHORN_ITERS, TOLERANCE = 1000, 1e-6  # of the row and column scaling
ROWS = 512  # images whose neighbours are searched together


def spread(answers: Tensor, features: Tensor, neighbours: int, quiet: bool = True) -> Tensor:
    """The probabilities `answers` float32 `(N, K)`, spread over the nearest `neighbours` by `features` (N, D); rows sum to 1."""
    joined = _joined(features, neighbours, quiet)
    first = answers.cpu().numpy()
    found = first
    for _ in range(ITERS):
        found = ALPHA * (joined @ found) + (1 - ALPHA) * first
    return torch.from_numpy(found / found.sum(1, keepdims=True)).float()


def aligned(answers: Tensor, shares: Tensor) -> Tensor:
    """The `answers` float32 `(N, K)`, rows summing to 1, scaled by class until their mean is `shares` `(K,)`."""
    found = answers.double().clamp_min(1e-12)  # else a class of probability 0 everywhere could never reach its share
    for _ in range(SINKHORN_ITERS):
        if (found.mean(0) - shares.double()).abs().max() < TOLERANCE:
            break
        found = found * (shares.double() / found.mean(0).clamp_min(1e-300))  # a class with a share of 0 gets probability 0
        found = found / found.sum(1, keepdim=True)
    return found.float()


def _joined(features: Tensor, neighbours: int, quiet: bool) -> csr_array:
    """S, of float32."""
    table = F.normalize(features, dim=1)
    n, k = len(table), min(neighbours, len(table) - 1)
    alike, who = torch.empty(n, k), torch.empty(n, k, dtype=torch.int64)
    with Progress("neighbours", n, quiet=quiet) as progress:
        for start in range(0, n, ROWS):
            cosines = table[start : start + ROWS] @ table.T
            cosines.diagonal(start).fill_(-2.0)  # no picture is its own neighbour
            alike[start : start + ROWS], who[start : start + ROWS] = cosines.topk(k, 1)
            progress.update(len(cosines))
    weights = ((alike - 1) / TEMPERATURE).exp().numpy()
    one_way = csr_array((weights.ravel(), who.numpy().ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    both = one_way + one_way.T
    scale = diags_array((1 / np.sqrt(both.sum(1))).astype(np.float32))
    return csr_array(scale @ both @ scale)
