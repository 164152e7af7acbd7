"""Filters learnt from patches of photographs without labels: sparse coding and independent component analysis.

B. Olshausen, D. Field, Emergence of simple-cell receptive field properties by learning a sparse code for natural images, Nature 381, 1996;
A. Bell, T. Sejnowski, The "independent components" of natural scenes are edge filters, Vision Research 37, 1997.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import FastICA, MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning

from ...base.errors import UsageError, unknown
from ...base.progress import Progress

METHODS = {"sparse": "sparse coding", "ica": "independent component analysis"}
CUTOFF = 0.4  # cycles per px: Olshausen and Field's low-pass, f·exp(−(f/f₀)⁴)
EDGE = 4  # px that a patch keeps from the picture's edge, where whitening wraps around
SPARSITY = 2.0  # penalty of |codes|: with 1.0, 44 of 100 filters of `photos` are Gabor functions, with 2.0 93
BATCH, EPOCHS = 256, 3
ICA_ITERATIONS, ICA_TOLERANCE = 60, 1e-3
Array = NDArray[np.floating[Any]]


def whitened(picture: NDArray[np.uint8]) -> Array:
    """A grey picture uint8 `(H, W)` with a flat spectrum up to the cutoff, of variance 1: what retina and LGN are thought to do."""
    values = picture.astype(float) / 255
    rows, columns = (np.fft.fftfreq(n) for n in values.shape)
    f = np.hypot(rows[:, None], columns[None])
    found = np.fft.ifft2(np.fft.fft2(values - values.mean()) * f * np.exp(-((f / CUTOFF) ** 4))).real
    return np.asarray(found / max(float(found.std()), 1e-12))


def patches(pictures: Sequence[Array], side: int, count: int, seed: int) -> Array:
    """Patches `(count, side²)` of mean 0 from random places, the pictures `(H, W)` in turn; raises UsageError for too small ones."""
    large = [picture for picture in pictures if min(picture.shape) > side + 2 * EDGE]
    if not large:
        raise UsageError(f"patches of {side}×{side} px need a picture with sides above {side + 2 * EDGE} px.")
    random, found = np.random.default_rng(seed), np.empty((count, side * side))
    for row in range(count):
        picture = large[row % len(large)]
        y, x = (int(random.integers(EDGE, n - side - EDGE)) for n in picture.shape)
        found[row] = picture[y : y + side, x : x + side].ravel()
    return np.asarray(found - found.mean(1, keepdims=True))


def learn(rows: Array, method: str, count: int, seed: int, quiet: bool = False) -> Array:
    """`count` filters `(count, D)` of length 1, learnt from patches `(n, D)` by `sparse` or `ica`; raises UsageError."""
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    if method == "ica" and count >= rows.shape[1]:
        raise UsageError(f"ICA of patches with {rows.shape[1]} px has at most {rows.shape[1] - 1} components. Got {count}.")
    found = _sparse(rows, count, seed, quiet) if method == "sparse" else _independent(rows, count, seed)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12))


def _sparse(rows: Array, count: int, seed: int, quiet: bool) -> Array:
    """The dictionary in which patches have sparse codes, by online learning (J. Mairal et al., 2009)."""
    model = MiniBatchDictionaryLearning(
        count, alpha=SPARSITY, batch_size=BATCH, fit_algorithm="cd", transform_algorithm="lasso_cd", random_state=seed
    )
    random = np.random.default_rng(seed)
    with Progress("sparse coding", EPOCHS * len(rows), "patches", quiet=quiet) as progress:
        for _ in range(EPOCHS):
            order = random.permutation(len(rows))
            for start in range(0, len(rows), BATCH):
                batch = rows[order[start : start + BATCH]]
                model.partial_fit(batch)
                progress.update(len(batch))
    return np.asarray(model.components_)


def _independent(rows: Array, count: int, seed: int) -> Array:
    """What independent components of patches look like: the columns of the mixing matrix."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the filters are Gabor functions long before the tolerance is reached
        model = FastICA(count, whiten="unit-variance", max_iter=ICA_ITERATIONS, tol=ICA_TOLERANCE, random_state=seed).fit(rows)
    return np.asarray(model.mixing_.T)
