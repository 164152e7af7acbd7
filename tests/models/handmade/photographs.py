"""Real pictures, as features designed by hand are compared on them."""

import numpy as np
from skimage import color, data, transform


def photographs(height: int, width: int, channels: int = 1) -> np.ndarray:
    """Real pictures in levels 0 to 255, float64 `(n, C, H, W)`: differences of whole numbers are exact in float32, too."""
    found = [
        transform.resize(picture, (height, width, 3), anti_aliasing=True) for picture in (data.astronaut(), data.chelsea(), data.coffee())
    ]
    found = [np.round(255 * (color.rgb2gray(picture)[None] if channels == 1 else picture.transpose(2, 0, 1))) for picture in found]
    return np.stack(found)
