"""A picture for a figure that lives."""

import base64
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def png(pixels: Any, most: int = 256) -> str:
    """A picture uint8 `(H, W, 3)` or `(H, W)` as PNG in base64, at most so many px large."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((most, most), Image.Resampling.LANCZOS)
    stream = BytesIO()
    image.save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()
