"""The kernels of a convolution: and properties of each (D. Hubel, T. Wiesel: simple cells; D. Gabor)."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..base.errors import ClearsightError
from ..models.handmade.dog import Filtered, difference_of_gaussians
from .capture import layer

POINT = 25  # px of the picture of one bright px
DEAD, TWIN = 1e-3, 0.98  # norm as a fraction of the largest; |cosine| of two filters


@dataclass(frozen=True)
class Filter:
    """Norm and its share of the largest; nearest other filter by |cosine|; the strongest wave in it.

    `orientation` in degrees, 0 for vertical stripes, 90 for horizontal ones; `frequency` in cycles a pixel (0: none, as of an
    even patch); `gabor` is the |correlation| with the best Gabor of a grid at that wave, in [0, 1].
    """

    channel: int
    norm: float
    dead: bool
    twin: int
    similarity: float
    orientation: float
    frequency: float
    gabor: float

    def to_json(self) -> dict[str, Any]:
        """As `look filters --json` has it."""
        return asdict(self)


def kernels(model: nn.Module, name: str = "") -> tuple[str, Tensor]:
    """The name and weights `(O, I, H, W)`, float64, of a layer of filters: the first one, if none is named; a bank designed by hand is one.

    Filters of several sizes are padded to the largest. Raises ClearsightError for a network, or a layer, without filters.
    """
    if not name and isinstance(model, Filtered):
        return "bank", bank(model).double().cpu()
    named = [(name, layer(model, name))] if name else list(model.named_modules())
    found = [(n, weights) for n, module in named for weights in module.parameters(recurse=False) if weights.ndim == 4]
    if not found:
        hint = "`look features MODEL PICTURE` shows what it sees, `look softmax` what its head makes of it"
        raise ClearsightError(f"{name or 'this network'} has no convolution whose filters could be shown: {hint}.")
    return found[0][0], found[0][1].detach().double().cpu()


def bank(model: Filtered) -> Tensor:
    """The filters of a bank designed by hand, `(O, 1, K, K)`: Gabor functions, or differences of Gaussians of a single bright px."""
    banks = list(model.buffers())
    if not banks:
        point = torch.zeros(1, 1, POINT, POINT)
        point[..., POINT // 2, POINT // 2] = 1
        return difference_of_gaussians(point, model.scales)[0][:, None]
    side = max(kernel.shape[-1] for kernel in banks)
    return torch.cat([functional.pad(kernel, ((side - kernel.shape[-1]) // 2,) * 4) for kernel in banks])


def described(weights: Tensor) -> list[Filter]:
    """The properties of each filter `(O, I, H, W)`."""
    flat = weights.flatten(1)
    norms = flat.norm(dim=1)
    unit = flat / norms.clamp(min=1e-30)[:, None]
    cosine = (unit @ unit.T).abs().fill_diagonal_(-1)
    similarity, twin = cosine.max(1) if len(flat) > 1 else (torch.zeros(1), torch.zeros(1, dtype=torch.int64))
    rows = []
    for i, kernel in enumerate(weights):
        orientation, frequency, fit = _wave(kernel.mean(0))
        dead = bool(norms[i] <= DEAD * norms.max())
        rows.append(Filter(i, float(norms[i]), dead, int(twin[i]), float(similarity[i]), orientation, frequency, fit))
    return rows


def _wave(kernel: Tensor, size: int = 64) -> tuple[float, float, float]:
    """Orientation, frequency and likeness to a Gabor of one plane `(H, W)`, from the peak of its spectrum."""
    centred = kernel - kernel.mean()
    if float(centred.abs().max()) < 1e-12:
        return 0.0, 0.0, 0.0
    power = torch.fft.fft2(centred, (size, size)).abs()
    peak = int(power.argmax())
    fy, fx = ((n / size + 0.5) % 1 - 0.5 for n in divmod(peak, size))
    frequency = (fx**2 + fy**2) ** 0.5
    orientation = float(torch.rad2deg(torch.atan2(torch.tensor(fy), torch.tensor(fx)))) % 180
    return orientation, frequency, max(_gabor(centred, fy, fx, width) for width in (0.15, 0.25, 0.4, 0.8))


def _gabor(centred: Tensor, fy: float, fx: float, width: float) -> float:
    """|Correlation| with a Gaussian window of `width` kernel sides times the wave, at its best phase."""
    h, w = centred.shape
    y = (torch.arange(h, dtype=torch.float64) - (h - 1) / 2)[:, None]
    x = (torch.arange(w, dtype=torch.float64) - (w - 1) / 2)[None]
    window = torch.exp(-(x**2 / (2 * (width * w) ** 2) + y**2 / (2 * (width * h) ** 2)))
    phase = 2 * torch.pi * (fx * x + fy * y)
    waves = torch.stack([(window * wave(phase)).flatten() for wave in (torch.cos, torch.sin)], 1)
    waves = waves - waves.mean(0)
    basis, scale, _ = torch.linalg.svd(waves, full_matrices=False)
    basis = basis[:, scale > 1e-9 * scale.max()]
    return float((basis.T @ centred.flatten()).norm() / centred.norm())
