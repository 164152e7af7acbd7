"""The 19 corruptions, ours and those of imagecorruptions, alternating: python corruptions.py PICTURES SIZE ROUNDS [SITE].

SITE is the folder with the peer's packages, behind our own. Prints milliseconds a picture, a list over rounds by corruption and whose,
each the mean over the 5 severities.
"""

import json
import sys
import time

import numpy as np
import torch
from PIL import Image
from shims import import_imagecorruptions
from sklearn.datasets import load_sample_images

from clearsight.base.compute.memory import keep_large_buffers
from clearsight.corruptions import CORRUPTIONS, corrupted

SLOW = {"glass_blur"}  # seconds a picture at the peer's: of these it gets one


def photographs(n: int, size: int) -> np.ndarray:
    """Pieces of scikit-learn's two photographs, uint8 `(n, size, size, 3)`."""
    images = [Image.fromarray(image) for image in load_sample_images().images]
    boxes = [(x, 20, x + 384, 404) for x in range(0, 256, max(1, 512 // n))]
    pieces = [image.resize((size, size), Image.Resampling.LANCZOS, box) for box in boxes for image in images]
    return np.stack([np.asarray(piece) for piece in pieces[:n]])


def milliseconds(name: str, pictures: np.ndarray, batch: torch.Tensor) -> float:
    start = time.perf_counter()
    for severity in range(1, 6):
        corrupted(batch, torch.arange(len(batch)), name, severity)
    return 1000 * (time.perf_counter() - start) / 5 / len(batch)


def peers_milliseconds(peer: object, name: str, pictures: np.ndarray) -> float:
    start = time.perf_counter()
    for severity in range(1, 6):
        for picture in pictures:
            peer.corrupt(picture, corruption_name=name, severity=severity)
    return 1000 * (time.perf_counter() - start) / 5 / len(pictures)


def main(n: str, size: str, rounds: str, *site: str) -> None:
    sys.path += site
    keep_large_buffers()
    peer = import_imagecorruptions()
    pictures = photographs(int(n), int(size))
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    answer: dict[str, dict[str, list[float]]] = {name: {"ours": [], "peer": []} for name in CORRUPTIONS}
    for turn in range(int(rounds) + 1):
        for name, row in answer.items():
            few = pictures[:1] if name in SLOW else pictures
            spent = {"ours": milliseconds(name, pictures, batch), "peer": peers_milliseconds(peer, name, few)}
            for who, value in spent.items() if turn else ():  # the first turn warms up
                row[who].append(value)
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
