"""Changes to what pixels are: a table of 256 levels for every picture, and some that need the pixels beside.

Pictures are uint8 `(N, C, H, W)`; float ones in [0, 1] are rounded to levels first.
"""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.randomness import normal
from ..images import pillow

Size = tuple[int, int]
Shape = tuple[int, int, int]
Strengths = tuple[float, ...]
FINEST = 95  # the best quality of a JPEG that is of use, after Pillow's manual
SHARP = ((1.0, 1.0, 1.0), (1.0, 5.0, 1.0), (1.0, 1.0, 1.0))  # Pillow's SMOOTH, in thirteenths


def plan_gamma(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Levels to the power of up to 1 + the strength, or one over that."""
    power = torch.exp((2 * draws[:, :1] - 1) * math.log1p(strengths[0]))
    return _table(_ramp(draws).pow(power))


def plan_exposure(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Light more or less by up to the strength in stops (doublings), by values that are proportional to light: sRGB, there and back."""
    ramp = _ramp(draws)
    light = torch.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4)
    light = (light * torch.exp2(strengths[0] * (2 * draws[:, :1] - 1))).clamp(max=1)
    return _table(torch.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055))


def plan_solarise(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Levels from a limit on inverted, with the strength as probability; the limit is anywhere in the upper half."""
    ramp, limit = _ramp(draws), 0.5 + 0.5 * draws[:, 1:]
    return _table(torch.where((draws[:, :1] < strengths[0]) & (ramp >= limit), 1 - ramp, ramp))


def plan_posterise(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """As few bits a level as the strength, or more, up to 8: the lower ones are cleared."""
    bits = strengths[0] + torch.floor(draws[:, :1] * (9 - strengths[0]))
    step = 2 ** (8 - bits)
    return (torch.arange(256, device=draws.device) // step * step).to(torch.uint8)


def tabled(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Every level by its picture's table."""
    levels = quantised(pictures)
    return plan.gather(1, levels.flatten(1).long()).view_as(levels)


def plan_chance(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Whether each is changed, bool `(N, 1, 1, 1)`; the strength is the probability."""
    return (draws[:, :1] < strengths[0])[:, :, None, None]


def equalise(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Each channel's levels made as frequent as one another, as Pillow's `ImageOps.equalize` does it."""
    levels = quantised(pictures)
    planes = levels.flatten(0, 1).flatten(1).long()  # (N·C, H·W)
    counts = torch.zeros(len(planes), 256, dtype=torch.int64, device=planes.device).scatter_add_(1, planes, torch.ones_like(planes))
    last = counts.gather(1, planes.amax(1, keepdim=True))
    step = (planes.shape[1] - last) // 255
    table = ((step // 2 + counts.cumsum(1) - counts) // step.clamp_min(1)).clamp_(0, 255)
    found = table.gather(1, planes).to(torch.uint8).view_as(levels)
    flat = ((step == 0) | ((counts > 0).sum(1, keepdim=True) <= 1)).view(*levels.shape[:2], 1, 1)
    return torch.where(plan & ~flat, found, levels)


def autocontrast(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Each channel stretched so that its darkest level is 0 and its lightest 255, as Pillow's `ImageOps.autocontrast` does it."""
    levels = quantised(pictures)
    low, high = (bound[..., None, None].double() for bound in (levels.amin((2, 3)), levels.amax((2, 3))))
    scale = torch.full_like(low, 255) / (high - low).clamp_min(1)  # 255 over a tensor would be its reciprocal, times 255
    stretched = (levels * scale + -low * scale).clamp_(0, 255).to(torch.uint8)  # cut off; a product and a sum, rounded as Pillow's
    return torch.where(plan & (high > low), stretched, levels)


def invert(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """White for black and black for white."""
    levels = quantised(pictures)
    return torch.where(plan, 255 - levels, levels)


def plan_jpeg(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """A quality for each, int64 `(N,)`, from the strength to FINEST."""
    return (strengths[0] + draws[:, 0] * (FINEST + 1 - strengths[0])).long()


def jpeg(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Each through a JPEG of its quality."""
    return pillow.changed(quantised(pictures), (partial(pillow.through_jpeg, quality=quality) for quality in plan.tolist()))


def plan_sharpen(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """How much of the difference from the smoothed picture is added, or taken away: up to the strength, `(N, 1, 1, 1)`."""
    return (strengths[0] * (2 * draws - 1))[:, :, None, None]


def sharpen(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """As Pillow's `ImageEnhance.Sharpness`; the border pixels stay."""
    levels = quantised(pictures)
    kernel = torch.tensor(SHARP, device=levels.device).expand(levels.shape[1], 1, 3, 3) / 13
    smooth = levels.float()
    if min(levels.shape[2:]) > 2:
        smooth = smooth.clone()
        smooth[:, :, 1:-1, 1:-1] = (F.conv2d(levels.float(), kernel, groups=levels.shape[1]) + 0.5).floor()
    return rounded(levels + plan * (levels - smooth))


def plan_noise(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """A number by which each picture's noise is drawn, and its standard deviation: float64 `(N, 2)`."""
    return torch.stack(((draws[:, 0] * 2**24).double(), strengths[0] * draws[:, 1].double()), 1)


def noise(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Gaussian noise of up to the strength, of 1."""
    levels = quantised(pictures).permute(0, 2, 3, 1)  # pixel by pixel, as memory mostly is: the same noise in any memory format
    made = normal(0, 0, plan[:, 0].long(), "noise", levels[0].numel()).mul_(255 * plan[:, 1:].float())
    raised = made.add_(256.5).to(torch.int16).add_(levels.flatten(1).to(torch.int16))  # above 0, where cutting off is rounding down
    return raised.clamp_(256, 511).to(torch.uint8).view(levels.shape).permute(0, 3, 1, 2)  # modulo 256


def plan_erase(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Boxes (top, left, bottom, right) and a level, int64 `(N, 5)`: half of the pictures lose up to the strength of their area.

    Z. Zhong et al., Random erasing data augmentation, 2017, with an aspect of 1/3 to 3; a square of grey is cutout.
    """
    _, height, width = shape
    area = strengths[0] * draws[:, 0] * (height * width)
    aspect = torch.exp((2 * draws[:, 1] - 1) * math.log(3))
    tall = (area * aspect).sqrt().round().clamp(max=height)
    wide = (area / aspect).sqrt().round().clamp(max=width)
    top, left = (draws[:, 2] * (height - tall + 1)).floor(), (draws[:, 3] * (width - wide + 1)).floor()
    tall, wide = (torch.where(draws[:, 4] < 0.5, side, 0.0) for side in (tall, wide))
    return torch.stack((top, left, top + tall, left + wide, draws[:, 5] * 256), 1).long()


def erase(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Each box filled with one grey level."""
    if pictures.device.type == "cpu":
        unit, made = 1 if pictures.dtype == torch.uint8 else 255, pictures.clone()
        for picture, (top, left, bottom, right, level) in zip(made.numpy(), plan.tolist(), strict=True):
            picture[:, top:bottom, left:right] = level / unit
        return made
    return covered(pictures, plan)


def covered(pictures: Tensor, plan: Tensor) -> Tensor:
    """The same for all at once: a processor of graphics has no use for many small steps."""
    height, width = pictures.shape[2:]
    rows, columns = torch.arange(height, device=pictures.device), torch.arange(width, device=pictures.device)
    top, left, bottom, right, level = plan[:, :, None].unbind(1)  # (N, 1) each
    inside = ((rows >= top) & (rows < bottom))[:, :, None] & ((columns >= left) & (columns < right))[:, None]
    unit = 1 if pictures.dtype == torch.uint8 else 255
    return torch.where(inside[:, None], (level / unit)[:, :, None, None].to(pictures.dtype), pictures)


def rounded(values: Tensor) -> Tensor:
    """Levels uint8 of floats about 0 to 255, which are used up. By way of int16, for which there is an instruction."""
    return values.add_(0.5).clamp_(0, 255).to(torch.int16).to(torch.uint8)


def quantised(pictures: Tensor) -> Tensor:
    """Levels uint8 of pictures in levels, or in [0, 1]."""
    return pictures if pictures.dtype == torch.uint8 else rounded(pictures * 255)


def _ramp(draws: Tensor) -> Tensor:
    return torch.arange(256, device=draws.device)[None] / 255


def _table(values: Tensor) -> Tensor:
    return (values * 255).round().to(torch.uint8)
