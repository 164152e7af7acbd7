"""What hand-designed features make of one picture: the vector, and the arrays that show what its numbers are."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from ... import models
from ...base.errors import UnreadableImage
from ...images.decode import decode
from ...models.base import Model
from ...models.handmade.dog import Filtered
from ...models.handmade.histogram import HistogramFeatures
from ...models.handmade.hog import HogFeatures
from ...models.handmade.pixels import Pixels
from ...models.handmade.sift import SiftWords
from ...weights import is_origin
from ..target import Subject, subject
from .descriptors import Descriptors, descriptors
from .gradients import Gradients, gradients
from .histograms import Histograms, histograms
from .responses import Responses, responses

KINDS: dict[type[Model], str] = {
    Pixels: "pixels", HistogramFeatures: "histogram", HogFeatures: "HOG", Filtered: "filter bank", SiftWords: "SIFT words",
}  # fmt: skip
DESCRIPTOR = "SIFT descriptor"  # the one that is drawn, where no words have been learnt from data
ORDERS = {
    "pixels": "channel, row, column",
    "histogram": "channel, row and column of the part, level",
    "HOG": "row and column of the block, row and column of the cell in it, direction",
    "filter bank": "sign, filter and channel, row and column of the part",
    "SIFT words": "part of the picture (whole, quarters, sixteenths), word",
    DESCRIPTOR: "row and column of the bin, direction",
}
LARGEST = 128  # px of the shorter side of a picture that is shown to features without a size of their own
FIRST = 6  # numbers of a vector that are written out


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture uint8 `(H, W, 3)` as the features see it, their vector float32 `(D,)`, and its parts as what can be drawn.

    `parts` is None for pixels, whose parts are the picture's own.
    """

    kind: str
    picture: NDArray[np.uint8]
    vector: NDArray[np.float32]
    parts: Histograms | Gradients | Responses | Descriptors | None

    @property
    def order(self) -> str:
        """What the numbers of the vector are sorted by."""
        return ORDERS[self.kind]

    @property
    def sentence(self) -> str:
        """What the features are, in words."""
        height, width = self.picture.shape[:2]
        return self.parts.sentence if self.parts else f"the brightness of each of {height}×{width} px, as the network is given it"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The vector and the arrays of its parts, by name."""
        return {
            "vector": self.vector,
            **{name: one for name, one in (vars(self.parts) if self.parts else {}).items() if isinstance(one, np.ndarray)},
        }

    def to_json(self) -> dict[str, Any]:
        """As `look features --json` prints it for hand-designed features."""
        about = {"kind": self.kind, "dimensions": len(self.vector), "order": self.order}
        return {**about, "vector": self.vector.tolist(), "parts": self.parts.to_json() if self.parts else None}


def designed(model: nn.Module) -> Model | None:
    """The hand-designed features that are all of `model` or inside of it, as in a kernel machine on them; None for other networks."""
    found = (module for module in model.modules() if isinstance(module, tuple(KINDS)))
    return next((module for module in found if isinstance(module, Model)), None)


def subject_by_hand(name: str, source: Any, size: tuple[int, int, int] | None = None) -> Subject:
    """Features of the registry for one picture, of brightness from 0 to 1; raises UnreadableImage, and UsageError where it is too small."""
    found = subject(name, size or natural_size(source))
    unit = replace(found.preprocessing, mean=(0.0,) * found.preprocessing.channels, std=(1.0,) * found.preprocessing.channels)
    return replace(found, preprocessing=unit)


def by_hand(name: str) -> bool:
    """Whether `name` is a network of the registry whose features are designed; raises UsageError for an unknown one."""
    return not is_origin(name) and not Path(name).is_dir() and models.family(name) in models.HANDMADE


def seen(of: Subject, model: Model, source: Any) -> Seen:
    """What the features `model` of the subject make of one picture; raises UnreadableImage."""
    x = of.inputs(source)
    vector = _vector(model, x)
    parts: Histograms | Gradients | Responses | Descriptors | None = None
    if isinstance(model, HogFeatures):
        parts = gradients(model, x)
    elif isinstance(model, HistogramFeatures):
        parts = histograms(model, vector)
    elif isinstance(model, Filtered):
        parts = responses(model, x)
    elif isinstance(model, SiftWords):
        parts = descriptors(model, x)
    if isinstance(parts, Descriptors) and parts.words is None:
        return Seen(DESCRIPTOR, of.shown(source), parts.descriptors[parts.strongest], parts)
    return Seen(KINDS[type(model)], of.shown(source), vector, parts)


def _vector(model: Model, x: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = model.features(x)[0].detach().float().cpu().numpy()
    return found


def written(vector: NDArray[np.float32], most: int = FIRST) -> str:
    """`(0.2, 0.7, 0.3, … 1,296 numbers)`."""
    shown = ", ".join(f"{value:.2g}".replace("-", "−") for value in vector[:most].tolist())
    return f"({shown}, … {len(vector):,} numbers)" if len(vector) > most else f"({shown})"


def natural_size(source: Any) -> tuple[int, int, int]:
    """Channels, height, width in which features without a size of their own get a picture: its own, the shorter side at most `LARGEST` px.

    Raises UnreadableImage.
    """
    picture = decode(source)
    height, width, channels = picture.shape
    if channels not in (1, 3):
        raise UnreadableImage(str(source), f"it has {channels} bands: features are shown for grey and RGB pictures")
    factor = min(1.0, LARGEST / min(height, width))
    return channels, round(height * factor), round(width * factor)
