"""The responses of differences of Gaussians and of Gabor's functions, next to the filters."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...models.handmade.dog import DIRECTIONS, SURROUND, Filtered, difference_of_gaussians


@dataclass(frozen=True, eq=False)
class Responses:
    """Filters by name, each a kernel float32 `(k, k)` and its response float32 `(H, W)`: signed, the mean over the channels.

    `parts` (rows, columns) are those over which the features average the positive and the negative responses.
    """

    names: tuple[str, ...]
    kernels: tuple[NDArray[np.float32], ...]
    maps: NDArray[np.float32]
    parts: tuple[int, int]

    @property
    def sentence(self) -> str:
        """What the responses are, in words."""
        rows, columns = self.parts
        return f"{len(self.names)} filters; positive and negative responses apart, each averaged over {rows}×{columns} parts of the picture"

    def to_json(self) -> dict[str, Any]:
        """By filter its name and the range of its response."""
        ranges = [
            {"filter": name, "min": float(one.min()), "max": float(one.max())} for name, one in zip(self.names, self.maps, strict=True)
        ]
        return {"filters": ranges, "parts": list(self.parts)}


def responses(model: Filtered, x: Tensor) -> Responses:
    """The responses to a picture `(1, C, H, W)`."""
    with torch.no_grad():
        answers = model.answers(x)[0].float().cpu()
    banks = [bank.cpu() for bank in model.buffers()]
    channels = x.shape[1]
    if banks:  # ordered by channel, then filter
        maps = answers.unflatten(0, (channels, -1)).mean(0)
        kernels = [kernel[0].numpy() for bank in banks for kernel in bank]
        names = [gabor_name(scale, i) for scale in model.scales for i in range(2 * DIRECTIONS)]
    else:  # ordered by filter, then channel
        maps = answers.unflatten(0, (-1, channels)).mean(1)
        kernels = [_impulse(scale) for scale in model.scales]
        names = [f"σ = {scale:g} px" for scale in model.scales]
    return Responses(tuple(names), tuple(kernels), maps.numpy(), model.parts)


def gabor_name(wavelength: float, i: int) -> str:
    """`λ = 3 px, 45°, even`: the direction is that of the wave, across its stripes."""
    return f"λ = {wavelength:g} px, {180 * (i // 2) / DIRECTIONS:g}°, {'odd' if i % 2 else 'even'}"


def _impulse(sigma: float) -> NDArray[np.float32]:
    """The filter: its response to a single white pixel."""
    radius = round(4 * SURROUND * sigma)
    pixel = torch.zeros(1, 1, 2 * radius + 1, 2 * radius + 1)
    pixel[..., radius, radius] = 1
    found: NDArray[np.float32] = difference_of_gaussians(pixel, [sigma])[0, 0].numpy()
    return found
