"""One picture under other light and moved by pixels, and how far each kind of feature vector moves with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...images.convert import visible
from ...images.decode import decode
from .seen import designed, seen, subject_by_hand

FEATURES = ("pixels", "histogram", "hog")
LIGHTS, MOVES = (-60, -40, -20, 0, 20, 40, 60), (0, 1, 2, 4, 8)
SIDE = 96  # px of the picture


@dataclass(frozen=True, eq=False)
class Nudged:
    """Pictures uint8 `(L, M, H, W, 3)` by added light and moved px; of each feature vector its size, and its distance `(L, M)`.

    A distance is that to the vector of the picture as it is, as a share of this vector's length.
    """

    lights: tuple[int, ...]
    moves: tuple[int, ...]
    pictures: NDArray[np.uint8]
    sizes: dict[str, int]
    distances: dict[str, NDArray[np.float64]]


def nudged(source: Any, features: Sequence[str] = FEATURES, lights: Sequence[int] = LIGHTS, moves: Sequence[int] = MOVES) -> Nudged:
    """A picture (any input of `decode`) under every light and move; raises UnreadableImage."""
    fitted = subject_by_hand("pixels", source, (3, SIDE, SIDE)).preprocessing.load(visible(decode(source)))
    picture = fitted.permute(1, 2, 0).numpy()
    pictures = np.stack([np.stack([changed(picture, light, move) for move in moves]) for light in lights])
    sizes, distances = {}, {}
    for name in features:
        of = subject_by_hand(name, picture, (3, SIDE, SIDE))
        model = designed(of.model)
        assert model is not None
        first = seen(of, model, picture).vector.astype(np.float64)
        far = [[float(np.linalg.norm(seen(of, model, one).vector - first)) for one in row] for row in pictures]
        sizes[name], distances[name] = len(first), np.array(far) / max(float(np.linalg.norm(first)), 1e-12)
    return Nudged(tuple(lights), tuple(moves), pictures, sizes, distances)


def changed(picture: NDArray[np.uint8], light: int, move: int) -> NDArray[np.uint8]:
    """Brighter by `light` levels and moved to the right; the border is repeated, and levels end at 0 and 255."""
    moved = np.pad(picture, ((0, 0), (move, 0), (0, 0)), mode="edge")[:, : picture.shape[1]]
    return np.clip(moved.astype(np.int64) + light, 0, 255).astype(np.uint8)
