"""What makes two files the same picture: pixels for exact copies, small grey thumbnails for near ones."""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import UnreadableImage
from ..base.progress import Progress
from ..images.decode import decode, picture_facts
from ..images.preprocess import Preprocessing
from .dataset import Dataset
from .loader import as_batch

SIDE = 16
# Two thumbnails are alike when they differ (root mean square) by less than NEAR of their contrast, where a contrast under FLAT
# grey levels counts as FLAT: coding noise has a floor, whatever a picture shows. Of windows of photographs, copies saved as JPEG
# (quality 30 and up) or WebP, in grey, at half to twice the size are all found from 96 px on, nine in ten at 48 px, where halving
# and JPEG 30 leave little; between fashion-mnist's 70,000 different pictures 75 groups remain, most of one garment, to the eye.
NEAR = 0.06
FLAT = 20.0
FEATURELESS = 1.0  # grey levels; thumbnails under it are all alike
BLANK = 2.0  # grey levels of standard deviation
TINY = 8  # px
_THUMBNAIL = Preprocessing(channels=1, height=SIDE, width=SIDE, fit="stretch", mean=(0.0,), std=(1.0,))
_CHUNK = 512
_BLOCK = 512  # pictures against all others: bounds the memory
_PAIRS = 65536  # looked at more closely together: the same
_AXES = 24  # of the thumbnails' 256, enough to rule out nearly every pair


@dataclass(frozen=True)
class Print:
    """One picture: digest of its pixels, thumbnail `(256,)` as a point among others, and what its file says."""

    digest: bytes
    thumbnail: Tensor
    width: int
    height: int
    mode: str
    format: str
    blank: bool
    featureless: bool


def prints(data: Dataset, *, quiet: bool = False) -> list[Print | UnreadableImage]:
    """The print of every picture, in order; an unreadable one is the error that says why."""
    found: list[Print | UnreadableImage] = []
    with Progress("look", len(data), quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(data), _CHUNK):
            rows = range(start, min(start + _CHUNK, len(data)))
            if data.pictures is not None:
                found += _of(data.pictures[start : rows.stop], "", "array")
            else:
                found += pool.map(_of_file, (data.source(i) for i in rows))
            progress.update(len(rows))
    return found


def _of_file(source: Path | NDArray[np.uint8]) -> Print | UnreadableImage:
    try:
        facts = picture_facts(source)
        return _of(decode(source)[None], facts.mode, facts.format)[0]
    except UnreadableImage as error:
        return error


def _of(pictures: NDArray[np.uint8], mode: str, format: str) -> list[Print]:
    """The prints of pictures of one size, uint8 `(N, H, W)` or `(N, H, W, C)`."""
    batch = as_batch(pictures, 1)
    thumbnails = _THUMBNAIL.fit_batch(batch).flatten(1).float()
    centred = thumbnails - thumbnails.mean(1, keepdim=True)
    variance = centred.pow(2).mean(1, keepdim=True)
    points = centred / (SIDE * (variance + FLAT**2).sqrt())  # SIDE makes the distance of two points a root MEAN square
    height, width = pictures.shape[1:3]
    mode = mode or ("RGB" if pictures.ndim == 4 and pictures.shape[3] == 3 else "L")
    every = zip(pictures, points, _blank(pictures), (variance < FEATURELESS**2).flatten().tolist(), strict=True)
    return [Print(_digest(picture), point, width, height, mode, format, blank, flat) for picture, point, blank, flat in every]


def _digest(picture: NDArray[np.uint8]) -> bytes:
    """SHA-256 of size and pixels; grey stored as colour is grey."""
    if picture.ndim == 3 and (picture == picture[:, :, :1]).all():
        picture = picture[:, :, 0]
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).digest()


def _blank(pictures: NDArray[np.uint8]) -> list[bool]:
    step = max(1, min(pictures.shape[1:3]) // 64)  # a sample of large pictures is enough, and eight times their size in floats is not
    spread = pictures[:, ::step, ::step].std(axis=(1, 2)).reshape(len(pictures), -1)
    return (spread.max(1) < BLANK).tolist()  # type: ignore[no-any-return]


def same(digests: Iterable[bytes]) -> list[list[int]]:
    """The places of each digest, in order of appearance."""
    places: dict[bytes, list[int]] = {}
    for place, digest in enumerate(digests):
        places.setdefault(digest, []).append(place)
    return list(places.values())


def alike(points: Tensor, *, quiet: bool = False) -> list[list[int]]:
    """Groups of two and more places whose points `(N, 256)` lie within `NEAR` of a neighbour in the group.

    Exact, in memory O(N): all pairs are ruled out by their distance along the main axis, then along the first `_AXES`, which
    can only be shorter than the whole one; 70,000 pictures take five seconds on one core.
    """
    if len(points) < 2:
        return []
    centred = points - points.mean(0)
    axes = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1)[:, :_AXES]
    line, order = (centred @ axes[:, 0]).sort()
    points = points[order]
    short = centred[order] @ axes
    squares = short.pow(2).sum(1)
    label = np.arange(len(points))
    with Progress("compare", len(points), quiet=quiet) as progress:
        for start in range(0, len(points), _BLOCK):
            last = min(start + _BLOCK, len(points))
            end = int(torch.searchsorted(line, line[last - 1] + NEAR, right=True))
            distances = torch.addmm(squares[start:end][None], short[start:last], short[start:end].T, alpha=-2)
            distances += squares[start:last, None]
            for pairs in (torch.nonzero((distances < NEAR**2).triu_(1)) + start).split(_PAIRS):
                label = _joined(label, points.numpy(), pairs.numpy())
            progress.update(last - start)
    groups = same(label[torch.argsort(order).numpy()].tolist())
    return [group for group in groups if len(group) > 1]


def _joined(label: NDArray[np.int64], points: NDArray[np.float32], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Labels (N,), the least place of each group, after the groups of every pair of `pairs` (E, 2) that is near became one."""
    a, b = pairs[label[pairs[:, 0]] != label[pairs[:, 1]]].T
    near = np.square(points[a] - points[b]).sum(1) < NEAR**2
    a, b = a[near], b[near]
    while (apart := label[a] != label[b]).any():
        a, b = a[apart], b[apart]
        np.minimum.at(label, np.maximum(label[a], label[b]), np.minimum(label[a], label[b]))
        while (label[label] != label).any():
            label = label[label]
    return label
