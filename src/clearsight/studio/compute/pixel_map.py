"""A map of a data set by its pixels alone: each picture at 16×16, and the two directions in which these differ most (PCA)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 16  # px
CHUNK = 4096  # pictures at a time: bounds the memory


def vectors(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures uint8 `(n, H, W, C)`, of one or three bands, as `(n, 768)`: each area's mean at 16×16, grey in three equal bands."""
    down, across = _areas(pictures.shape[1]), _areas(pictures.shape[2])
    small = np.einsum("yh,nhwc,xw->nyxc", down, pictures.astype(np.float32), across, optimize=True)
    return np.broadcast_to(small.round().astype(np.uint8), (len(pictures), SIDE, SIDE, 3)).reshape(len(pictures), -1)


def _areas(length: int) -> NDArray[np.float32]:
    """The share of each of `length` pixels in each of 16 areas of equal size, float32 `(16, length)`."""
    edges = np.linspace(0, length, SIDE + 1)
    pixel = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return (overlap.clip(min=0) * SIDE / length).astype(np.float32)


def directions(vectors: NDArray[np.uint8], rows: Sequence[int] | NDArray[Any]) -> tuple[NDArray[np.float32], float]:
    """Vectors `(N, D)` of the pictures `rows` in the plane, float32 `(len(rows), 2)`, and the share of their variance that it keeps."""
    chunks = [np.asarray(rows)[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    mean = sum((vectors[some].sum(0, dtype=np.float64) for some in chunks), np.zeros(vectors.shape[1])) / max(len(rows), 1)
    covariance = np.zeros((vectors.shape[1], vectors.shape[1]))
    for some in chunks:
        centred = vectors[some].astype(np.float32) - mean.astype(np.float32)
        covariance += centred.T @ centred
    values, axes = np.linalg.eigh(covariance)
    plane = axes[:, -2:][:, ::-1]
    plane = plane * np.sign(plane[np.abs(plane).argmax(0), [0, 1]])  # the sign of a direction is arbitrary: the same at each start
    places = [(vectors[some].astype(np.float32) - mean.astype(np.float32)) @ plane.astype(np.float32) for some in chunks]
    share = float(values[-2:].sum() / max(float(values.sum()), 1e-12))
    return np.concatenate([*places, np.zeros((0, 2), np.float32)]).astype(np.float32), share
