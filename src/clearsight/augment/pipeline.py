"""Changes to training pictures: batched tensor operations with parameters of their own for every picture.

A parameter is a function of (seed, epoch, index of the picture, operation), so a picture is changed in the same way
whatever batch it is in, however many processes there are, and after any resume.

Pictures are uint8 `(N, C, H, W)`, quickest in channels-last memory; after changes of colour they are float32 in [0, 1].
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.errors import UsageError, unknown
from ..base.randomness import uniform
from ..images.preprocess import Preprocessing
from . import custom, fade, geometry, tone
from .policies import autoaugment, policy
from .select import changed

Size = tuple[int, int]
Shape = tuple[int, int, int]
Limits = tuple[tuple[float, float], ...]
CACHE = 2**22  # bytes of float32 that stay in the caches from one change to the next; with fewer, calls cost more than memory
LARGE = 2**15  # bytes of a picture that is worth a step of its own
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Op:
    """One change and its strengths."""

    name: str
    strengths: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """A change in two steps: what is done to each picture, and doing it.

    `plan(draws (N, k) in [0, 1), strengths, shape (C, H, W))` gives a tensor (N, ...), and `change(pictures (N, C, H, W),
    plan, size)` the pictures.
    """

    plan: Callable[[Tensor, tuple[float, ...], Shape], Tensor]
    change: Callable[[Tensor, Tensor, Size], Tensor]
    draws: int
    default: tuple[float, ...]
    low: float
    high: float
    meaning: str
    margin: float = 1.0
    floats: bool = False  # whether pictures come out as float32 in [0, 1], whatever came in
    moves: bool = False  # whether nothing is computed: pixels are copied, or covered, of a whole batch at once


def plan_flip(draws: Tensor, strengths: tuple[float, ...], shape: Shape) -> Tensor:
    """Whether each is mirrored, bool (N,)."""
    return draws[:, 0] < strengths[0]


def flip(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Mirror left and right where `plan` says so."""
    if pictures.device.type == "cpu" and len(pictures) and pictures[0].nbytes > LARGE:
        made = torch.empty_like(pictures)
        for new, old, mirrored in zip(made, pictures, plan.tolist(), strict=True):
            new.copy_(old.flip(2) if mirrored else old)  # memory is read once and written once
        return made
    return changed(pictures, torch.nonzero(plan)[:, 0], lambda chosen: chosen.flip(3))


def plan_crop(draws: Tensor, strengths: tuple[float, ...], shape: Shape) -> Tensor:
    """Down and right, int64 (N, 2) px, each from minus the strength to the strength."""
    reach = int(strengths[0])
    return (draws * (2 * reach + 1)).long() - reach


