"""How many planted copies `clearsight check` finds, and how many pictures it calls copies that are none.

    python benchmarks/planted_duplicates.py [--windows 40]

Originals: windows of the photographs inside scikit-image and scikit-learn, not flat, of several sizes; and fashion-mnist, whole.
Every kind of copy is looked for in a data set of its own (train: the originals; test: one copy of each), so that no copy leads to
another; in fashion-mnist every kind has 400 originals of its own among all 70,000. A copy counts as found when it stands in a group
with its original. A false alarm is a group that holds pictures of two originals. Prints recall per kind with its 95 % Wilson interval.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from io import BytesIO
from itertools import islice

import numpy as np
import PIL
import skimage
import sklearn
from PIL import Image, ImageOps
from skimage import data as photographs
from sklearn.datasets import load_sample_images

from clearsight.base.compute.device import hardware
from clearsight.datasets.check import CheckResult, check
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.open import open_dataset
from clearsight.metrics.intervals import wilson

Picture = Image.Image
GREY = ("camera", "coins", "moon", "page", "brick", "grass", "gravel", "clock")
COLOUR = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "immunohistochemistry", "retina")
SIDES = (192, 96, 64, 48, 32)
LEAST_CONTRAST = 8  # grey levels of standard deviation: bare sky is bare sky
FASHION = 400


def windows(side: int, most: int, names: Sequence[str] = ()) -> list[Picture]:
    """Up to `most` windows of `side` px of each photograph, overlapping by half at the most; of scikit-image's `names`, or all."""
    draw = np.random.default_rng(side)
    cut = []
    for photo in [getattr(photographs, name)() for name in names or GREY + COLOUR] + ([] if names else load_sample_images().images):
        tops, lefts = (range(0, length - side + 1, side // 2) for length in photo.shape[:2])
        spots = draw.permutation([(top, left) for top in tops for left in lefts])
        tiles = (Image.fromarray(photo[top : top + side, left : left + side]).convert("RGB") for top, left in spots)
        cut += islice((tile for tile in tiles if np.asarray(tile.convert("L")).std() > LEAST_CONTRAST), most)
    return cut


def saved(picture: Picture, kind: str, quality: int) -> Picture:
    stream = BytesIO()
    picture.save(stream, format=kind, quality=quality)
    return Image.open(stream).convert(picture.mode)


def resized(picture: Picture, factor: float, filter: Image.Resampling = Image.Resampling.BICUBIC) -> Picture:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), filter)


JPEGS: dict[str, Callable[[Picture], Picture]] = {f"JPEG {q}": partial(saved, kind="JPEG", quality=q) for q in (30, 50, 75, 95)}
WEBPS: dict[str, Callable[[Picture], Picture]] = {f"WebP {q}": partial(saved, kind="WEBP", quality=q) for q in (50, 80)}
SIZES: dict[str, Callable[[Picture], Picture]] = {f"× {factor:g}": partial(resized, factor=factor) for factor in (0.5, 0.75, 1.5, 2)}
SIZES["× 0.5, Lanczos"] = partial(resized, factor=0.5, filter=Image.Resampling.LANCZOS)
SIZES["× 0.5, bilinear"] = partial(resized, factor=0.5, filter=Image.Resampling.BILINEAR)
BOTH: dict[str, Callable[[Picture], Picture]] = {
    "× 0.5, JPEG 60": lambda picture: saved(resized(picture, 0.5), "JPEG", 60),
    "× 0.75, JPEG 30": lambda picture: saved(resized(picture, 0.75), "JPEG", 30),
}
MIRRORED = {f"mirrored, {name}": partial(lambda change, picture: change(ImageOps.mirror(picture)), change)
            for name, change in {**JPEGS, **WEBPS, **SIZES, **BOTH}.items()}  # fmt: skip
KINDS: dict[str, Callable[[Picture], Picture]] = {
    "exact": lambda picture: picture, "grey": lambda picture: picture.convert("L"), **JPEGS, **WEBPS, **SIZES, **BOTH,
    "mirrored": ImageOps.mirror, **MIRRORED,
}  # fmt: skip


