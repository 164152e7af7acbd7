"""Image quality: sharpness, noise and JPEG compression.

Pictures are uint8 `(N, C, H, W)`; floats in [0, 1] are rounded to levels first.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ...base.randomness import normal
from ...images import pillow
from ..levels import quantised, to_uint8
from ..op import Shape, Size, Strengths

MAX_QUALITY = 95  # of JPEG; higher ones only cost bytes (Pillow's manual)
SMOOTH = ((1.0, 1.0, 1.0), (1.0, 5.0, 1.0), (1.0, 1.0, 1.0))  # Pillow's kernel of that name, in thirteenths


def plan_jpeg(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """JPEG qualities, int64 `(N,)`, from the strength to MAX_QUALITY."""
    return (strengths[0] + draws[:, 0] * (MAX_QUALITY + 1 - strengths[0])).long()


def jpeg(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Compress each picture as a JPEG of its quality, and decode it."""
    return pillow.changed(quantised(pictures), (partial(pillow.through_jpeg, quality=quality) for quality in plan.tolist()))


def plan_sharpen(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Factors on the difference from the smoothed picture, from minus the strength to the strength, `(N, 1, 1, 1)`."""
    return (strengths[0] * (2 * draws - 1))[:, :, None, None]


def sharpen(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Sharpen or soften, as Pillow's `ImageEnhance.Sharpness`; border pixels are unchanged."""
    levels = quantised(pictures)
    kernel = torch.tensor(SMOOTH, device=levels.device).expand(levels.shape[1], 1, 3, 3) / 13
    smooth = levels.float()
    if min(levels.shape[2:]) > 2:
        smooth = smooth.clone()
        smooth[:, :, 1:-1, 1:-1] = (F.conv2d(levels.float(), kernel, groups=levels.shape[1]) + 0.5).floor()
    return to_uint8(levels + plan * (levels - smooth))


def plan_noise(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """A seed for the noise of each picture, and its standard deviation: float64 `(N, 2)`."""
    return torch.stack(((draws[:, 0] * 2**24).double(), strengths[0] * draws[:, 1].double()), 1)


def noise(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Add Gaussian noise; its standard deviation is in units of [0, 1]."""
    levels = quantised(pictures).permute(0, 2, 3, 1)  # channels last, the usual order in memory: the same noise in any memory format
    added = normal(0, 0, plan[:, 0].long(), "noise", levels[0].numel()).mul_(255 * plan[:, 1:].float())
    raised = added.add_(256.5).to(torch.int16).add_(levels.flatten(1).to(torch.int16))  # above 0, where truncation rounds down
    return raised.clamp_(256, 511).to(torch.uint8).view(levels.shape).permute(0, 3, 1, 2)  # modulo 256
