"""Filters, learnt or of a network's first layer, with the Gabor functions that describe them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ...base.progress import Progress
from ...datasets.dataset import Dataset
from ...images.decode import decode
from .gabor_fit import GaborFit, fit_gabor
from .learnt import METHODS, learn, patches, whitened

GOOD = 0.7  # R² from which a filter counts as a Gabor function
LEAST_SIDE = 5  # px: eight parameters explain any 3×3 filter
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Cells:
    """Filters `(K, H, W)`, or in colour `(K, H, W, 3)`, with a Gabor fit each; without `fits` where they are too small for a test.

    `trained` is false for random weights; `learnt` says how filters were learnt here, in `cpu_seconds` of processor time.
    """

    name: str
    filters: Array
    fits: tuple[GaborFit, ...]
    trained: bool = True
    learnt: str = ""
    cpu_seconds: float = 0.0

    @property
    def share(self) -> float:
        """The share of filters that a Gabor function explains with R² ≥ 0.7; 0 without fits."""
        return float(np.mean([fit.r2 >= GOOD for fit in self.fits])) if self.fits else 0.0

    @property
    def median(self) -> float:
        """The median R²; 0 without fits."""
        return float(np.median([fit.r2 for fit in self.fits])) if self.fits else 0.0

    def to_json(self) -> dict[str, Any]:
        """As `look simple-cells --json` has it."""
        return {
            "name": self.name,
            "shape": list(self.filters.shape),
            "trained": self.trained,
            "learnt": self.learnt,
            "cpu_seconds": self.cpu_seconds,
            "fitted": self.share if self.fits else None,
            "median_r2": self.median if self.fits else None,
            "fits": [fit.to_json() for fit in self.fits],
        }


def learnt_cells(
    part: Dataset, name: str, method: str = "sparse", count: int = 100, side: int = 12, patch_count: int = 20_000, seed: int = 0,
    quiet: bool = False,
) -> Cells:  # fmt: skip
    """`count` filters of `side`² px learnt from the pictures of a data set without their labels, the best fitted first.

    Raises UnreadableImage, and UsageError for pictures that are too small, or an unknown method.
    """
    start, pictures = time.process_time(), []
    with Progress("whitening", len(part), quiet=quiet) as progress:
        for i in range(len(part)):
            pictures.append(whitened(decode(part.source(i), channels=1)[..., 0]))
            progress.update(1)
    rows = patches(pictures, side, patch_count, seed)
    filters = learn(rows, method, count, seed, quiet).reshape(-1, side, side)
    fits = fitted(filters, quiet)
    order = sorted(range(len(fits)), key=lambda i: -fits[i].r2)
    seconds = round(time.process_time() - start, 1)
    return Cells(name, filters[order], tuple(fits[i] for i in order), True, METHODS[method], seconds)


def layer_cells(name: str, weights: Tensor, trained: bool, quiet: bool = False) -> Cells:
    """The first layer `(K, C, H, W)` of a network; each filter is fitted in the plane of its channels that has most of its energy."""
    values = weights.double().numpy()
    fits = fitted([strongest_plane(kernel) for kernel in values], quiet) if min(values.shape[2:]) >= LEAST_SIDE else ()
    shown = values.transpose(0, 2, 3, 1) if values.shape[1] == 3 else values.mean(1)
    return Cells(name, shown, tuple(fits), trained)


def strongest_plane(kernel: Array) -> Array:
    """The spatial part `(H, W)` of the best product of a colour and a plane (the first singular vector) of a filter `(C, H, W)`."""
    planes = kernel.reshape(len(kernel), -1)
    return np.asarray(np.linalg.svd(planes, full_matrices=False)[2][0].reshape(kernel.shape[1:]))


def fitted(filters: Sequence[Array] | Array, quiet: bool = False) -> list[GaborFit]:
    """A Gabor fit of each filter `(H, W)`."""
    found = []
    with Progress("Gabor fits", len(filters), "filters", quiet=quiet) as progress:
        for kernel in filters:
            found.append(fit_gabor(np.asarray(kernel, float)))
            progress.update(1)
    return found
