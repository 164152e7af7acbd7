"""Batches made one ahead, in a thread, while a GPU computes on the one before."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from torch import Tensor


def ahead(batches: Iterator[Tensor], change: Callable[[Tensor], Tensor]) -> Iterator[Tensor]:
    """The `batches` after `change`, in order, each made while the one before is in use; an error is raised in its batch's place."""

    def one() -> Tensor | None:
        batch = next(batches, None)
        return None if batch is None else change(batch)

    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        waiting = pool.submit(one)
        while (batch := waiting.result()) is not None:
            waiting = pool.submit(one)
            yield batch
