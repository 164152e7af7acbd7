"""Preprocessing from a picture to the input of a network: settings stored with the classifier, and one implementation for all uses."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.errors import ClearsightError, unknown, wrong
from ..base.text.words import MOST_BANDS as MOST
from . import convert
from .decode import decode
from .deep import Reading

FITS = ("crop", "pad", "stretch")
INTERPOLATIONS = ("bilinear", "bicubic", "nearest")
ORDERS = ("rgb", "bgr")
MAX_SIDE = 8192


class Stored(TypedDict):
    """A preprocessing in JSON."""

    channels: int
    height: int
    width: int
    fit: str
    interpolation: str
    antialias: bool
    mean: list[float]
    std: list[float]
    crop_fraction: float
    order: str
    levels: list[float]
    bands: list[int]
    decoding: int


@dataclass(frozen=True)
class Preprocessing:
    """Channels, size, fit, resize and colour statistics; `mean` and `std` per channel in units of [0, 1], else 0.5 for each.

    `crop` covers the size and cuts the excess, `pad` keeps everything and fills with the mean, `stretch` ignores the aspect ratio.
    `crop_fraction` is the share of the resized picture that the crop keeps. `order` is that of `mean`, `std` and the network's input.
    `levels`, `bands` and `decoding` say how values are read: the fields of `deep.Reading`, with its `version` as `decoding`.
    """

    channels: int = 3
    height: int = 224
    width: int = 224
    fit: str = "crop"
    interpolation: str = "bilinear"
    antialias: bool = True
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    crop_fraction: float = 1.0
    order: str = "rgb"
    levels: tuple[float, ...] = ()
    bands: tuple[int, ...] = ()
    decoding: int = 2

    def __post_init__(self) -> None:
        if type(self.channels) is not int or not 1 <= self.channels <= MOST:  # True is 1
            raise wrong("channels", f"1, 3 or another number of bands up to {MOST}", self.channels)
        for name in ("height", "width"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= MAX_SIDE:  # True is an int
                raise wrong(name, f"a whole number from 1 to {MAX_SIDE}", value)
        if self.fit not in FITS:
            raise unknown("fit", self.fit, FITS)
        if self.interpolation not in INTERPOLATIONS:
            raise unknown("interpolation", self.interpolation, INTERPOLATIONS)
        if self.order not in ORDERS or (self.order == "bgr" and self.channels != 3):
            raise wrong("order", "rgb, or bgr for 3 channels", self.order)
        if not 0.1 <= self.crop_fraction <= 1 or (self.crop_fraction < 1 and self.fit != "crop"):
            raise wrong("crop_fraction", "from 0.1 to 1, and 1 unless fit is crop", self.crop_fraction)
        if type(self.antialias) is not bool:
            raise wrong("antialias", "true or false", self.antialias)
        for name in ("mean", "std"):
            values = tuple(float(value) for value in getattr(self, name)) or (0.5,) * self.channels
            if len(values) != self.channels or not all(-1000 <= value <= 1000 for value in values):
                raise wrong(name, f"{self.channels} numbers from -1000 to 1000, one per channel", getattr(self, name))
            object.__setattr__(self, name, values)
        if not all(value >= 1e-6 for value in self.std):
            raise wrong("std", "at least 0.000001", self.std)
        object.__setattr__(self, "levels", tuple(float(level) for level in self.levels))
        object.__setattr__(self, "bands", tuple(self.bands))
        self._require_reading()

    def _require_reading(self) -> None:
        if self.levels and not (len(self.levels) == 2 and -math.inf < self.levels[0] < self.levels[1] < math.inf):
            raise wrong("levels", "the values of black and white, rising", self.levels)
        if any(type(band) is not int or not 1 <= band <= MOST for band in self.bands):
            raise wrong("bands", f"whole numbers from 1 to {MOST}", self.bands)
        if self.bands and len(self.bands) != self.channels:
            raise wrong("bands", f"as many as channels, {self.channels}", self.bands)
        if type(self.decoding) is not int or self.decoding not in (1, 2):
            raise wrong("decoding", "1 or 2", self.decoding)

    @property
    def reading(self) -> Reading:
        """How stored values become the 8 bits of a picture."""
        return Reading(self.levels, self.bands, self.decoding)

    @property
    def border(self) -> tuple[int, ...]:
        """The fill of `pad`: the mean as levels 0 to 255, always in the order red, green, blue."""
        mean = self.mean[::-1] if self.order == "bgr" else self.mean
        return tuple(min(max(round(255 * value), 0), 255) for value in mean)

    @property
    def min_side(self) -> int | None:
        """The short side in px down to which a JPEG may be decoded smaller; None for never."""
        # 1.5 times the size: a JPEG decoded smaller than that would change the resized picture
        return math.ceil(1.5 * max(self.height, self.width) / self.crop_fraction) if self.antialias else None

    def load(self, source: Any) -> Tensor:
        """The picture in `source` (as for `decode`) as uint8 `(C, height, width)`; raises UnreadableImage."""
        return self.fit_picture(decode(source, channels=self.channels, min_side=self.min_side, reading=self.reading))

    def fit_picture(self, picture: np.ndarray) -> Tensor:
        """A decoded picture uint8 `(H, W, C)`, resized to uint8 `(channels, height, width)`."""
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != self.channels:
            picture = convert.from_array(picture, self.channels, "<array>", self.reading)
        picture = np.require(picture, requirements=("C", "W"))  # torch accepts no negative strides, and warns about read-only arrays
        return self.fit_batch(torch.from_numpy(picture)[None].permute(0, 3, 1, 2))[0]

    def fit_batch(self, pictures: Tensor) -> Tensor:
        """Pictures of one size, uint8 `(N, channels, H, W)`, resized to uint8 `(N, channels, height, width)`.

        Floats in [0, 1] stay floats, with gradients, within 1.5 levels of uint8. Channels-last memory, the layout of decoded pictures, is
        several times faster and stays channels-last.
        """
        height, width = pictures.shape[-2:]
        if (height, width) == (self.height, self.width) and self.crop_fraction == 1:
            return pictures.contiguous(memory_format=torch.channels_last)
        if self.fit == "stretch":
            return self._resized(pictures, self.height, self.width)
        if self.fit == "crop":
            return self._cropped(pictures)
        factor = min(self.height / height, self.width / width)
        rows, columns = (min(max(1, round(n * factor)), most) for n, most in ((height, self.height), (width, self.width)))
        top, left = (self.height - rows) // 2, (self.width - columns) // 2
        fill = torch.tensor(self.border, dtype=torch.uint8, device=pictures.device)
        fill = fill if pictures.dtype == torch.uint8 else fill.to(pictures) / 255
        shape = (len(pictures), self.channels, self.height, self.width)
        canvas = fill[:, None, None].expand(shape).contiguous(memory_format=torch.channels_last)
        canvas[..., top : top + rows, left : left + columns] = self._resized(pictures, rows, columns)
        return canvas

    def _cropped(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[-2:]
        factor = max(self.height / height, self.width / width) / self.crop_fraction
        # a strip of 1×10,000 px enlarged before the crop would exceed the memory
        pictures = _middle(pictures, math.ceil(4 * self.height / factor), math.ceil(4 * self.width / factor))
        # whole pixels as in torchvision's Resize and CenterCrop: the longer side truncated, the offset rounded to even
        rows, columns = (
            max(int(n * factor + 1e-6), least) for n, least in zip(pictures.shape[-2:], (self.height, self.width), strict=True)
        )
        top, left = round((rows - self.height) / 2), round((columns - self.width) / 2)
        n, channels = pictures.shape[:2]
        resized = self._resized(pictures, rows, columns).permute(0, 2, 3, 1).flatten(2)  # whole rows of pixels are copied
        cut = resized[:, top : top + self.height, left * channels : (left + self.width) * channels].contiguous()
        return cut.view(n, self.height, self.width, channels).permute(0, 3, 1, 2)

    def _resized(self, pictures: Tensor, height: int, width: int) -> Tensor:
        if pictures.shape[-2:] == (height, width):
            return pictures
        if self.interpolation == "nearest":
            return F.interpolate(pictures, (height, width), mode="nearest-exact")
        # uint8 and not float32: integers give the same result on every processor, while float32 rounds differently with and
        # without AVX2; four times as fast, and within one grey level of exact (bicubic is clamped to 0…255 once per axis, as in Pillow)
        made = F.interpolate(pictures, (height, width), mode=self.interpolation, antialias=self.antialias, align_corners=False)
        return made if made.dtype == torch.uint8 else made.clamp(0, 1)

    def at_size(self, pictures: Tensor) -> Tensor:
        """Stored pictures uint8 `(N, C, H, W)` at the size of the network's input: those for random crops are stored larger."""
        return pictures if pictures.shape[-2:] == (self.height, self.width) else self.fit_batch(pictures)

    def normalise(self, batch: Tensor, out: Tensor | None = None) -> Tensor:
        """The network's input, float32 `(N, C, H, W)`: (x − mean) / std of uint8, or of floats in [0, 1]; differentiable.

        With `out` it is written there, in any memory format.
        """
        levels = batch.dtype == torch.uint8
        if self.order == "bgr":
            batch = batch.flip(-3)
        mean, std = (batch.new_tensor(values, dtype=torch.float32 if levels else batch.dtype) for values in (self.mean, self.std))
        if out is None and not levels:
            return (batch - mean[:, None, None]) / std[:, None, None]
        made = torch.empty_like(batch, dtype=torch.float32) if out is None else out
        made.copy_(batch)
        if levels:
            made.div_(255)
        if made.is_contiguous() or not made.is_contiguous(memory_format=torch.channels_last):
            return made.sub_(mean[:, None, None]).div_(std[:, None, None])
        n, channels, height, width = made.shape
        rows = made.permute(0, 2, 3, 1).view(n, height, width * channels)  # three values per pixel are too few for vector instructions
        rows.sub_(mean.repeat(width)).div_(std.repeat(width))
        return made

    def denormalise(self, batch: Tensor) -> Tensor:
        """The inverse of `normalise`: floats in [0, 1], `(N, C, H, W)`."""
        mean, std = (batch.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        made = batch * std + mean
        return made.flip(-3) if self.order == "bgr" else made

    def enlarged(self, factor: float) -> "Preprocessing":
        """The same preprocessing to pictures `factor` times as high and wide, for random crops."""
        return dataclasses.replace(self, height=round(self.height * factor), width=round(self.width * factor))

    def to_dict(self) -> Stored:
        """Plain values for JSON."""
        values = dataclasses.asdict(self)
        return cast(Stored, {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Preprocessing":
        """The inverse of `to_dict`; raises ClearsightError for invalid values."""
        fields = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, Mapping):
            raise ClearsightError(f"a preprocessing must be a table of settings. Got {type(values).__name__}.")
        for name in values:
            if name not in fields:
                raise unknown("preprocessing setting", name, sorted(fields))
        for name in ("mean", "std", "levels", "bands"):
            row = values.get(name, [])
            if not isinstance(row, (list, tuple)) or any(type(value) not in (int, float) for value in row):
                raise wrong(name, "a list of numbers", row)
        try:
            return cls(**{"decoding": 1, **values})  # artefacts of before the field keep their decoding
        except (TypeError, ValueError, OverflowError) as error:
            raise ClearsightError(f"a preprocessing has a value of the wrong kind: {error}.") from error


def _middle(pictures: Tensor, height: int, width: int) -> Tensor:
    """A central crop of at least `height` × `width` px, cut equally on opposite sides."""
    top, left = (max(0, (have - want) // 2) for have, want in zip(pictures.shape[-2:], (height, width), strict=True))
    return pictures[..., top : pictures.shape[-2] - top, left : pictures.shape[-1] - left]


# Preprocessing of published networks: torchvision's and timm's
IMAGENET = Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), crop_fraction=224 / 256)
# Keras' three modes, after its `load_img(target_size=…)`, which takes the nearest pixel and ignores the aspect ratio
_KERAS = Preprocessing(fit="stretch", interpolation="nearest", antialias=False)
KERAS_TF = _KERAS
KERAS_TORCH = dataclasses.replace(_KERAS, mean=IMAGENET.mean, std=IMAGENET.std)
KERAS_CAFFE = dataclasses.replace(_KERAS, order="bgr", mean=tuple(v / 255 for v in (103.939, 116.779, 123.68)), std=(1 / 255,) * 3)
KERAS_UNIT = dataclasses.replace(_KERAS, mean=(0.0,) * 3, std=(1.0,) * 3)  # Keras' Rescaling(1 / 255), a layer of some of its networks
