"""Gabor functions fitted to filters: where each is, its angle, its wave, and how much of the filter that explains.

J. Daugman, Uncertainty relation for resolution in space, spatial frequency, and orientation, JOSA A 2, 1985; as fitted to simple cells by
J. Jones, L. Palmer, J. Neurophysiology 58, 1987.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

WIDTHS = (0.12, 0.25)  # of a first envelope, as fractions of the side
PADDED = 64  # samples of the spectrum in which the first wave is sought
# cycles per standard deviation across the stripes; with less, an edge is fitted as well by an ever longer wave and has no frequency
CYCLES = (0.15, 2.0)
EVALUATIONS = 60  # of one least-squares search; more change R² in the third decimal
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class GaborFit:
    """A Gaussian envelope times a wave, and the R² with which it explains a filter.

    `y`, `x` in px from the centre; `along`, `across`: standard deviations in px, along the stripes and across them; `angle` in degrees, 0
    for vertical stripes, 90 for horizontal ones; `frequency` in cycles per px; `phase` in degrees, 0 for even (bars), 90 for odd (edges).
    """

    r2: float
    angle: float
    frequency: float
    phase: float
    y: float
    x: float
    along: float
    across: float

    def to_json(self) -> dict[str, Any]:
        """As `look simple-cells --json` has it."""
        return asdict(self)


def fit_gabor(kernel: Array) -> GaborFit:
    """The Gabor function nearest to a filter `(H, W)`, by least squares; an even filter has an R² of 0.

    Amplitude and phase are solved for exactly at each step, the other six parameters searched from two envelopes at the spectrum's peak.
    """
    total = float((kernel**2).sum())
    if total < 1e-24 or float(np.ptp(kernel)) < 1e-12:
        return GaborFit(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    unit = kernel / np.sqrt(total)
    low, high = _bounds(kernel.shape)
    starts = (np.clip(_start(unit, width), low + 1e-6, high - 1e-6) for width in WIDTHS)
    found = [least_squares(lambda p: _left(p, unit)[0], start, bounds=(low, high), max_nfev=EVALUATIONS) for start in starts]
    best = min(found, key=lambda one: float(one.cost))
    _, (even, odd) = _left(best.x, unit)
    y, x, along, across, angle, cycles = best.x
    frequency = cycles / np.exp(across)
    phase = abs(np.degrees(np.arctan2(odd, even)))
    phase = float(min(phase, 180 - phase))  # a filter and its negative are one simple cell
    return GaborFit(
        max(0.0, 1 - 2 * float(best.cost)), float(np.degrees(angle)) % 180, float(frequency), phase, float(y), float(x),
        float(np.exp(along)), float(np.exp(across)),
    )  # fmt: skip


def drawn_gabor(fit: GaborFit, shape: tuple[int, int]) -> tuple[Array, Array]:
    """The even and the odd Gabor function of a fit, `(H, W)` each, with envelopes of height 1."""
    values = (fit.y, fit.x, np.log(fit.along), np.log(fit.across), np.radians(fit.angle), fit.frequency * fit.across)
    return _waves(np.array(values), shape)


def _grid(shape: tuple[int, ...]) -> tuple[Array, Array]:
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in shape)
    return rows[:, None], columns[None]


def _waves(values: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    y, x, along, across, angle, cycles = values
    frequency = cycles / np.exp(across)
    rows, columns = _grid(shape)
    u = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)  # across the stripes
    v = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
    envelope = np.exp(-(u**2) / (2 * np.exp(2 * across)) - v**2 / (2 * np.exp(2 * along)))
    return envelope * np.cos(2 * np.pi * frequency * u), envelope * np.sin(2 * np.pi * frequency * u)


def _left(values: Array, unit: Array) -> tuple[Array, Array]:
    """What the best amplitude and phase leave of the filter, and their two weights (even, odd)."""
    basis = np.stack([wave.ravel() for wave in _waves(values, unit.shape)], 1)
    gram = basis.T @ basis + 1e-9 * np.eye(2)
    weights = np.linalg.solve(gram, basis.T @ unit.ravel())
    return unit.ravel() - basis @ weights, weights


def _start(unit: Array, width: float) -> Array:
    """The centre of the filter's energy, an envelope of `width` sides, and the wave at the peak of its spectrum."""
    rows, columns = _grid(unit.shape)
    energy = unit**2
    power = np.abs(np.fft.fft2(unit - unit.mean(), (PADDED, PADDED)))
    fy, fx = ((n / PADDED + 0.5) % 1 - 0.5 for n in np.unravel_index(int(power.argmax()), power.shape))
    sigma = width * max(unit.shape)
    centre = [(energy * rows).sum(), (energy * columns).sum()]
    return np.array([*centre, np.log(sigma), np.log(sigma), np.arctan2(fy, fx), np.hypot(fy, fx) * sigma])


def _bounds(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Of y, x, log along, log across, angle, cycles: the centre is within the filter, half a pixel is the narrowest envelope."""
    half, widest = (np.array(shape) - 1) / 2, np.log(2 * max(shape))
    narrowest, turn = np.log(0.5), 2 * np.pi
    low = np.array([-half[0], -half[1], narrowest, narrowest, -turn, CYCLES[0]])
    return low, np.array([half[0], half[1], widest, widest, turn, CYCLES[1]])
