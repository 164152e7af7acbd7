"""Filter banks after the visual system. Centre-surround: D. Marr, E. Hildreth, Theory of edge detection, Proc. R. Soc. B 207, 1980,
as differences of Gaussians. Bars and edges in a direction: the simple cells of D. Hubel, T. Wiesel, Receptive fields of single
neurones in the cat's striate cortex, J. Physiology 148, 1959, as J. Daugman (1985) describes them, by Gabor's functions.

The response of a filter is split into its positive and its negative part (ON and OFF cells; the two signs of a simple cell) and
averaged over 7×7 parts of the picture, which keeps coarse places.

Shapes: N pictures, C channels, F filters.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...images.blur import blurred
from ..base import Model, in_parts
from .pixels import zero_head

PAPER = {
    "dog": (1980, "Marr, Hildreth: Theory of edge detection"),
    "gabor": (1959, "Hubel, Wiesel: Receptive fields of single neurones in the cat's striate cortex"),
}
# standard deviation of the centre in px; for Gabor's functions wavelengths in px
TABLE: dict[str, tuple[float, ...]] = {"dog": (0.7, 1.0, 1.4, 2.0), "gabor": (3.0, 6.0)}
INPUT, CLASSES, SMALLEST, RECIPE, NORMALISED = (1, 28, 28), 10, 8, "solved", False
SURROUND = 1.6  # times as wide as the centre: Marr and Hildreth's best copy of the Laplacian of a Gaussian
DIRECTIONS = 8
PARTS = 7  # to a side of the picture
AT_ONCE = 2**18  # values of the answers


def difference_of_gaussians(x: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Centre minus surround for each of `sigmas`, `(N, C·F, H, W)`: scikit-image's difference_of_gaussians."""
    return torch.cat([blurred(x, sigma) - blurred(x, SURROUND * sigma) for sigma in sigmas], 1)


def gabor_kernels(wavelengths: Sequence[float], directions: int = DIRECTIONS) -> list[Tensor]:
    """Even and odd Gabor functions float32 `(2·directions, 1, K, K)` for each wavelength in px: waves under a Gaussian, of mean 0.

    Scikit-image's gabor_kernel with a bandwidth of one octave, minus the mean, so that uniform brightness has no response.
    """
    kernels = []
    for wavelength in wavelengths:
        sigma = wavelength / math.pi * math.sqrt(math.log(2) / 2) * 3  # of one octave
        radius = math.ceil(3 * sigma)
        y, x = torch.meshgrid(*(torch.arange(-radius, radius + 1, dtype=torch.float64),) * 2, indexing="ij")
        envelope = torch.exp(-(x**2 + y**2) / (2 * sigma**2)) / (2 * math.pi * sigma**2)
        some = []
        for k in range(directions):
            phase = 2 * math.pi / wavelength * (x * math.cos(math.pi * k / directions) + y * math.sin(math.pi * k / directions))
            some += [wave - envelope * wave.sum() / envelope.sum() for wave in (envelope * phase.cos(), envelope * phase.sin())]
        kernels.append(torch.stack(some)[:, None].float())
    return kernels


class Filtered(Model):
    """Softmax regression on the pooled answers of a filter bank, positive and negative apart."""

    HALVES = False

    def __init__(self, name: str, classes: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.scales, self.parts = TABLE[name], (min(PARTS, height), min(PARTS, width))
        for i, kernel in enumerate(gabor_kernels(self.scales) if name == "gabor" else []):
            self.register_buffer(f"gabor{i}", kernel, persistent=False)
        filters = channels * (sum(len(kernel) for kernel in self.buffers()) or len(self.scales))
        self.fc = zero_head(2 * filters * math.prod(self.parts), classes)

    def answers(self, x: Tensor) -> Tensor:
        """The responses of the filters, `(N, C·F, H, W)`."""
        kernels = list(self.buffers())
        if not kernels:
            return difference_of_gaussians(x, self.scales)
        planes, found = x.flatten(0, 1)[:, None], []
        for kernel in kernels:
            radius = kernel.shape[-1] // 2
            found.append(F.conv2d(F.pad(planes, (radius,) * 4, mode="replicate"), kernel))
        return torch.cat(found, 1).view(x.shape[0], -1, *x.shape[2:])

    def features(self, x: Tensor) -> Tensor:
        """`(N, D)` of pictures `(N, C, H, W)` in units of [0, 1]; differentiable."""
        return in_parts(self._features, x, AT_ONCE // (self.head.in_features // math.prod(self.parts) * x.shape[2] * x.shape[3]))

    def _features(self, x: Tensor) -> Tensor:
        answers = self.answers(x)
        return F.adaptive_avg_pool2d(torch.cat([answers.relu(), (-answers).relu()], 1), self.parts).flatten(1)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Filtered:
    """Softmax regression on differences of Gaussians or Gabor's functions; it has no dropout."""
    return Filtered(name, classes, channels, height, width)
