"""What the programs in this folder share: pictures as the model takes them, and the golden check."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def pixels(file, channels):
    """The picture in a file or path as uint8 (1, height, width, channels): upright, transparency on white."""
    picture = ImageOps.exif_transpose(Image.open(file)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    mode = {1: "L", 3: "RGB"}[channels]
    return np.atleast_3d(np.asarray(Image.alpha_composite(white, picture).convert(mode)))[None]


def golden_check(about, folder, probabilities, tolerance=1e-4):
    """Largest difference of `probabilities(pixels)` from those stored with the golden pictures; raises ValueError above `tolerance`."""
    channels = about["preprocessing"]["channels"]
    apart = [probabilities(pixels(Path(folder, row["file"]), channels)) - row["probabilities"] for row in about["golden"]]
    largest = np.abs(apart).max()
    if not largest <= tolerance:
        raise ValueError(f"golden pictures: a probability differs by {largest}, where {tolerance} is allowed")
    return largest
