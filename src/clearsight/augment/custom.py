"""The user's own augmentations: any callable from picture to picture, named as `@package.module:name`.

It may draw from the global generators of torch, random and NumPy. They are seeded per picture before each call and restored after the
last one, so that a picture is changed in the same way in any batch, with any number of processes, and after any resume.
"""

import random
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..base.code import imported
from ..base.errors import ClearsightError, UsageError
from ..base.randomness import generators_kept
from .levels import quantised
from .op import Shape, Size, Strengths

PictureChange = Callable[[Tensor], Tensor]  # of one picture uint8 (C, H, W)
KIND = "an augmentation"
DRAWS = 2  # of 24 bits each: a seed


def plan(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """A seed of 48 bits for each picture, int64 `(N,)`."""
    high, low = (draws * 2**24).long().unbind(1)
    return high * 2**24 + low


def change(word: str, pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Call the function with each picture uint8 `(C, H, W)`, on the CPU.

    Raises UsageError if it is not allowed, cannot be imported or does not return such a picture, ClearsightError if it raises.
    """
    levels = quantised(pictures)
    function: PictureChange = imported(word, KIND)
    changed = []
    with generators_kept():
        for picture, seed in zip(levels.cpu(), plan.tolist(), strict=True):
            torch.default_generator.manual_seed(seed)  # of the CPU only: dropout on a GPU keeps its own
            random.seed(seed)
            np.random.seed(seed % 2**32)
            changed.append(_called(word, function, picture))
    return torch.stack(changed).to(pictures.device) if changed else levels


def _called(word: str, function: PictureChange, before: Tensor) -> Tensor:
    try:
        after: object = function(before.clone())
    except Exception as error:
        raise ClearsightError(f"augmentation {word!r} failed on a picture ({type(error).__name__}: {error}).") from error
    if not isinstance(after, Tensor):
        raise UsageError(f"augmentation {word!r} must give back a uint8 tensor {tuple(before.shape)}. Got {type(after).__name__}.")
    if after.dtype != torch.uint8 or after.shape != before.shape:
        kind = str(after.dtype).removeprefix("torch.")
        raise UsageError(f"augmentation {word!r} must give back a uint8 tensor {tuple(before.shape)}. Got {kind} {tuple(after.shape)}.")
    return after.detach().as_subclass(Tensor)
