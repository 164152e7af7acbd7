"""A folder with six pictures, and a table in it."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path):
    """`pics/0.png` to `pics/5.png`."""
    root = tmp_path / "set"
    (root / "pics").mkdir(parents=True)
    for i in range(6):
        Image.fromarray(np.full((4, 4), i, dtype=np.uint8)).save(root / "pics" / f"{i}.png")
    return root
