"""NT-Xent, the loss of SimCLR: T. Chen, S. Kornblith, M. Norouzi, G. Hinton, ICML 2020, equation 1.

The gradient is computed along with the loss, some rows of the matrix of similarities at a time and, since it is symmetric, only from
its diagonal on, so that the whole never exists; `plain_ntxent` restates both from the whole matrix.
Shapes: N pictures of this process, M views of all processes, D numbers each.
"""

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from ...base.errors import wrong

ELEMENTS = 2**19  # of similarities at a time: 2 MiB, which a processor's cache holds
ROWS = 64  # at least: fewer make slow products
KEPT = 2**21  # similarities up to which they are kept for the gradient, and not computed again
COLDEST = 0.025  # exp(-2 / 0.025) is still a float32 of full precision


def ntxent(first: Tensor, second: Tensor, temperature: float = 0.5, *, rows: int = 0, bf16: bool = False) -> tuple[Tensor, Tensor]:
    """The losses of both views `(N, D)` of each picture, summed and over 2, and how many views have their partner as the nearest other.

    Over N, the first is what the paper minimises. In a process group, the views of all processes are the negatives, gradients
    flow back to each, and the sum is over this process's own pictures; all call it together. `rows` are computed at a time (0: what
    a cache holds), with `bf16` as products in bfloat16, sums in float32. Raises UsageError for a temperature that is too low.
    """
    if not temperature >= COLDEST:
        raise wrong("temperature", f"at least {COLDEST}", temperature)
    own = F.normalize(torch.cat([first.float(), second.float()]), dim=1)
    total, hits = _Contrast.apply(own, temperature, rows, torch.bfloat16 if bf16 else torch.float32)  # type: ignore[no-untyped-call]
    return total / 2, hits


def plain_ntxent(first: Tensor, second: Tensor, temperature: float = 0.5) -> tuple[Tensor, Tensor]:
    """The same from the whole matrix of similarities, the gradient by torch: the plain restatement that the tests compare with."""
    views = F.normalize(torch.cat([first, second]), dim=1)  # (2N, D)
    scores = views @ views.T / temperature  # (2N, 2N)
    scores.fill_diagonal_(-torch.inf)  # no view is its own negative
    partners = torch.arange(len(views)).roll(len(first))  # the other view of the same picture
    losses = F.cross_entropy(scores, partners, reduction="none")
    return losses.sum() / 2, (scores.argmax(1) == partners).sum()


class _Contrast(torch.autograd.Function):
    """The sum over this process's views of log Σ exp(s/τ) − s⁺/τ; the gradient is that of the sum over all processes."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, temperature: float, rows: int, kind: torch.dtype) -> tuple[Tensor, Tensor]:
        others = _others(own)
        everyone = torch.cat([own, others]).to(kind) if len(others) else own.to(kind)
        n, partner = len(own), own.roll(len(own) // 2, 0)
        size = rows or max(ROWS, ELEMENTS // len(everyone))
        blocks = [(at, min(at + size, n)) for at in range(0, n, size)]
        keep = n * len(everyone) <= KEPT
        kept = []
        sums, nearest, positive = own.new_zeros(n), own.new_zeros(n), (own * partner).sum(1)
        chosen = own.new_empty(n)
        for at, stop in blocks:
            shares = _shares(everyone, at, stop, temperature)
            beyond = shares[:, stop - at : n - at]
            sums[at:stop] += shares.sum(1)
            sums[stop:] += beyond.sum(0)
            nearest[at:stop] = torch.maximum(nearest[at:stop], shares.amax(1))
            nearest[stop:] = torch.maximum(nearest[stop:], beyond.amax(0))
            _partners(shares, at, n, chosen)
            if keep:
                kept.append(shares)
        weights = 1 / torch.cat([sums, _others(sums)])
        gradient = partner.mul(-2)
        for k, (at, stop) in enumerate(blocks):
            shares = kept[k] if keep else _shares(everyone, at, stop, temperature)
            shares = shares.mul_(weights[at:stop, None] + weights[at:]).to(kind)
            gradient[at:stop] += shares @ everyone[at:]
            gradient[stop:] += shares[:, stop - at : n - at].T @ everyone[at:stop]
        hits = (chosen == nearest).sum()
        ctx.save_for_backward(gradient.div_(temperature))
        ctx.mark_non_differentiable(hits)
        return (sums.log() + (1 - positive) / temperature).sum(), hits

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * gradients[0], None, None, None


def _shares(everyone: Tensor, at: int, stop: int, temperature: float) -> Tensor:
    """exp((s − 1)/τ) of the views from `at` to `stop` with those from `at` on, float32; 0 of each with itself."""
    scores = (everyone[at:stop] @ everyone[at:].T).float()
    shares = scores.sub_(1).mul_(1 / temperature).exp_()
    shares.diagonal().fill_(0)
    return shares


def _partners(shares: Tensor, at: int, n: int, into: Tensor) -> None:
    """Write the values that pairs have in this block `(rows, M − at)` into their places of `into` (n,)."""
    half = n // 2
    first = torch.arange(min(at, half), min(at + len(shares), half), device=shares.device)  # the second views lie half beyond
    values = shares[first - at, first + half - at]
    into[first] = values
    into[first + half] = values


def _others(rows: Tensor) -> Tensor:
    """The `rows` (n, …) of all other processes."""
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return rows[:0]
    count = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.empty_like(count) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, count)
    sizes = [int(size) for size in counts]
    padded = rows.new_zeros(max(sizes), *rows.shape[1:])
    padded[: len(rows)] = rows
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded)
    return torch.cat([part[:size] for rank, (part, size) in enumerate(zip(parts, sizes, strict=True)) if rank != dist.get_rank()])
