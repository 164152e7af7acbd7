"""Heat maps from gradients of a class's logit by the pixels of the input `(N, C, H, W)`: maps float32 `(N, H, W)`."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...base.compute.undisturbed import undisturbed
from ...base.errors import ClearsightError

CHUNK = 32  # inputs in the network at once
SAMPLES, NOISE = 32, 0.15  # SmoothGrad: how many, and the noise in parts of the input's range
STEPS, COMPLETE, MOST = 32, 0.005, 512  # integrated gradients: first try, error allowed, last try


def scores(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """The logits of the classes `target` `(N,)`, `(N,)`; raises ClearsightError for a network that puts out none."""
    return chosen(model(x), target)


def chosen(out: Any, target: Tensor) -> Tensor:
    """The logits of the classes `target` `(N,)` of what a network put out; raises ClearsightError for what are no logits."""
    if not isinstance(out, Tensor) or out.ndim != 2:
        raise ClearsightError("this network puts out no scores (N, classes), so there is no answer to explain.")
    return out.gather(1, target[:, None])[:, 0]


def gradient(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """∂ logit / ∂ x, as x; raises ClearsightError where the network passes none."""
    found = []
    with undisturbed(model, freeze=True), torch.enable_grad():
        for part, classes in zip(x.detach().split(CHUNK), target.split(CHUNK), strict=True):
            inputs = part.clone().requires_grad_()
            total = scores(model, inputs, classes).sum()
            if not total.requires_grad:
                raise ClearsightError("this network passes no gradient to the picture: choose a method without one, such as occlusion.")
            found.append(torch.autograd.grad(total, inputs)[0])
    return torch.cat(found)


def saliency(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """The largest |∂ logit / ∂ pixel| over the channels (K. Simonyan et al., 2013)."""
    return gradient(model, x, target).abs().amax(1)


def input_x_gradient(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """x · ∂ logit / ∂ x, summed over the channels (A. Shrikumar et al., 2016); signed."""
    return (x * gradient(model, x, target)).sum(1)


def smoothgrad(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Saliency of the gradient's mean over noisy copies (D. Smilkov et al., 2017); the noise follows from a seed."""
    generator = torch.Generator().manual_seed(0)
    spread = NOISE * (x.amax((1, 2, 3), keepdim=True) - x.amin((1, 2, 3), keepdim=True))
    total = torch.zeros_like(x)
    for _ in range(SAMPLES):
        total += gradient(model, x + spread * torch.randn(x.shape, generator=generator).to(x), target)
    return (total / SAMPLES).abs().amax(1)


def integrated(model: nn.Module, x: Tensor, target: Tensor, baseline: Tensor | None = None) -> Tensor:
    """Integrated gradients (M. Sundararajan et al., 2017) from `baseline` (zero, the mean colour, if not given); signed.

    The Gauss-Legendre steps are doubled up to 512 until the sum over a map misses the rise of the logit by at most 0.5 %.
    """
    start = torch.zeros_like(x) if baseline is None else baseline.expand_as(x)
    found, left, steps = torch.empty(len(x), *x.shape[2:], device=x.device), torch.arange(len(x), device=x.device), STEPS
    while len(left):  # each picture on its own, so that its map is the same in any batch
        found[left] = _integral(model, x[left], target[left], start[left], steps)
        if steps >= MOST:
            break
        left = left[incomplete(model, x[left], target[left], found[left], start[left]) > COMPLETE]
        steps *= 2
    return found


def _integral(model: nn.Module, x: Tensor, target: Tensor, start: Tensor, steps: int) -> Tensor:
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros(x.shape, dtype=torch.float64, device=x.device)
    at_once = max(1, CHUNK // len(x))
    for first in range(0, steps, at_once):
        alphas = torch.from_numpy((nodes[first : first + at_once] + 1) / 2).to(x)
        points = start + alphas.view(-1, 1, 1, 1, 1) * (x - start)  # (steps, N, C, H, W)
        slopes = gradient(model, points.flatten(0, 1), target.repeat(len(alphas))).view(points.shape)
        total += (torch.from_numpy(weights[first : first + at_once] / 2).to(x.device).view(-1, 1, 1, 1, 1) * slopes).sum(0)
    return (total * (x - start)).sum(1).float()


def incomplete(model: nn.Module, x: Tensor, target: Tensor, heat: Tensor, baseline: Tensor | None = None) -> Tensor:
    """By how much the sum over each map misses the rise of the logit from the baseline, in parts of the rise: `(N,)`."""
    start = torch.zeros_like(x) if baseline is None else baseline.expand_as(x)
    with undisturbed(model), torch.no_grad():
        rise = scores(model, x, target) - scores(model, start, target)
    return (heat.flatten(1).sum(1) - rise).abs() / rise.abs().clamp_min(1e-12)
