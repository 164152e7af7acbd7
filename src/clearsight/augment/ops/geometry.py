"""Geometric changes: each picture is sampled bilinearly at its own coordinates; the border is mirrored.

A plan is a matrix `(N, 3, 3)` from a place in the new picture to one in the old. In its units the centre is 0 and the longer side
reaches from -1 to 1, so that rotations stay rotations on pictures that are not square.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..op import Shape, Size, Strengths

NODES = 5  # of an elastic deformation, along each side


def plan_rotate(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Rotation about the centre by up to the strength in degrees, in either direction."""
    angle = torch.deg2rad(strengths[0] * (2 * draws[:, 0] - 1))
    return _matrices(angle.cos(), -angle.sin(), angle.sin(), angle.cos())


def plan_shear(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Shear of rows, or of columns, by a factor of up to the strength."""
    amount = strengths[0] * (2 * draws[:, 0] - 1)
    one, along = torch.ones_like(amount), draws[:, 1] < 0.5
    return _matrices(one, torch.where(along, amount, 0.0), torch.where(along, 0.0, amount), one)


def plan_translate(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Translation by up to that share of each side; not rounded to whole pixels."""
    side = draws.new_tensor([shape[2], shape[1]]) / max(shape[1:])
    matrices = torch.eye(3).to(draws).repeat(len(draws), 1, 1)
    matrices[:, :2, 2] = -2 * strengths[0] * (2 * draws[:, :2] - 1) * side
    return matrices


def plan_zoom(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Zoom by a factor of up to 1 + the strength, or its reciprocal, log-uniform."""
    factor = torch.exp((2 * draws[:, 0] - 1) * math.log1p(strengths[0]))
    nothing = torch.zeros_like(factor)
    return _matrices(1 / factor, nothing, nothing, 1 / factor)


def plan_perspective(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Perspective: each corner of the new picture shows a place up to half the strength of the sides inwards."""
    half = draws.new_tensor([shape[2], shape[1]]) / max(shape[1:])
    corners = draws.new_tensor([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    pulled = corners * (1 - strengths[0] * draws.view(-1, 4, 2))
    x, y = corners[None].expand(len(draws), -1, -1).unbind(2)  # (N, 4)
    u, v = pulled.unbind(2)
    one, none = torch.ones_like(x), torch.zeros_like(x)
    across = torch.stack((x, y, one, none, none, none, -u * x, -u * y), 2)
    down = torch.stack((none, none, none, x, y, one, -v * x, -v * y), 2)
    rows = torch.cat((across, down), 1)
    matrix = torch.linalg.solve(rows.double(), torch.cat((u, v), 1).double())  # but for its last element, 1
    return torch.cat((matrix, torch.ones_like(matrix[:, :1])), 1).view(-1, 3, 3).to(draws)


def warp(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Sample the pictures where their matrices map each pixel."""
    height, width = pictures.shape[2:]
    longer = max(height, width)
    x = (2 * torch.arange(width, device=pictures.device) + 1 - width) / longer
    y = (2 * torch.arange(height, device=pictures.device) + 1 - height)[:, None] / longer
    rows = plan * plan.new_tensor([longer / width, longer / height, 1])[:, None]
    across, down, away = rows[..., None, None].unbind(1)  # (N, 3, 1, 1) each
    places = torch.empty(len(plan), 2, height, width, device=pictures.device)
    for out, row in zip(places.unbind(1), (across, down), strict=True):
        torch.add(row[:, 0] * x, row[:, 1] * y + row[:, 2], out=out)
    if not torch.equal(plan[:, 2], plan.new_tensor([0, 0, 1]).expand(len(plan), 3)):
        places /= (away[:, 0] * x + (away[:, 1] * y + away[:, 2]))[:, None]
    return sample(pictures, places)


def plan_elastic(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Smooth displacements `(N, 2, H, W)` in px, of at most that share of the shorter side.

    P. Simard et al., Best practices for convolutional neural networks, 2003. The draws are a coarse grid, which is interpolated.
    """
    height, width = shape[1:]
    coarse = (2 * draws.view(-1, 2, NODES, NODES) - 1) * (strengths[0] * min(height, width))
    return F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)


def elastic(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Sample each pixel at its displaced place."""
    height, width = pictures.shape[2:]
    x = torch.arange(width, device=pictures.device) + plan[:, 0]
    y = torch.arange(height, device=pictures.device)[:, None] + plan[:, 1]
    return sample(pictures, torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), 1))


def sample(pictures: Tensor, places: Tensor) -> Tensor:
    """Pictures sampled at x, y `(N, 2, H, W)` from -1 to 1 between the outer edges; uint8 stays uint8, rounded."""
    levels = pictures.dtype == torch.uint8
    raised = pictures.float().add_(0.5) if levels else pictures  # adding a number to uint8 takes three times as long
    sampled = F.grid_sample(raised, places.permute(0, 2, 3, 1), "bilinear", "reflection", align_corners=False)
    return sampled.to(torch.int16).to(torch.uint8) if levels else sampled


def _matrices(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """[[a, b, 0], [c, d, 0], [0, 0, 1]] of numbers `(N,)`: `(N, 3, 3)`."""
    none, one = torch.zeros_like(a), torch.ones_like(a)
    return torch.stack((a, b, none, c, d, none, none, none, one), 1).view(-1, 3, 3)
