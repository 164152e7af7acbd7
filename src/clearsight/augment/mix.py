"""Two pictures in one, and both labels by their shares.

MixUp: H. Zhang et al., ICLR 2018. CutMix: S. Yun et al., ICCV 2019. Which picture is mixed with which follows from the batch; how, from
the picture itself: each has shares of its own, where many libraries draw once for a batch.
"""

from dataclasses import dataclass

import torch
from scipy.special import betaincinv
from torch import Tensor

from ..base.errors import UsageError, unknown
from ..base.randomness import uniform

DEFAULTS = {"mixup": 0.2, "cutmix": 1.0}


@dataclass(frozen=True)
class Mix:
    """How pictures are mixed: `share` is drawn from Beta(alpha, alpha). Several are drawn for each picture alike."""

    name: str
    alpha: float


def parse(text: str) -> tuple[Mix, ...]:
    """`mixup:0.2`, `cutmix`, or both in a row; raises UsageError for another name, or an alpha that is not above 0 and at most 100."""
    found = []
    for word in text.split():
        name, _, number = word.partition(":")
        if name not in DEFAULTS:
            raise unknown("way to mix", name, DEFAULTS)
        try:
            alpha = float(number) if number else DEFAULTS[name]
        except ValueError:
            alpha = 0.0
        if not 0 < alpha <= 100:
            raise UsageError(f"mix {name} takes a number above 0 and at most 100 (alpha of the Beta distribution). Got {word!r}.")
        found.append(Mix(name, alpha))
    return tuple(found)


def mixed(inputs: Tensor, indices: Tensor, ways: tuple[Mix, ...], seed: int, epoch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs `(N, C, H, W)` mixed, the places `(N,)` of the other pictures in the batch, and the first ones' shares `(N,)`."""
    other = torch.arange(len(inputs), device=inputs.device).roll(len(inputs) // 2)
    draws = uniform(seed, epoch, indices.to(inputs.device), "mix", 4)
    way = (draws[:, 0] * len(ways)).long()
    made, shares = inputs.clone(), torch.ones(len(inputs), device=inputs.device)
    for i, mix in enumerate(ways):
        here = torch.nonzero(way == i)[:, 0]
        wanted = torch.from_numpy(betaincinv(mix.alpha, mix.alpha, draws[here, 1].double().cpu().numpy())).to(inputs)
        first, second = inputs[here], inputs[other[here]]
        if mix.name == "mixup":
            share = wanted[:, None, None, None]
            made[here], shares[here] = share * first + (1 - share) * second, wanted
        else:
            inside = _boxes(1 - wanted, draws[here, 2:], (inputs.shape[2], inputs.shape[3]))
            made[here] = torch.where(inside[:, None], second, first)
            shares[here] = 1 - inside.float().mean((1, 2))
    return made, other, shares


def _boxes(area: Tensor, draws: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes of about an `area` `(N,)` of the picture and of its aspect, their middles anywhere in it: bool `(N, H, W)`."""
    height, width = size
    sides = area.clamp_min(0).sqrt()[:, None]  # (N, 1)
    inside = []
    for middle, length in ((draws[:, :1], height), (draws[:, 1:], width)):
        place = torch.arange(length, device=area.device)
        begin, end = (middle * length + sign * sides * length / 2 for sign in (-1, 1))
        inside.append((place >= begin.round()) & (place < end.round()))
    return inside[0][:, :, None] & inside[1][:, None]
