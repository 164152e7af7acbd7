"""Try a faster copy of a classifier on two pictures before it is used: it must run, with the logits of the original."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from ...base.compute.precision import centred_error
from ...images.preprocess import Preprocessing


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


SAMPLE_SIZE = 2  # pictures
# error of the logits as a fraction of their spread; untrained networks of the registry have up to 2e-6 and 0.03
MAX_ERROR = {torch.float32: 1e-3, torch.bfloat16: 0.1}


def pictures(preprocessing: Preprocessing) -> Tensor:
    """The pictures for a trial, always the same, uint8 `(2, C, H, W)`: smooth gradients and a little noise."""
    drawn = torch.Generator().manual_seed(0)
    size = (preprocessing.height, preprocessing.width)
    shades = F.interpolate(torch.rand(SAMPLE_SIZE, preprocessing.channels, 4, 4, generator=drawn), size, mode="bilinear")
    noise = torch.rand(SAMPLE_SIZE, preprocessing.channels, *size, generator=drawn)
    return ((0.9 * shades + 0.1 * noise) * 255).to(torch.uint8)


def refused(exact: Scorer, fast: Scorer) -> str:
    """Why `fast` cannot replace `exact`, from which it was made; empty if it can."""
    some = pictures(exact.preprocessing)
    expected = _scores(exact, some, slopes=False)
    try:
        found = _scores(fast, some, slopes=fast.precision != exact.precision)
    except Exception as error:  # a layer that does not support it may raise anything
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return f"the network does not run in it, {first:.120}"
    if not bool(torch.isfinite(found).all()) and bool(torch.isfinite(expected).all()):
        return "its scores are not finite"
    off, most = centred_error(found, expected), MAX_ERROR[fast.inputs(some).dtype]
    return f"its scores are off by {off:.1%} of their spread, where {most:.1%} is allowed" if off > most else ""


def _scores(classifier: Scorer, some: Tensor, slopes: bool) -> Tensor:
    """Logits, float32 `(N, K)`, computed without a gradient; with `slopes` it is computed too, with respect to the pictures."""
    net, inputs = classifier.model, classifier.inputs(some).contiguous(memory_format=torch.channels_last)
    run = net.forward if isinstance(net, fx.GraphModule) else net  # calling a GraphModule prints a traceback before it raises
    with torch.inference_mode():
        scores: Tensor = run(inputs).float()
    if slopes and (steep := run(inputs.requires_grad_()).float()).requires_grad:
        torch.autograd.grad(steep.sum(), inputs, allow_unused=True)
    return scores