def crop(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Shift by `plan` px; what comes in at the border is the mirrored picture."""
    return (_windows if pictures.device.type == "cpu" else _gathered)(pictures, plan)


def _gathered(pictures: Tensor, plan: Tensor) -> Tensor:
    n, channels, height, width = pictures.shape
    dy, dx = plan.unbind(1)
    rows = _mirrored(torch.arange(height, device=pictures.device) + dy[:, None], height)  # (N, H)
    columns = _mirrored(torch.arange(width, device=pictures.device) + dx[:, None], width)  # (N, W)
    places = (rows[:, :, None] * width + columns[:, None, :]).flatten(1)[:, None].expand(-1, channels, -1)
    return pictures.flatten(2).gather(2, places).view(n, channels, height, width)


def _mirrored(places: Tensor, n: int) -> Tensor:
    period = max(1, 2 * (n - 1))
    return (n - 1) - ((n - 1) - places.remainder(period)).abs()


def _windows(pictures: Tensor, plan: Tensor) -> Tensor:
    """The same as windows upon wider pictures, with pixels for elements: twice as quick on a CPU as looking every level up."""
    n, channels, height, width = pictures.shape
    if not n:
        return pictures
    stored = pictures.permute(0, 2, 3, 1).contiguous().numpy()
    pixels = stored.view(np.dtype((np.void, channels * stored.itemsize)))[..., 0]  # (N, H, W)
    reach = int(plan.abs().max())
    wide = np.pad(pixels, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
    down, along = (plan + reach).numpy().T
    cut = np.lib.stride_tricks.sliding_window_view(wide, (height, width), (1, 2))[np.arange(n), down, along]
    return torch.from_numpy(cut.view(stored.dtype).reshape(stored.shape)).permute(0, 3, 1, 2)


def plan_rrc(draws: Tensor, strengths: tuple[float, ...], shape: Shape) -> Tensor:
    """Boxes (top, left, bottom, right), int64 (N, 4) px: an area from the strength to 1 of the picture, aspect ¾ to 4⁄3.

    Szegedy et al., Going deeper with convolutions, 2014, section 6; a side that would be too long is the picture's.
    """
    _, height, width = shape
    area = (strengths[0] + (1 - strengths[0]) * draws[:, 0]) * (height * width)
    aspect = torch.exp((draws[:, 1] * 2 - 1) * math.log(4 / 3))
    tall = (area / aspect).sqrt().round().clamp(1, height)
    wide = (area * aspect).sqrt().round().clamp(1, width)
    left = (draws[:, 2] * (width - wide + 1)).floor()
    top = (draws[:, 3] * (height - tall + 1)).floor()
    return torch.stack((top, left, top + tall, left + wide), 1).long()


def rrc(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Cut out the boxes and resize them: bilinear, with antialias where that shrinks.

    The stored picture is 1.15 times as high and wide as `size`: a box of less than ¾ of its area shows no more detail than that.
    """
    if pictures.device.type != "cpu":
        return _resampled(pictures, plan.float(), size)
    cuts = (pictures[i : i + 1, :, top:bottom, left:right] for i, (top, left, bottom, right) in enumerate(plan.tolist()))
    resized = [F.interpolate(cut, size, mode="bilinear", antialias=True) for cut in cuts]
    return torch.cat(resized) if len(resized) > 1 else resized[0]


def _resampled(pictures: Tensor, boxes: Tensor, size: Size) -> Tensor:
    """All at once, as products with weights: a processor of graphics has no such resize of uint8, and many small calls are slow."""
    levels = pictures.dtype == torch.uint8
    down = _weights(boxes[:, 0], boxes[:, 2], pictures.shape[2], size[0])
    along = _weights(boxes[:, 1], boxes[:, 3], pictures.shape[3], size[1])
    rows = torch.matmul(pictures.float(), along.transpose(1, 2)[:, None])
    cut = torch.matmul(down[:, None], (rows + 0.5).floor_() if levels else rows)
    return (cut + 0.5).floor_().to(torch.uint8) if levels else cut


def _weights(start: Tensor, stop: Tensor, stored: int, new: int) -> Tensor:
    """What each of `stored` px counts in each of the `new` ones that those from `start` to `stop` become: float32 (N, new, stored).

    A triangle, as wide as a new px where that is the larger one, in multiples of 2⁻¹⁴: sums of products with grey levels
    are then exact, and the same in every batch.
    """
    scale = ((stop - start) / new)[:, None]
    centres = start[:, None] + (torch.arange(new, device=start.device) + 0.5) * scale  # (N, new)
    places = torch.arange(stored, device=start.device) + 0.5
    weights = (1 - (places - centres[:, :, None]).abs() / scale.clamp(min=1)[:, None]).clamp_(min=0)
    weights *= ((places > start[:, None]) & (places < stop[:, None]))[:, None]
    return (weights / weights.sum(2, keepdim=True) * 2**14).round_() * 2.0**-14


def plan_jitter(draws: Tensor, strengths: tuple[float, ...], shape: Shape) -> Tensor:
    """Matrices for pixels, for the picture's mean, and a constant, side by side: (N, C, 2C + 1), for values in [0, 1].

    Brightness, contrast, saturation (factors in 1 ± strength) and hue (± strength turns) in this order. Brightness
    multiplies; contrast stretches about the mean luma, saturation about every pixel's own; hue turns colours about theirs.
    Luma is that of ITU-R BT.601. Of a grey picture only brightness and contrast change.
    """
    channels = shape[0]
    bright, contrast, saturation, turns = ((2 * draws - 1) * draws.new_tensor(strengths))[:, :, None, None].unbind(1)  # (N, 1, 1) each
    eye = torch.eye(channels, device=draws.device)
    luma = draws.new_tensor(LUMA if channels == 3 else (1.0,)).expand(channels, channels)  # a colour → its luma, in every channel
    colour = eye - luma
    quarter = colour @ (eye.roll(1, 0) - eye.roll(-1, 0)) / 3**0.5  # a quarter turn, from red to green
    angle = 2 * math.pi * turns
    coloured = luma + (1 + saturation) * (angle.cos() * colour + angle.sin() * quarter)
    pixels, mean = (1 + bright) * (1 + contrast) * coloured, -contrast * (1 + bright) * luma
    return torch.cat((pixels, mean, torch.zeros_like(mean[:, :, :1])), 2)


def jitter(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Change all colours by `plan`, clamped once, at the end, to float32 in [0, 1]."""
    channels = pictures.shape[1]
    white = 255 if pictures.dtype == torch.uint8 else 1
    made = torch.empty(pictures.shape, device=pictures.device)
    return _colour(pictures, *_normalised(plan, (0.0,) * channels, (1.0,) * channels, white), made)


def _normalised(plan: Tensor, mean: tuple[float, ...], std: tuple[float, ...], white: int) -> tuple[Tensor, Limits]:
    """A jitter's plan for values up to `white`, minus the mean and over std, and each channel's limits."""
    middle, unit = plan.new_tensor(mean), plan.new_tensor(std)
    scaled = torch.cat((plan[:, :, :-1] / white, plan[:, :, -1:] - middle[:, None]), 2) / unit[:, None]
    return scaled, tuple((-low / unit, (1 - low) / unit) for low, unit in zip(mean, std, strict=True))


def _colour(pictures: Tensor, plan: Tensor, limits: Limits, made: Tensor) -> Tensor:
    """Colours changed by `plan` and clamped to each channel's limits, written into `made`, whose memory format may be another."""
    channels = pictures.shape[1]
    planes = pictures.contiguous().float()
    means = planes.mean(3).mean(2, keepdim=True)  # (N, C, 1); in one go, threads would share out the sum of a large picture
    pixels, mean, constant = plan.split((channels, channels, 1), 2)
    coloured = torch.baddbmm(torch.baddbmm(constant, mean, means), pixels, planes.flatten(2)).view_as(planes)
    for plane, out, (low, high) in zip(coloured.unbind(1), made.unbind(1), limits, strict=True):
        torch.clamp(plane, low, high, out=out)
    return made


def _only(place: int) -> Callable[[Tensor, tuple[float, ...], Shape], Tensor]:
    """A plan of `jitter` that changes one of its four properties."""

    def plan(draws: Tensor, strengths: tuple[float, ...], shape: Shape) -> Tensor:
        four = draws.new_full((len(draws), 4), 0.5)
        four[:, place] = draws[:, 0]
        return plan_jitter(four, tuple(strengths[0] if i == place else 0.0 for i in range(4)), shape)

    return plan


ROWS: dict[str, Row] = {
    "flip": Row(plan_flip, flip, 1, (0.5,), 0.0, 1.0, "mirror left and right, with this probability", moves=True),
    "crop": Row(plan_crop, crop, 2, (1,), 0, 64, "shift by up to this many px, mirrored at the border", moves=True),
    "rrc": Row(plan_rrc, rrc, 4, (0.35,), 0.01, 1.0, "random resized crop of at least this share of the area", margin=1.15),
    "jitter": Row(
        plan_jitter,
        jitter,
        4,
        (0.4, 0.4, 0.4, 0.1),
        0.0,
        1.0,
        "brightness, contrast, saturation by this share, hue by a quarter of it in turns; or all four",
        floats=True,
    ),
    "brightness": Row(_only(0), jitter, 1, (0.4,), 0.0, 1.0, "brightness by up to this share", floats=True),
    "contrast": Row(_only(1), jitter, 1, (0.4,), 0.0, 1.0, "contrast by up to this share", floats=True),
    "saturation": Row(_only(2), jitter, 1, (0.4,), 0.0, 1.0, "saturation by up to this share", floats=True),
    "hue": Row(_only(3), jitter, 1, (0.1,), 0.0, 0.5, "hue by up to this many turns", floats=True),
    "rotate": Row(geometry.plan_rotate, geometry.warp, 1, (15.0,), 0.0, 180.0, "turn by up to this many degrees"),
    "shear": Row(geometry.plan_shear, geometry.warp, 2, (0.2,), 0.0, 1.0, "shift rows or columns by up to this share of their distance"),
    "translate": Row(geometry.plan_translate, geometry.warp, 2, (0.1,), 0.0, 0.5, "shift by up to this share of each side"),
    "zoom": Row(geometry.plan_zoom, geometry.warp, 1, (0.2,), 0.0, 3.0, "larger or smaller by up to 1 + this"),
    "perspective": Row(geometry.plan_perspective, geometry.warp, 8, (0.3,), 0.0, 0.9, "pull the corners inwards by up to this share"),
    "elastic": Row(
        geometry.plan_elastic, geometry.elastic, 2 * geometry.NODES**2, (0.06,), 0.0, 0.3, "bend by up to this share of the shorter side"
    ),
    "gamma": Row(tone.plan_gamma, tone.tabled, 1, (0.5,), 0.0, 4.0, "to the power of up to 1 + this, or one over that"),
    "exposure": Row(tone.plan_exposure, tone.tabled, 1, (1.0,), 0.0, 4.0, "light more or less by up to this many stops"),
    "solarise": Row(tone.plan_solarise, tone.tabled, 2, (0.2,), 0.0, 1.0, "invert what is bright, with this probability"),
    "posterise": Row(tone.plan_posterise, tone.tabled, 1, (4,), 1, 8, "this many bits a level at least"),
    "equalise": Row(tone.plan_chance, tone.equalise, 1, (0.2,), 0.0, 1.0, "make all levels equally frequent, with this probability"),
    "autocontrast": Row(tone.plan_chance, tone.autocontrast, 1, (0.2,), 0.0, 1.0, "stretch to all levels, with this probability"),
    "invert": Row(tone.plan_chance, tone.invert, 1, (0.2,), 0.0, 1.0, "a negative, with this probability"),
    "sharpen": Row(tone.plan_sharpen, tone.sharpen, 1, (0.9,), 0.0, 3.0, "sharper or softer by up to this"),
    "noise": Row(tone.plan_noise, tone.noise, 2, (0.05,), 0.0, 1.0, "Gaussian noise of up to this deviation"),
    "jpeg": Row(tone.plan_jpeg, tone.jpeg, 1, (30,), 1, tone.FINEST, "through a JPEG of at least this quality"),
    "erase": Row(
        tone.plan_erase, tone.erase, 6, (0.25,), 0.0, 1.0, "cover up to this share of the area of every second picture", moves=True
    ),
    "grey": Row(fade.plan_grey, fade.grey, 1, (0.2,), 0.0, 1.0, "grey, with this probability"),
    "blur": Row(fade.plan_blur, fade.blur, 2, (2.0,), 0.1, 16.0, "of half the pictures, by a Gaussian of 0.1 to this many px"),
}
POLICIES = {
    "trivial": Row(policy.plan, policy.trivial(ROWS), policy.TRIVIAL, (1.0,), 0.0, 1.0, "TrivialAugment, with this share of its strengths"),
    "rand": Row(policy.plan, policy.rand(ROWS), policy.RAND, (5.0,), 0.0, 10.0, "RandAugment: two changes of this strength in tenths"),
    "augmix": Row(
        policy.plan, policy.augmix(ROWS), policy.AUGMIX, (1.0,), 0.0, 1.0, "AugMix, with this share of its strengths", floats=True
    ),
}
POLICIES |= {
    f"auto-{name}": Row(
        policy.plan, autoaugment.auto(ROWS, name), autoaugment.DRAWS, (1.0,), 0.0, 1.0, f"AutoAugment found for {data}, on this share"
    )
    for name, data in (("imagenet", "ImageNet"), ("cifar10", "CIFAR-10"), ("svhn", "SVHN"))
}
AUGMENTATIONS = ROWS | POLICIES


def parse(text: str) -> tuple[Op, ...]:
    """The changes that `text` names, as in `flip crop:2 @mychanges:jigsaw`; raises UsageError for a name or strength that is not there."""
    ops = []
    for word in text.split():
        if word.startswith("@"):
            ops.append(Op(custom.checked(word), ()))
            continue
        name, *numbers = word.split(":")
        if name not in AUGMENTATIONS:
            raise unknown("augmentation", name, AUGMENTATIONS)
        ops.append(Op(name, _strengths(AUGMENTATIONS[name], numbers, word)))
    return tuple(ops)


def row_of(op: Op) -> Row:
    """How a change is done; raises UsageError for one from outside that cannot be imported."""
    if not op.name.startswith("@"):
        return AUGMENTATIONS[op.name]
    custom.imported(op.name)
    return Row(custom.plan, partial(custom.change, op.name), custom.DRAWS, (), 0.0, 0.0, "a change from outside")


def _strengths(row: Row, numbers: list[str], word: str) -> tuple[float, ...]:
    """As many as the row has; a single one scales them all."""
    kind = type(row.default[0])  # px are whole, shares are not
    try:
        given = tuple(kind(number) for number in numbers) or row.default
    except ValueError:
        given = (float("nan"),)
    if len(given) not in (1, len(row.default)) or not all(row.low <= value <= row.high for value in given):
        many = f"1 or {len(row.default)} numbers" if len(row.default) > 1 else f"a {'whole ' if kind is int else ''}number"
        raise UsageError(f"augmentation {word.split(':')[0]} takes {many} from {row.low:g} to {row.high:g} ({row.meaning}). Got {word!r}.")
    return given if len(given) == len(row.default) else tuple(given[0] * value / row.default[0] for value in row.default)


def _draws(seed: int, epoch: int, indices: Tensor, operation: str, draws: int) -> Tensor:
    """Antithetic: an odd epoch takes the mirror image of the draws before it, so that two epochs show a picture both ways round.

    A short run learns more from that than from chance (Jordan 2024, section 3.6, for the flip).
    """
    even = uniform(seed, epoch // 2, indices, operation, draws)
    return even if epoch % 2 == 0 else (1 - 2.0**-24) - even


def margin(ops: tuple[Op, ...]) -> float:
    """How many times larger than the network's input the stored pictures should be."""
    return max((row_of(op).margin for op in ops), default=1.0)


def apply(ops: tuple[Op, ...], pictures: Tensor, indices: Tensor, seed: int, epoch: int, size: Size) -> Tensor:
    """The pictures, uint8 `(N, C, H, W)`, changed by `ops` in order, as `(N, C, *size)`; `indices` (N,) are theirs in the data."""
    plans = _plans(ops, pictures, indices, seed, epoch, size)
    parts = _cached(pictures)
    if len(parts) < 2 or all(row_of(op).moves for op in ops):
        return _changed(ops, plans, pictures, size)
    for here in parts:
        part = _changed(ops, [plan[here] for plan in plans], pictures[here], size)
        if here.start == 0:
            last = part.is_contiguous(memory_format=torch.channels_last)
            layout = torch.channels_last if last else torch.contiguous_format
            made = torch.empty((len(pictures), *part.shape[1:]), dtype=part.dtype, device=part.device, memory_format=layout)
        made[here] = part  # while it is in the cache, which it is not when all are put together at the end
    return made


def _cached(pictures: Tensor) -> list[slice]:
    """The batch in parts that stay in a core's own cache from one change to the next."""
    part = len(pictures) if pictures.device.type != "cpu" else max(1, CACHE // (4 * math.prod(pictures.shape[1:])))
    return [slice(start, start + part) for start in range(0, len(pictures), max(1, part))]


def inputs(
    ops: tuple[Op, ...],
    pictures: Tensor,
    indices: Tensor,
    seed: int,
    epoch: int,
    preprocessing: Preprocessing,
    memory_format: torch.memory_format = torch.contiguous_format,
) -> Tensor:
    """What the network sees of the pictures in training: changed as by `apply`, normalised, float32 `(N, C, height, width)`."""
    size = (preprocessing.height, preprocessing.width)
    plans = _plans(ops, pictures, indices, seed, epoch, size)
    made = torch.empty((len(pictures), preprocessing.channels, *size), device=pictures.device, memory_format=memory_format)
    jitters = bool(ops) and ops[-1].name == "jitter"  # the same affine map as normalising: one pass does both
    white = 1 if any(row_of(op).floats for op in ops[:-1]) else 255
    colours: Tensor | None = plans.pop() if jitters else None
    if colours is not None:
        rows = colours.flip(1) if preprocessing.order == "bgr" else colours
        colours, limits = _normalised(rows, preprocessing.mean, preprocessing.std, white)
    for here in _cached(pictures):
        part = _changed(ops[: len(plans)], [plan[here] for plan in plans], pictures[here], size)
        if colours is None:
            preprocessing.normalise(part, made[here])
        else:
            _colour(part, colours[here], limits, made[here])
    return made


def _plans(ops: tuple[Op, ...], pictures: Tensor, indices: Tensor, seed: int, epoch: int, size: Size) -> list[Tensor]:
    plans, (channels, height, width) = [], pictures.shape[1:]
    for i, op in enumerate(ops):
        row = row_of(op)
        draws = _draws(seed, epoch, indices, f"{i} {op.name}", row.draws)
        plans.append(row.plan(draws, op.strengths, (channels, height, width)))
        height, width = size if row.margin > 1 else (height, width)
    return plans


def _changed(ops: tuple[Op, ...], plans: list[Tensor], pictures: Tensor, size: Size) -> Tensor:
    for op, plan in zip(ops, plans, strict=True):
        pictures = row_of(op).change(pictures, plan, size)
    if pictures.shape[2:] != size:
        raise UsageError(f"pictures are {tuple(pictures.shape[2:])} after augmentation, not {size}.")
    return pictures
