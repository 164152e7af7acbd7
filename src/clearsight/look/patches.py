"""The patches of a data set that activate channels most, cropped to the receptive field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..base.errors import wrong
from ..datasets.open import open_dataset
from ..models.summary import summarise
from .defaults import most_active
from .features import top_patches
from .receptive_field import box
from .target import Subject
from .why.rectified import projected

BATCH = 32


@dataclass(frozen=True)
class Found:
    """One patch: its channel, the value there, the picture's name, the place in the map, and the pixels, uint8 `(C, h, w)`.

    `back` is what the deconvnet leads back to in the patch, `(C, h, w)`, where it was asked for.
    """

    channel: int
    value: float
    name: str
    y: int
    x: int
    box: tuple[int, int, int, int]
    pixels: Tensor
    back: Tensor | None = None

    def to_json(self) -> dict[str, Any]:
        """As `look patches --json` has it; the box is top, left, bottom, right in the fitted picture."""
        plain = {name: getattr(self, name) for name in ("channel", "value", "name", "y", "x")}
        return {**plain, "box": list(self.box)}


def search(
    subject: Subject, data: Any, layer: str, channels: Sequence[int], most: int = 9, pictures: int = 1000, deconvnet: bool = False
) -> list[Found]:
    """The `most` patches of every channel among the first `pictures` of all parts of `data`, in batches, so that memory is bounded.

    Without `channels` they are those of the most active. With `deconvnet` each comes with its reconstruction (M. Zeiler, R. Fergus, 2013),
    for networks with ReLUs.
    """
    parts = open_dataset(data).parts.values()
    every = [(part, i) for part in parts for i in range(len(part))][:pictures]
    network = summarise(subject.model, subject.input_size)
    row = next((one for one in network.layers if one.name == layer), None)
    if row and channels and max(channels) >= row.output[0]:
        raise wrong("channel", f"from 0 to {row.output[0] - 1}", max(channels))

    def batches() -> Iterator[Tensor]:
        for start in range(0, len(every), BATCH):
            chosen = every[start : start + BATCH]
            yield subject.preprocessing.normalise(torch.stack([subject.preprocessing.load(part.source(i)) for part, i in chosen]))

    channels = channels or most_active(subject.model, next(batches()), layer)
    best = top_patches(subject.model, batches(), layer, channels, most)
    assert row is not None  # top_patches raises for a layer that there is not
    found = []
    for channel, patches in best.items():
        for patch in patches:
            part, i = every[patch.picture]
            fitted = subject.preprocessing.load(part.source(i))
            top, left, bottom, right = box(row, (patch.y, patch.x))
            cut = max(0, top), max(0, left), min(fitted.shape[1], bottom), min(fitted.shape[2], right)
            pixels = fitted[:, cut[0] : cut[2], cut[1] : cut[3]]
            back = None
            if deconvnet:
                inputs = subject.preprocessing.normalise(fitted[None].to(subject.device))
                back = projected(subject.model, inputs, layer, channel, (patch.y, patch.x))[0, :, cut[0] : cut[2], cut[1] : cut[3]]
            found.append(Found(channel, patch.value, str(part.names[i]), patch.y, patch.x, cut, pixels, back))
    return found
