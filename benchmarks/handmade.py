"""Hand-designed features and the head that is solved, beside the libraries that have them.

    python benchmarks/handmade.py [--rounds 3] [--pictures 60000]

fashion-mnist's training pictures, 28×28. HOG with cells of 4 px and blocks of 2×2: scikit-image's loop and OpenCV's HOGDescriptor
over some of the pictures. Dense SIFT on the grid of `sift`: OpenCV's, keypoint by keypoint. Softmax regression on pixels of all
pictures for one strength of L2, both to their optimum: scikit-learn's LogisticRegression (lbfgs) on the same float32 pixels.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from common import Row, compare, finish, load_check, parser

from clearsight import models
from clearsight.base.compute.memory import keep_large_buffers
from clearsight.datasets.open import open_dataset
from clearsight.heads.lbfgs import Problem, solve
from clearsight.models.handmade import sift

FEW = 500  # pictures for the libraries that take one at a time
L2 = 1e-3


def rate(n: int, do: Callable[[], Any]) -> float:
    """Pictures a second."""
    start = time.perf_counter()
    do()
    return n / (time.perf_counter() - start)


def features(name: str, pictures: torch.Tensor) -> float:
    model = models.build(name, 10, channels=1, height=28, width=28).eval()
    with torch.inference_mode():
        do = model.descriptors if name == "sift" else model.features
        do(pictures[:FEW])
        return rate(len(pictures), lambda: [do(part) for part in pictures.split(32 if name == "sift" else 256)])


def skimage_hog(pictures: np.ndarray) -> float:
    from skimage.feature import hog

    words = {"orientations": 9, "pixels_per_cell": (4, 4), "cells_per_block": (2, 2), "block_norm": "L2-Hys"}
    return rate(FEW, lambda: [hog(picture, **words) for picture in pictures[:FEW]])


def opencv_hog(pictures: np.ndarray) -> float | None:
    try:
        import cv2

        descriptor = cv2.HOGDescriptor((28, 28), (8, 8), (4, 4), (4, 4), 9)
    except (ImportError, AttributeError):  # OpenCV 5's main package has none
        return None
    cv2.setNumThreads(torch.get_num_threads())
    return rate(10 * FEW, lambda: [descriptor.compute(picture) for picture in pictures[: 10 * FEW]])


def opencv_sift(pictures: np.ndarray) -> float | None:
    try:
        import cv2
    except ImportError:
        return None
    row = sift.TABLE["sift"]
    at = sift.places(28, int(row.step), round(row.bin)).tolist()
    points = [cv2.KeyPoint(float(x), float(y), row.bin / 1.5, 0) for y in at for x in at]
    extractor = cv2.SIFT_create()
    return rate(FEW, lambda: [extractor.compute(picture, points) for picture in pictures[:FEW]])


def heads(x: torch.Tensor, y: torch.Tensor) -> tuple[dict[str, float], dict[str, float]]:
    """(ours, scikit-learn's): seconds, objective, share of right answers."""
    from sklearn.linear_model import LogisticRegression

    start = time.perf_counter()
    found = solve(Problem(x.clone(), y, 10), L2)
    ours = {"seconds": time.perf_counter() - start, "evaluations": found.evaluations}
    start = time.perf_counter()
    theirs = LogisticRegression(C=1 / (L2 * len(y)), tol=1e-5, max_iter=2000).fit(x.numpy(), y.numpy())
    peer = {"seconds": time.perf_counter() - start, "evaluations": int(theirs.n_iter_[0])}
    values = (found.weight, found.bias), (torch.from_numpy(theirs.coef_).double(), torch.from_numpy(theirs.intercept_).double())
    for figures, (weight, bias) in zip((ours, peer), values, strict=True):
        logits = x.double() @ weight.T + bias
        figures["objective"] = float(torch.nn.functional.cross_entropy(logits, y)) + L2 / 2 * float(weight.square().sum())
        figures["right"] = float((logits.argmax(1) == y).double().mean())
    return ours, peer


def versions() -> dict[str, str]:
    found = {}
    for package in ("scikit-learn", "scikit-image", "opencv-python-headless"):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def main() -> None:
    made = parser(__doc__, rounds=3)
    made.add_argument("--pictures", type=int, default=60_000)
    given = made.parse_args()
    notes = load_check()
    keep_large_buffers()  # as every verb does
    data = open_dataset("fashion-mnist").parts["train"]
    levels = np.ascontiguousarray(data.pictures[: given.pictures])
    pictures, labels = torch.from_numpy(levels)[:, None].float() / 255, torch.from_numpy(data.labels[: given.pictures])
    peers: list[tuple[str, str, str, Callable[[np.ndarray], float | None], float]] = [
        ("HOG", "hog-hard", "scikit-image", skimage_hog, 40),
        ("HOG", "hog-hard", "OpenCV", opencv_hog, 2),
        ("dense SIFT", "sift", "OpenCV", opencv_sift, 5),
    ]
    rows: list[Row] = []
    for what, name, peer, measure, goal in peers:
        pairs = [(features(name, pictures), measure(levels)) for _ in range(given.rounds)]
        if any(theirs is None for _, theirs in pairs):
            notes.append(f"{peer} is not installed here, or has no {what}")
            continue
        ours, theirs = zip(*pairs, strict=True)
        rows.append(compare(what, list(ours), list(theirs), "pictures/s", against=peer, goal=goal))
    solved = [heads(pictures.flatten(1), labels) for _ in range(given.rounds)]
    seconds = [[one["seconds"] for one in side] for side in zip(*solved, strict=True)]
    rows.append(compare("softmax on pixels, to the optimum", *seconds, "s", against="scikit-learn", less=True, goal=3))
    ours, theirs = solved[-1]
    notes.append(
        f"softmax on pixels, l2 = {L2:g}: objective {ours['objective']:.9f} and {theirs['objective']:.9f}, right on the training pictures "
        f"{ours['right']:.2%} and {theirs['right']:.2%}; {ours['evaluations']} evaluations and {theirs['evaluations']} iterations"
    )
    finish(given, "Hand-designed features, and a head that is solved", rows, notes, versions())


if __name__ == "__main__":
    main()
