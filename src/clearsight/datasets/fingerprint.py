"""What makes two files the same picture: pixels for exact copies, small grey thumbnails for near ones."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..base.errors import UnreadableImage
from ..base.progress import Progress
from ..images.decode import decode, picture_facts
from ..images.preprocess import Preprocessing
from .dataset import Dataset

SIDE = 16
# Two thumbnails are alike when they correlate above ALIKE, or differ by less than NOISE grey levels (root mean square,
# brightness apart): saving as JPEG moves a thumbnail by about 0.8 whatever its contrast, which costs a pale sky much
# of its correlation and a face nothing.
ALIKE = 0.995
NOISE = 1.0
BLANK = 2.0  # grey levels of standard deviation
TINY = 8  # px
_THUMBNAIL = Preprocessing(channels=1, height=SIDE, width=SIDE, fit="stretch", mean=(0.0,), std=(1.0,))
_BLOCK = 512


@dataclass(frozen=True)
class Print:
    """One picture: digest of its pixels, thumbnail `(256,)` of zero mean and unit length, its contrast, and what its file says."""

    digest: bytes
    thumbnail: Tensor
    contrast: float
    width: int
    height: int
    mode: str
    format: str
    blank: bool


def prints(data: Dataset, *, quiet: bool = False) -> list[Print | UnreadableImage]:
    """The print of every picture, in order; an unreadable one is the error that says why."""
    found: list[Print | UnreadableImage] = []
    with Progress("look", len(data), quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(data), 512):
            rows = range(start, min(start + 512, len(data)))
            found += pool.map(_print, (data.source(i) for i in rows))
            progress.update(len(rows))
    return found


def _print(source: Any) -> Print | UnreadableImage:
    try:
        facts = picture_facts(source)
        picture = decode(source)
    except UnreadableImage as error:
        return error
    digest = hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).digest()
    values = _THUMBNAIL.fit_picture(picture).flatten().float()
    centred = values - values.mean()
    blank = float(picture.std(axis=(0, 1)).max()) < BLANK
    length = centred.norm().clamp_min(1e-6)
    return Print(digest, centred / length, float(length) / SIDE, facts.width, facts.height, facts.mode, facts.format, blank)


def same(digests: Iterable[bytes]) -> list[list[int]]:
    """Groups of two and more places that have the same digest."""
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, digest in enumerate(digests):
        places[digest].append(place)
    return [group for group in places.values() if len(group) > 1]


def alike(thumbnails: Tensor, contrasts: Tensor, skip: Tensor) -> list[list[int]]:
    """Groups of places whose thumbnails `(N, 256)` with `contrasts` `(N,)` are alike, without those in `skip` (bool `(N,)`).

    All pairs, in blocks of products: exact, memory O(N), 70,000 pictures in about ten seconds.
    """
    parent = list(range(len(thumbnails)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    kept = torch.nonzero(~skip).flatten()
    rows, allowance = thumbnails[kept], NOISE / contrasts[kept] / 2**0.5
    for start in range(0, len(rows), _BLOCK):
        products = rows[start : start + _BLOCK] @ rows[start:].T
        limits = 1 - torch.outer(allowance[start : start + _BLOCK], allowance[start:])  # |a − b|² = σa² + σb² − 2 σa σb r
        for a, b in torch.nonzero(products > limits.clamp_max_(ALIKE)).tolist():
            if a < b:
                parent[root(int(kept[start + b]))] = root(int(kept[start + a]))
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for i in kept.tolist():
        groups[root(i)].append(i)
    return [group for group in groups.values() if len(group) > 1]
