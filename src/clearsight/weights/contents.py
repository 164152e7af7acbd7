"""The content of a file of weights, the same for every format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contents:
    """Values by name (tensors, or Keras' layers), and, where the file has them, the model's name, its input `(H, W)` in px, its classes."""

    values: Mapping[str, Any]
    name: str = ""
    size: tuple[int, int] | None = None
    classes: tuple[str, ...] = ()
