"""Running out of memory: the step is computed again in twice as many parts, as long as no weight has moved."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

from ...base.errors import ClearsightError
from ..context import TrainingContext

T = TypeVar("T")
BATCH_NORMS = nn.modules.batchnorm._BatchNorm


class OutOfMemory(ClearsightError):
    """Memory does not hold what a step needs, however small its parts."""

    def __init__(self, batch: int, parts: int, reason: str) -> None:
        super().__init__(
            f"out of memory with a batch of {batch} in {parts} part(s) ({reason}). The last checkpoint is untouched. "
            f"Try --accumulate {2 * parts}, a smaller --size or --batch, or a smaller --model."
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is what torch or Python raises when memory runs out; on a CPU torch has no class for it."""
    words = ("can't allocate memory", "not enough memory", "out of memory")
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(word in str(error) for word in words)


def reason(error: BaseException) -> str:
    """The first line of the error's message, or the name of its class."""
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextmanager
def without_retry(batch: int, parts: int) -> Iterator[None]:
    """For code that moves weights, and so cannot be run again in smaller parts: raises OutOfMemory if memory runs out."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(batch, parts, reason(error)) from error


def in_smaller_parts(context: TrainingContext, shard: int, batch: int, step: Callable[[], T]) -> T:
    """The result of `step`, which is tried again in twice as many micro-batches each time that memory runs out.

    `shard` is how many images this process has of the batch of `batch`. Batch norm then sees smaller parts, so it is logged.
    """
    norms = [value for module in context.state.model.modules() if isinstance(module, BATCH_NORMS) for value in module.buffers()]
    before = [value.clone() for value in norms]
    while True:
        try:
            return step()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            why = reason(error)
        # outside of the handler, which would keep the failed step's tensors alive
        most = shard // 2
        if context.group.world > 1 or context.micro_batches >= most:
            raise OutOfMemory(batch, context.micro_batches, why)
        for value, was in zip(norms, before, strict=True):  # the parts that did fit have moved them
            value.copy_(was)
        context.state.counters.accumulate = min(2 * context.micro_batches, most)
        parts = context.micro_batches
        context.log(f"out of memory: from here each batch of {context.recipe.batch} is computed in {parts} parts (as --accumulate {parts})")
