"""Small real pictures for tests: the digits, as files in folders."""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits


def digit_arrays(per_class: int, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """The first `per_class` scans of each digit, uint8 `(N, 8, 8)`, and their labels."""
    data = load_digits()
    chosen = np.concatenate([np.flatnonzero(data.target == label)[:per_class] for label in range(classes)])
    return np.round(data.images[chosen] * (255 / 16)).astype(np.uint8), data.target[chosen]


def digit_folder(root: Path, per_class: int, classes: int = 10, side: int = 16) -> Path:
    """`root/zero/0000.png`, … : the digits as a folder per class, enlarged to `side` px."""
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    pictures, labels = digit_arrays(per_class, classes)
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        folder = root / names[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).resize((side, side)).save(folder / f"{i:04d}.png")
    return root


def is_dark_slide(path: Path) -> bool:
    """Whether a figure is a 16:9 slide of the dark theme, 1920×1080."""
    with Image.open(path) as figure:
        return figure.size == (1920, 1080) and figure.convert("L").getpixel((2, 2)) < 40
