"""A picture at every step from the file to the network's input, and the predictions that common preprocessing mistakes lead to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.compute.undisturbed import undisturbed
from ..base.errors import wrong
from ..images.convert import visible
from ..images.decode import decode
from ..images.preprocess import FITS, IMAGENET, Preprocessing
from .target import Subject

COLOURS = ("red", "green", "blue")
BATCH = 2  # pictures that the network sees at a time


@dataclass(frozen=True)
class Stage:
    """What the picture is at one point of its way: uint8 RGB or grey `(H, W, C)` to look at, and in words."""

    name: str
    says: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Answer:
    """What the network answers: class and probability; `mistake` is empty for the right way."""

    mistake: str
    says: str
    label: str
    probability: float
    changed: bool


@dataclass(frozen=True)
class Pixel:
    """One value of the picture at the network's size: its level, 0 to 255, and the number `(level / 255 − mean) / std` made of it.

    `channel` is the network's, counted from 0; `colour` is that of the picture, which a network may take in another order.
    """

    channel: int
    row: int
    column: int
    colour: str
    level: int
    mean: float
    std: float
    value: float


def stages(preprocessing: Preprocessing, source: Any) -> list[Stage]:
    """The picture as stored, upright, in the network's channels, at its size, and as numbers that are drawn again as a picture.

    Raises UnreadableImage.
    """
    reading = preprocessing.reading
    stored, upright = (visible(decode(source, upright=turned, reading=reading)) for turned in (False, True))
    found = [Stage("file", f"as stored, {_size(stored)}", stored)]
    if not np.array_equal(stored, upright):
        found.append(Stage("upright", f"turned as its EXIF says, {_size(upright)}", upright))
    coloured = visible(decode(source, channels=preprocessing.channels, reading=reading))
    if coloured.shape[2] != upright.shape[2]:
        found.append(Stage("channels", f"{upright.shape[2]} → {coloured.shape[2]} channels", coloured))
    fitted = preprocessing.load(source)
    found.append(Stage("size", f"{preprocessing.fit}, {preprocessing.interpolation}: {_size(_rows(fitted))}", _rows(fitted)))
    numbers = preprocessing.normalise(fitted[None])
    low, high = float(numbers.min()), float(numbers.max())
    says = f"(x − mean) / std: {low:.2f} to {high:.2f}, mean {float(numbers.mean()):.2f}, std {float(numbers.std()):.2f}".replace("-", "−")
    spread = ((numbers[0] - low) / ((high - low) or 1) * 255).round().to(torch.uint8)
    found.append(Stage("numbers", says, _rows(spread)))
    return found


def pixels_at(preprocessing: Preprocessing, source: Any, row: int, column: int) -> list[Pixel]:
    """The values of one place of the picture at the network's size, a channel each in the network's order; raises UsageError."""
    fitted = preprocessing.load(source)
    channels, height, width = fitted.shape
    if not (0 <= row < height and 0 <= column < width):
        raise wrong("the place", f"a row from 0 to {height - 1} and a column from 0 to {width - 1}", f"{row},{column}")
    found = []
    for channel, (mean, std) in enumerate(zip(preprocessing.mean, preprocessing.std, strict=True)):
        stored = channels - 1 - channel if preprocessing.order == "bgr" else channel
        level = int(fitted[stored, row, column])
        colour = COLOURS[stored] if channels == len(COLOURS) else f"channel {stored}"
        found.append(Pixel(channel, row, column, colour, level, mean, std, (level / 255 - mean) / std))
    return found


def answers(subject: Subject, source: Any) -> list[Answer]:
    """The right answer first, as `classify` gives it, then that of every mistake that changes what the network sees of this picture."""
    return [one for some in answering(subject, source) for one in some]


def answering(subject: Subject, source: Any) -> Iterator[list[Answer]]:
    """The `answers`, a few at a time."""
    fitted = subject.preprocessing.load(source)
    right = subject.preprocessing.normalise(fitted[None].to(subject.device))
    seen = {("", "as Clearsight does it"): right}
    for name, (says, make) in MISTAKES.items():
        wrong = make(subject.preprocessing, source, fitted)
        if wrong is not None and not torch.equal(wrong.to(right), right):
            seen[name, says] = wrong.to(right)
    every, right_label = list(seen.items()), -1
    for some in (every[k : k + BATCH] for k in range(0, len(every), BATCH)):
        with undisturbed(subject.model), torch.no_grad():
            logits = subject.model(torch.cat([x for _, x in some]))
        shares, labels = torch.softmax(logits / subject.temperature, 1).max(1)
        right_label = int(labels[0]) if right_label < 0 else right_label
        told = zip(some, labels.tolist(), shares.tolist(), strict=True)
        yield [Answer(*name, subject.label(label), share, label != right_label) for (name, _), label, share in told]


def _bgr(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor | None:
    if preprocessing.channels != 3:
        return None
    return preprocessing.normalise(fitted[None].flip(1))


def _raw(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor:
    return fitted[None] / 255


def _bytes(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor:
    return fitted[None].float()


def _twice(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor:
    return preprocessing.normalise(preprocessing.normalise(fitted[None]))


def _others(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor | None:
    if preprocessing.channels != 3:
        return None
    mean, std = (row[::-1] if preprocessing.order == "bgr" else row for row in (IMAGENET.mean, IMAGENET.std))
    return replace(preprocessing, mean=mean, std=std).normalise(fitted[None])


def _lying(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor:
    lying = decode(source, channels=preprocessing.channels, upright=False, reading=preprocessing.reading)
    return preprocessing.normalise(preprocessing.fit_picture(lying)[None])


def _fitted(fit: str) -> Callable[[Preprocessing, Any, Tensor], Tensor | None]:
    def make(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor | None:
        if fit == preprocessing.fit:
            return None
        other = replace(preprocessing, fit=fit, crop_fraction=1.0)
        return other.normalise(other.load(source)[None])

    return make


def _rough(preprocessing: Preprocessing, source: Any, fitted: Tensor) -> Tensor:
    other = replace(preprocessing, interpolation="nearest", antialias=False)
    return other.normalise(other.load(source)[None])


MISTAKES: dict[str, tuple[str, Callable[[Preprocessing, Any, Tensor], Tensor | None]]] = {
    "channels swapped": ("blue, green, red instead of red, green, blue, as OpenCV reads", _bgr),
    "not normalised": ("numbers from 0 to 1, mean and std forgotten", _raw),
    "0 to 255": ("numbers from 0 to 255, neither scaled nor normalised", _bytes),
    "normalised twice": ("once by the pipeline and again by the model", _twice),
    "ImageNet's colours": ("mean and std of ImageNet instead of the network's own", _others),
    "EXIF ignored": ("as the camera lay, not upright", _lying),
    **{f"fit {fit}": (f"{fit} where the network was trained otherwise", _fitted(fit)) for fit in FITS},
    "rough resize": ("nearest pixels, no antialiasing", _rough),
}


def _rows(picture: Tensor) -> NDArray[np.uint8]:
    return np.ascontiguousarray(visible(picture.permute(1, 2, 0).numpy()))


def _size(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]}×{pixels.shape[0]} px, {'grey' if pixels.shape[2] == 1 else 'colour'}"
