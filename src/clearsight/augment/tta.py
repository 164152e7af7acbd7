"""Test-time augmentation: views of a picture, floats `(N, C, H, W)` of the network's input size, over which predictions are averaged.

A view is a function of the inputs, differentiable; the words of a set multiply, as in `mirror shift:1`.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import torch.nn.functional as F
from torch import Tensor

from ..base.errors import UsageError, unknown, wrong
from ..base.text.words import Word

View = Callable[[Tensor], Tensor]
WORDS = ("mirror", "shift:1", "ten-crop")
MAX_SHIFT = 16  # px
CROP = 224 / 256  # of each side


def parse(text: str) -> tuple[View, ...]:
    """The views that the words of `text` name; the unchanged picture for ''. Raises UsageError."""
    words = [Word.of(part) for part in text.split()]
    sets = []
    for word in words:
        if word.name == "shift":
            sets.append(_shifts(_pixels(word.argument)))
        elif word.text in SETS:
            sets.append(SETS[word.text])
        else:
            raise unknown("set of views", word.text, WORDS)
    names = [word.name for word in words]
    if len(set(names)) < len(names) or ("ten-crop" in names and len(names) > 1):
        raise UsageError(f"views {text!r}: each word goes once, and ten-crop, which has mirror images and shifts of its own, alone.")
    return tuple(_chain(*row) for row in product(*sets))


def _pixels(number: str) -> int:
    if not number.isdecimal() or not 1 <= int(number) <= MAX_SHIFT:
        raise wrong("the shift of views", f"a whole number of px from 1 to {MAX_SHIFT}, as in shift:1", number)
    return int(number)


def mean(views: tuple[View, ...], inputs: Tensor, scores: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean of `scores`, float32 `(N, K)`, over the views of the inputs `(N, C, H, W)`."""
    first, *others = views
    total = scores(first(inputs)).float()
    for view in others:
        total = total + scores(view(inputs)).float()
    return total / len(views) if others else total


def _chained(views: tuple[View, ...], x: Tensor) -> Tensor:
    for view in views:
        x = view(x)
    return x


def _chain(*views: View) -> View:
    return partial(_chained, views)  # not a nested function: a classifier must be picklable for other processes


def _same(x: Tensor) -> Tensor:
    return x


def _mirrored(x: Tensor) -> Tensor:
    return x.flip(3)


def _shifts(n: int) -> tuple[View, ...]:
    """The picture, and shifted by `n` px up, down, left and right; the border is mirrored."""
    return (_same, *(partial(_cut, n, n + down, n + right) for down, right in ((n, 0), (-n, 0), (0, n), (0, -n))))


def _cut(n: int, top: int, left: int, x: Tensor) -> Tensor:
    wide = F.pad(x, (n, n, n, n), mode="reflect" if min(x.shape[-2:]) > n else "replicate")
    return wide[..., top : top + x.shape[-2], left : left + x.shape[-1]]


def _crop(down: float, right: float, x: Tensor) -> Tensor:
    """A crop of 7/8 of each side, resized to the whole; `down` and `right` place it, from 0 to 1."""
    height, width = (max(1, round(CROP * n)) for n in x.shape[-2:])
    top, left = round(down * (x.shape[-2] - height)), round(right * (x.shape[-1] - width))
    part = x[..., top : top + height, left : left + width]
    return F.interpolate(part, x.shape[-2:], mode="bilinear", align_corners=False)


def _ten_crop() -> Iterator[View]:
    """The four corners, the centre, and their mirror images (A. Krizhevsky, I. Sutskever, G. Hinton, 2012, section 4.1)."""
    for down, right in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)):
        crop = partial(_crop, down, right)
        yield crop
        yield _chain(crop, _mirrored)


SETS: dict[str, tuple[View, ...]] = {"mirror": (_same, _mirrored), "ten-crop": tuple(_ten_crop())}
