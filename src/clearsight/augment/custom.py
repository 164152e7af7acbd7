"""The user's own augmentations: any callable from picture to picture, named as `@package.module:name`.

It may draw from the global generators of torch, random and NumPy. They are seeded per picture before each call and restored after the
last one, so that a picture is changed in the same way in any batch, with any number of processes, and after any resume.
"""

import random
from collections.abc import Callable
from functools import lru_cache, reduce
from importlib import import_module

import numpy as np
import torch
from torch import Tensor

from ..base.errors import ClearsightError, UsageError
from ..base.randomness import generators_kept
from .levels import quantised
from .op import Shape, Size, Strengths

PictureChange = Callable[[Tensor], Tensor]  # of one picture uint8 (C, H, W)
FORM = "@package.module:name, as in @mychanges:jigsaw"
DRAWS = 2  # of 24 bits each: a seed


def checked(word: str) -> str:
    """`word`, if it has the form of a callable's name; raises UsageError. Imports nothing, because a recipe may only be read."""
    module, _, name = word[1:].partition(":")
    if not all(part.isidentifier() for text in (module, name) for part in text.split(".")):
        raise UsageError(f"an augmentation from outside is written {FORM}. Got {word!r}.")
    return word


@lru_cache(maxsize=64)
def imported(word: str) -> PictureChange:
    """The callable that `word` names; raises UsageError if it cannot be imported or called."""
    module, _, name = word[1:].partition(":")
    try:
        imported_object = reduce(getattr, name.split("."), import_module(module))
    except Exception as error:  # importing the user's module may raise anything
        raise UsageError(
            f"augmentation {word!r} cannot be imported ({type(error).__name__}: {error}). "
            f"It is written {FORM}; the folder of the module must be on PYTHONPATH."
        ) from error
    if not callable(imported_object):
        raise UsageError(f"augmentation {word!r} must be something to call with a picture. It is of type {type(imported_object).__name__}.")
    change: PictureChange = imported_object
    return change


def plan(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """A seed of 48 bits for each picture, int64 `(N,)`."""
    high, low = (draws * 2**24).long().unbind(1)
    return high * 2**24 + low


def change(word: str, pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Call the function with each picture uint8 `(C, H, W)`, on the CPU.

    Raises UsageError if it does not return such a picture, ClearsightError if it raises.
    """
    levels = quantised(pictures)
    function, changed = imported(word), []
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
