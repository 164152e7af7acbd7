"""Answers spread over alike pictures: what is true of a picture is likely to be true of its neighbours.

    F ← α·S·F + (1 - α)·Y,   S = D^-½ · (W + Wᵀ) · D^-½

Y are the first answers, W joins each picture to its nearest neighbours by cosine, D are the sums of its rows. D. Zhou, O. Bousquet,
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

SHARE = 0.8  # α: how much of an answer comes from the neighbours
WARMTH = 0.1  # temperature of a neighbour's weight
PASSES = 40  # the next would change an answer by less than 0.8^40, a ten-thousandth
TURNS, NEAR = 1000, 1e-6  # at most so many scalings; shares so near are reached
ROWS = 512  # pictures whose neighbours are looked for together


def spread(answers: Tensor, features: Tensor, neighbours: int, quiet: bool = True) -> Tensor:
    """The `answers` float32 `(N, K)` after they have been spread over the nearest `neighbours` by `features` (N, D); rows sum to 1."""
    joined = _joined(features, neighbours, quiet)
    first = answers.cpu().numpy()
    found = first
    for _ in range(PASSES):
        found = SHARE * (joined @ found) + (1 - SHARE) * first
    return torch.from_numpy(found / found.sum(1, keepdims=True)).float()


def aligned(answers: Tensor, shares: Tensor) -> Tensor:
    """The `answers` float32 `(N, K)`, rows summing to 1, scaled by class until their mean is `shares` `(K,)`."""
    found = answers.double().clamp_min(1e-12)  # a class that is expected, and that no answer holds possible, has to come from somewhere
    for _ in range(TURNS):
        if (found.mean(0) - shares.double()).abs().max() < NEAR:
            break
        found = found * (shares.double() / found.mean(0).clamp_min(1e-300))  # a class without a share is none of the answers
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
    weights = ((alike - 1) / WARMTH).exp().numpy()
    one_way = csr_array((weights.ravel(), who.numpy().ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    both = one_way + one_way.T
    scale = diags_array((1 / np.sqrt(both.sum(1))).astype(np.float32))
    return csr_array(scale @ both @ scale)
