"""What it costs to know pictures by content, beside the first epoch of a training: `python benchmarks/identity.py`.

For each kind of data, with an empty cache each time and the two ways alternating: seconds to identify the pictures and then load them,
seconds to load them without, and seconds of the first epoch of the network that `train` would pick. Written photographs are smooth noise.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from common import machine
from PIL import Image

from clearsight.datasets.identity import identified
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.images.preprocess import Preprocessing
from clearsight.training.api import train


def photographs(root: Path, n: int, height: int, width: int, suffix: str) -> Path:
    draw = np.random.default_rng(0)
    for i in range(n):
        small = Image.fromarray(draw.integers(0, 256, (max(2, height // 16), max(2, width // 16), 3), dtype=np.uint8))
        noisy = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)) + draw.normal(0, 5, (height, width, 3))
        path = root / "ab"[i % 2] / f"{i}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return root


def seconds(data: str, side: int, known: bool) -> float:
    """Until all pictures are loaded, with or without digests, from an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["CLEARSIGHT_CACHE"] = cache
        parts = open_dataset(data)
        start = time.perf_counter()
        for part in (identified(parts, quiet=True) if known else parts).parts.values():
            load(part, Preprocessing(height=side, width=side), quiet=True)
        return time.perf_counter() - start


def first_epoch(data: str) -> float:
    with tempfile.TemporaryDirectory() as cache:
        os.environ["CLEARSIGHT_CACHE"] = cache
        trained = train(data, out=str(Path(cache) / "run"), epochs=1, augment="", quiet=True)
    assert trained is not None
    return trained.seconds


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--small", type=int, default=4000, help="PNG files of 28 px")
    ask.add_argument("--photographs", type=int, default=200)
    ask.add_argument("--large", type=int, default=24, help="photographs of 12 megapixels")
    given = ask.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sets = {
            "fashion-mnist": ("fashion-mnist", 28),
            f"{given.small:,} PNG of 28 px": (str(photographs(root / "small", given.small, 28, 28, "png")), 28),
            f"{given.photographs:,} JPEG of 375×500": (str(photographs(root / "photographs", given.photographs, 375, 500, "jpg")), 128),
            f"{given.large:,} JPEG of 3000×4000": (str(photographs(root / "large", given.large, 3000, 4000, "jpg")), 128),
        }
        for name, (data, side) in sets.items():
            pairs = [(seconds(data, side, True), seconds(data, side, False)) for _ in range(given.rounds)]
            more = statistics.median(a - b for a, b in pairs)
            plain, epoch = statistics.median(b for _, b in pairs), first_epoch(data)
            share = more / (plain + epoch)
            print(f"{name}: loading {plain:.2f} s, digests {more:+.2f} s, epoch {epoch:.1f} s: {share:+.1%} of the first epoch")


if __name__ == "__main__":
    main()
