"""Class activation maps: a layer's maps A `(N, C, h, w)`, weighed by the gradients G of a class's logit, at the picture's size.

Each is cut at zero, as published: what speaks against the class is not shown. Tokens of a transformer are laid out as the patches.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...base.compute.undisturbed import undisturbed
from ...base.errors import ClearsightError, wrong
from ...classifier.predict import in_batches
from ..capture import branched, captured, layer, stages
from .gradients import CHUNK, chosen

Weigh = Callable[[Tensor, Tensor], Tensor]
TINY = 1e-7


def grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Each map by its mean gradient (R. Selvaraju et al., 2017)."""
    return (gradients.mean((2, 3), keepdim=True) * maps).sum(1)


def grad_cam_plus_plus(maps: Tensor, gradients: Tensor) -> Tensor:
    """Positive gradients, each weighed as if the score were exponential (A. Chattopadhyay et al., 2018, equations 10 and 19)."""
    square, cube = gradients**2, gradients**3
    alphas = square / (2 * square + maps.sum((2, 3), keepdim=True) * cube + 1e-6)
    weights = (torch.where(gradients != 0, alphas, 0.0) * gradients.clamp_min(0)).sum((2, 3), keepdim=True)
    return (weights * maps).sum(1)


def x_grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Gradients averaged with the maps as weights (R. Fu et al., 2020)."""
    weights = (gradients * maps).sum((2, 3), keepdim=True) / (maps.sum((2, 3), keepdim=True) + TINY)
    return (weights * maps).sum(1)


def hires_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Gradient times map at every place, not averaged before (R. Draelos, L. Carin, 2020)."""
    return (gradients * maps).sum(1)


def layer_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Positive gradients times maps at every place (P. Jiang et al., 2021)."""
    return (gradients.clamp_min(0) * maps).sum(1)


def cam(model: nn.Module, x: Tensor, target: Tensor, name: str, weigh: Weigh) -> Tensor:
    """The map `(N, H, W)` that `weigh` makes of the layer `name` for inputs `(N, C, H, W)`; never below 0."""
    heat = []
    for part, classes in zip(x.split(CHUNK), target.split(CHUNK), strict=True):
        maps, out = branched(model, part, name)
        total = chosen(out, classes).sum()
        gradients = torch.autograd.grad(total, maps, allow_unused=True)[0] if total.requires_grad else None
        if gradients is None:
            raise ClearsightError(f"the answer has no gradient at the layer {name}: choose an earlier one.")
        with torch.no_grad():
            heat.append(enlarged(weigh(laid_out(maps.detach(), part), laid_out(gradients, part)), x))
    return torch.cat(heat)


def eigen_cam(model: nn.Module, x: Tensor, target: Tensor, name: str) -> Tensor:
    """The maps' first principal component (M. Muhammad, M. Yeasin, 2020): the same for every class.

    A component has no sign of its own: it is taken the way in which the mean over the channels grows.
    """
    components = []
    for maps in laid_out(_maps(model, x, name), x):
        flat = maps.flatten(1)
        flat = flat - flat.mean(1, keepdim=True)
        _, sizes, directions = torch.linalg.svd(flat, full_matrices=False)
        first = directions[0] * sizes[0] * (1 if float(directions[0] @ flat.mean(0)) >= 0 else -1)
        components.append(first.view(1, *maps.shape[1:]))
    return enlarged(torch.cat(components), x)


def score_cam(model: nn.Module, x: Tensor, target: Tensor, name: str) -> Tensor:
    """Each map by the probability that its own mask of the picture leaves the class (H. Wang et al., 2020): no gradients, C runs."""
    heat = []
    for picture, label, maps in zip(x, target, laid_out(_maps(model, x, name), x), strict=True):
        masks = F.interpolate(maps[None], x.shape[-2:], mode="bilinear", align_corners=False)[0]
        low, high = masks.amin((1, 2), keepdim=True), masks.amax((1, 2), keepdim=True)
        masks = (masks - low) / (high - low).clamp_min(TINY)
        with undisturbed(model), torch.no_grad():
            probabilities = [torch.softmax(model(picture * part[:, None]), 1)[:, label] for part in masks.split(CHUNK)]
        weights = torch.softmax(torch.cat(probabilities), 0)
        heat.append((weights[:, None, None] * maps).sum(0)[None])
    return enlarged(torch.cat(heat), x)


def last_maps(model: nn.Module, x: Tensor, target: Tensor) -> str:
    """The last stage that has several places, at which the answer still has a gradient; raises ClearsightError without one.

    The last block of a transformer is not one: of its tokens the answer reads the first alone.
    """
    outputs = captured(model, x[:1], stages(model))
    names = [name for name, out in outputs.items() if _has_places(out, x) and ":" not in name]
    for name in reversed(names):
        maps, out = branched(model, x[:1], name)
        total = chosen(out, target[:1]).sum()
        gradients = torch.autograd.grad(total, maps, allow_unused=True)[0] if total.requires_grad else None
        if gradients is not None and int(laid_out(gradients, x).abs().sum(1).count_nonzero()) > 1:
            return name
    raise ClearsightError("no layer of this network keeps the places of a picture: choose a method without a layer, such as saliency.")


def laid_out(values: Tensor, x: Tensor) -> Tensor:
    """Maps `(N, C, h, w)` as they are; tokens `(N, T, C)` as the patches of the picture, those in front (class, registers) left out.

    Raises UsageError for a layer with one place.
    """
    if values.ndim == 4:
        return values
    grid = _grid(values.shape[1], x) if values.ndim == 3 else None
    if grid is None:
        raise wrong("layer", "one with rows and columns, or with patches", tuple(values.shape))
    rows, columns = grid
    patches: Tensor = values[:, -rows * columns :].transpose(1, 2).unflatten(2, (rows, columns))
    return patches


def enlarged(maps: Tensor, x: Tensor) -> Tensor:
    """Maps `(N, h, w)` without what is below 0, at the size of the picture."""
    return F.interpolate(maps.clamp_min(0)[:, None], x.shape[-2:], mode="bilinear", align_corners=False)[:, 0]


def _maps(model: nn.Module, x: Tensor, name: str) -> Tensor:
    layer(model, name)
    return in_batches(lambda part: captured(model, part, [name])[name], x, CHUNK)


def _has_places(out: Tensor, x: Tensor) -> bool:
    return out.shape[2:].numel() > 1 if out.ndim == 4 else out.ndim == 3 and _grid(out.shape[1], x) is not None


def _grid(tokens: int, x: Tensor) -> tuple[int, int] | None:
    """Rows and columns of patches of the picture's aspect, after a class token, no token, or a class token with registers."""
    height, width = x.shape[-2:]
    for front in (1, 0, 2, 5):
        rows = round(math.sqrt(max(0, tokens - front) * height / width))
        columns = round(rows * width / height)
        if rows * columns == tokens - front and tokens - front > 1:
            return rows, columns
    return None
