"""MixUp and CutMix: two pictures and their labels combined by a random share.

MixUp: H. Zhang et al., ICLR 2018. CutMix: S. Yun et al., ICCV 2019. The partner of a picture follows from the batch; the share, from the
picture itself: each has its own, where many libraries draw one for the batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..base.errors import UsageError
from ..base.randomness import uniform
from ..base.text.words import parse as parse_words

DEFAULTS = {"mixup": 0.2, "cutmix": 1.0}


@dataclass(frozen=True)
class Mix:
    """A way to mix; shares are drawn from Beta(alpha, alpha). Of several ways each picture draws one, with equal probability."""

    name: str
    alpha: float


def parse(text: str) -> tuple[Mix, ...]:
    """`mixup:0.2`, `cutmix`, or both; raises UsageError for another name, or an alpha that is not above 0 and at most 100."""
    mixes = []
    for word in parse_words(text, "way to mix", DEFAULTS):
        alpha = word.number(DEFAULTS[word.name])
        if not 0 < alpha <= 100:
            raise UsageError(f"mix {word.name} takes a number above 0 and at most 100 (alpha of the Beta distribution). Got {word.text!r}.")
        mixes.append(Mix(word.name, alpha))
    return tuple(mixes)


def mixed(inputs: Tensor, indices: Tensor, ways: tuple[Mix, ...], seed: int, epoch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mixed inputs `(N, C, H, W)`, the places `(N,)` of the partners in the batch, and the shares `(N,)` of the first pictures."""
    from scipy.special import betaincinv  # its import would slow the start of commands that mix nothing

    other = torch.arange(len(inputs), device=inputs.device).roll(len(inputs) // 2)
    draws = uniform(seed, epoch, indices.to(inputs.device), "mix", 4)
    way = (draws[:, 0] * len(ways)).long()
    out, shares = inputs.clone(), torch.ones(len(inputs), device=inputs.device)
    for i, mix in enumerate(ways):
        here = torch.nonzero(way == i)[:, 0]
        wanted = torch.from_numpy(betaincinv(mix.alpha, mix.alpha, draws[here, 1].double().cpu().numpy())).to(inputs)
        first, second = inputs[here], inputs[other[here]]
        if mix.name == "mixup":
            share = wanted[:, None, None, None]
            out[here], shares[here] = share * first + (1 - share) * second, wanted
        else:
            inside = _boxes(1 - wanted, draws[here, 2:], (inputs.shape[2], inputs.shape[3]))
            out[here] = torch.where(inside[:, None], second, first)
            shares[here] = 1 - inside.float().mean((1, 2))
    return out, other, shares


def _boxes(area: Tensor, draws: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes of about an `area` `(N,)`, the picture's aspect, and a centre anywhere in it: bool `(N, H, W)`."""
    height, width = size
    sides = area.clamp_min(0).sqrt()[:, None]  # (N, 1)
    inside = []
    for centre, length in ((draws[:, :1], height), (draws[:, 1:], width)):
        place = torch.arange(length, device=area.device)
        begin, end = (centre * length + sign * sides * length / 2 for sign in (-1, 1))
        inside.append((place >= begin.round()) & (place < end.round()))
    return inside[0][:, :, None] & inside[1][:, None]
