"""A difference of Gaussians as a figure that lives: two widths, centre and surround."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...models.handmade.dog import SURROUND, TABLE
from .page import Live

LEAD = "A centre-surround cell: the picture blurred a little, minus the picture blurred more. It answers to edges and spots, not to light."
MOST = 96  # px of a side
CENTRE = TABLE["dog"][1]


def live_dog(shown: NDArray[np.uint8]) -> Live:
    """Of a picture `(H, W, 3)` or `(H, W)`, in grey levels from 0 to 1, at most 96 px large."""
    grey = Image.fromarray(np.ascontiguousarray(shown)).convert("L")
    grey.thumbnail((MOST, MOST), Image.Resampling.LANCZOS)
    pixels: Any = np.asarray(grey, np.float64) / 255
    return Live("dog", "Difference of Gaussians", LEAD, {"pixels": pixels, "centre": CENTRE, "surround": SURROUND * CENTRE})
