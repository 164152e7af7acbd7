"""Adversarial pictures after saving (256 levels, PNG, JPEG), and attacks that change whole levels."""

import dataclasses
import math
from collections.abc import Callable
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..images.convert import visible
from ..images.decode import decode
from .task import Task

JPEG_QUALITY = 90


def levels(pictures: Tensor) -> Tensor:
    """Pictures in [0, 1], rounded to uint8."""
    return (pictures * 255).round().clamp_(0, 255).to(torch.uint8)


def encoded(picture: Tensor, kind: str) -> bytes:
    """The bytes of a PNG or JPEG file of uint8 `(C, H, W)`; of more bands than three as people see them."""
    file, values = BytesIO(), visible(picture.permute(1, 2, 0).cpu().numpy())
    Image.fromarray(values[..., 0] if values.shape[2] == 1 else values).save(file, kind, quality=JPEG_QUALITY)
    return file.getvalue()


def _through(kind: str) -> Callable[[Tensor], Tensor]:
    def saved(pictures: Tensor) -> Tensor:
        files = levels(pictures)
        if pictures.shape[1] not in (1, 3):  # a grey file for each band
            files = files.flatten(0, 1)[:, None]
        rows = [decode(encoded(picture, kind), channels=len(picture)) for picture in files]
        return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).reshape(pictures.shape)

    return saved


# format → a function from pictures in [0, 1] to the uint8 pictures that are read back
SAVED: dict[str, Callable[[Tensor], Tensor]] = {"uint8": levels, "png": _through("PNG"), "jpeg": _through("JPEG")}


def on_lattice(task: Task) -> Task:
    """The task for a classifier whose input is rounded to 256 levels (straight-through gradient), with ε rounded down to whole levels."""

    def scores(pictures: Tensor) -> Tensor:
        return task.scores(pictures + (levels(pictures).to(pictures) / 255 - pictures).detach())

    return dataclasses.replace(task, scores=scores, epsilon=math.floor(task.epsilon * 255 + 1e-6) / 255)


def to_lattice(pictures: Tensor, changed: Tensor, norm: str) -> Tensor:
    """`changed` with changes rounded to whole levels: to the nearest in L∞, else towards zero, so that the norm does not grow."""
    change = (changed - pictures) * 255
    return ((pictures * 255).round() + (change.round() if norm == "linf" else (change + 1e-3 * change.sign()).trunc())) / 255
