"""A faster road is tried on a few pictures before it is taken: it must run, and answer as the network itself does."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from ..base.precision import centred_error
from ..images.preprocess import Preprocessing


class Scorer(Protocol):
    """What a trial needs of a classifier: its network, its preprocessing, and the inputs that it computes from pictures."""

    model: nn.Module
    preprocessing: Preprocessing

    @property
    def precision(self) -> str:
        """`float32` or `bfloat16`."""
        ...

    def inputs(self, pictures: Tensor) -> Tensor:
        """The network's inputs `(N, C, H, W)` for fitted pictures of this shape."""
        ...


TRIED = 2  # pictures
# error of the scores, as a share of their spread; untrained networks of the registry have up to 2e-6 and 0.03
OFF = {torch.float32: 1e-3, torch.bfloat16: 0.1}


def pictures(preprocessing: Preprocessing) -> Tensor:
    """Fitted pictures to try a network on, always the same, uint8 `(2, C, H, W)`: shades and a little noise."""
    drawn = torch.Generator().manual_seed(0)
    size = (preprocessing.height, preprocessing.width)
    shades = F.interpolate(torch.rand(TRIED, preprocessing.channels, 4, 4, generator=drawn), size, mode="bilinear")
    noise = torch.rand(TRIED, preprocessing.channels, *size, generator=drawn)
    return ((0.9 * shades + 0.1 * noise) * 255).to(torch.uint8)


def refused(exact: Scorer, fast: Scorer) -> str:
    """Why `fast` cannot take the place of `exact`, from which it was made; empty where it can."""
    some = pictures(exact.preprocessing)
    expected = _scores(exact, some, slopes=False)
    try:
        found = _scores(fast, some, slopes=fast.precision != exact.precision)
    except Exception as error:  # whatever kind a layer raises that cannot compute so
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return f"the network does not run so, {first:.120}"
    if not bool(torch.isfinite(found).all()) and bool(torch.isfinite(expected).all()):
        return "its scores are not finite"
    off, most = centred_error(found, expected), OFF[fast.inputs(some).dtype]
    return f"its scores are off by {off:.1%} of their spread, where {most:.1%} is allowed" if off > most else ""


def _scores(classifier: Scorer, some: Tensor, slopes: bool) -> Tensor:
    """Float32 `(N, K)`; with `slopes` the gradient by the pictures is computed too."""
    net, inputs = classifier.model, classifier.inputs(some).contiguous(memory_format=torch.channels_last)
    run = net.forward if isinstance(net, fx.GraphModule) else net  # a graph that is called prints a traceback before it raises
    with torch.set_grad_enabled(slopes):
        scores: Tensor = run(inputs.requires_grad_(slopes)).float()
        if scores.requires_grad:
            torch.autograd.grad(scores.sum(), inputs, allow_unused=True)
    return scores.detach()
