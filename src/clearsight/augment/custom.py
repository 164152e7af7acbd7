"""Changes from outside: any callable that takes a picture and gives one back, named in text as `@package.module:name`.

It draws from the global generators of torch, random and NumPy, which are seeded by the picture's own draws before each call and put
back after the last: so it does the same to a picture in any batch, in any number of processes, and after any resume.
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
from .tone import quantised

Size = tuple[int, int]
Change = Callable[[Tensor], Tensor]
FORM = "@package.module:name, as in @mychanges:jigsaw"
DRAWS = 2  # of 24 bits each: the seed


def checked(word: str) -> str:
    """`word`, if it has the form of a callable's name; raises UsageError. Nothing is imported, for a recipe may be only read."""
    module, _, name = word[1:].partition(":")
    if not all(part.isidentifier() for text in (module, name) for part in text.split(".")):
        raise UsageError(f"an augmentation from outside is written {FORM}. Got {word!r}.")
    return word


@lru_cache(maxsize=64)
def imported(word: str) -> Change:
    """What `word` names; raises UsageError when it cannot be imported or called."""
    module, _, name = word[1:].partition(":")
    try:
        found = reduce(getattr, name.split("."), import_module(module))
    except Exception as error:  # whatever somebody's module does when it is imported
        raise UsageError(
            f"augmentation {word!r} cannot be imported ({type(error).__name__}: {error}). "
            f"It is written {FORM}; the folder of the module must be on PYTHONPATH."
        ) from error
    if not callable(found):
        raise UsageError(f"augmentation {word!r} must be something to call with a picture. It is of type {type(found).__name__}.")
    change: Change = found
    return change


def plan(draws: Tensor, strengths: tuple[float, ...], shape: tuple[int, int, int]) -> Tensor:
    """A seed for each picture, int64 `(N,)`, of 48 bits."""
    high, low = (draws * 2**24).long().unbind(1)
    return high * 2**24 + low


def change(word: str, pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Each picture uint8 `(C, H, W)`, on the CPU, handed over and taken back.

    Raises UsageError for what is no such picture, ClearsightError for what the callable itself raises.
    """
    levels = quantised(pictures)
    one, made = imported(word), []
    with generators_kept():
        for picture, seed in zip(levels.cpu(), plan.tolist(), strict=True):
            torch.default_generator.manual_seed(seed)  # the CPU's alone: dropout on a GPU goes on as it was
            random.seed(seed)
            np.random.seed(seed % 2**32)
            made.append(_called(word, one, picture))
    return torch.stack(made).to(pictures.device) if made else levels


def _called(word: str, one: Change, before: Tensor) -> Tensor:
    try:
        made: object = one(before.clone())
    except Exception as error:
        raise ClearsightError(f"augmentation {word!r} failed on a picture ({type(error).__name__}: {error}).") from error
    if not isinstance(made, Tensor):
        raise UsageError(f"augmentation {word!r} must give back a uint8 tensor {tuple(before.shape)}. Got {type(made).__name__}.")
    if made.dtype != torch.uint8 or made.shape != before.shape:
        kind = str(made.dtype).removeprefix("torch.")
        raise UsageError(f"augmentation {word!r} must give back a uint8 tensor {tuple(before.shape)}. Got {kind} {tuple(made.shape)}.")
    return made.detach().as_subclass(Tensor)