def arrays(pictures: Iterable[Picture]) -> np.ndarray:
    return np.stack([np.asarray(picture) for picture in pictures])


def part(prefix: str, pictures: np.ndarray) -> Dataset:
    """Pictures named by their original: `prefix/0`, `prefix/1` …"""
    labels = np.arange(len(pictures)) % 2
    return Dataset(("a", "b"), labels, objects(f"{prefix}/{i}" for i in range(len(pictures))), pictures)


def planted(originals: Sequence[Picture], change: Callable[[Picture], Picture]) -> Parts:
    """The originals as train, a copy of each as test."""
    copies = arrays(change(picture) for picture in originals)
    return Parts("planted", ("a", "b"), {"train": part("original", arrays(originals)), "test": part("copy", copies)})


def found(report: CheckResult) -> tuple[int, int]:
    """(copies in a group with their original, groups of more than one original)."""
    groups = [[name.split("/") for name in group] for group in (*report.leaks, *report.near_duplicates)]
    hits = {number for group in groups for kind, number in group if kind == "copy" and ["original", number] in group}
    return len(hits), sum(len({number for _, number in group}) > 1 for group in groups)


def recall(hits: int, n: int) -> str:
    low, high = wilson(hits, n)
    return f"{hits / n:8.2%} ({low:.2%} to {high:.2%}, n = {n})"


def on_photographs(most: int) -> None:
    for side in SIDES:
        originals, total, seconds = windows(side, most), 0, 0.0
        print(f"\nwindows of {side} px, {len(originals)} originals")
        alarms = []
        for name, change in KINDS.items():
            parts = planted(originals, change)
            start = time.perf_counter()
            hits, false = found(check(parts, quiet=True))
            seconds += time.perf_counter() - start
            total += hits
            alarms.append(false)
            print(f"  {name:28}{recall(hits, len(originals))}")
        print(f"  {'all kinds':28}{recall(total, len(originals) * len(KINDS))}")
        print(f"  false alarms: {np.median(alarms):g} groups (at most {max(alarms)}); {seconds / len(KINDS):.1f} s a check")


def on_fashion() -> None:
    parts = open_dataset("fashion-mnist")
    start = time.perf_counter()
    clean = check(parts, quiet=True)
    seconds = time.perf_counter() - start
    print(f"\nfashion-mnist, 28 px, nothing planted: {len(clean.near_duplicates)} groups of near copies among 70,000 pictures, ", end="")
    print(f"{len(clean.near_leaks)} of them across train and test; {seconds:.1f} s")
    pictures = np.concatenate([data.pictures for data in parts.parts.values() if data.pictures is not None])
    rows = np.random.default_rng(0).permutation(len(pictures))[: FASHION * len(KINDS)].reshape(len(KINDS), FASHION)
    made = {"all": part("all", pictures)}
    for (name, change), chosen in zip(KINDS.items(), rows, strict=True):
        copies = arrays(change(Image.fromarray(picture)) for picture in pictures[chosen])
        made[name] = Dataset(("a", "b"), np.zeros(FASHION, np.int64), objects(f"{name}/{row}" for row in chosen), copies)
    report = check(Parts("planted", ("a", "b"), made), quiet=True)
    groups = [{tuple(name.rsplit("/", 1)) for name in group} for group in (*report.leaks, *report.near_duplicates)]
    hits = {(kind, row) for group in groups for kind, row in group if kind != "all" and ("all", row) in group}
    for name in KINDS:
        print(f"  {name:28}{recall(sum(kind == name for kind, _ in hits), FASHION)}")
    print(f"  {'all kinds':28}{recall(len(hits), FASHION * len(KINDS))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=40, help="at most, of each photograph and size")
    on_photographs(parser.parse_args().windows)
    on_fashion()
    versions = {
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "scikit-image": skimage.__version__,
        "scikit-learn": sklearn.__version__,
    }
    print("\n" + ", ".join(f"{name} {value}" for name, value in {**hardware(), **versions}.items()))


if __name__ == "__main__":
    main()
