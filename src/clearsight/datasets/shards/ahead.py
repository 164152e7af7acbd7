"""Shards at addresses, downloaded before their pictures are needed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
from torch import Tensor

from ...base.errors import ClearsightError
from ...base.remote.address import is_address
from ...base.remote.downloads import at_once
from ..dataset import Dataset
from .reading import Shard, bring, read_by_range

THREADS = 4
LITTLE = 0.125  # of the bytes of a shard, for which it is not downloaded


def spare_few(dataset: Dataset) -> None:
    """Let the pictures of a data set that are read once be fetched by themselves from those shards at addresses that it has little of."""
    if dataset.spans is None or not any(is_address(shard.address) for shard in dataset.shards):
        return
    wanted = np.bincount(dataset.spans["shard"], dataset.spans["length"], len(dataset.shards))
    for shard, length in zip(dataset.shards, wanted.tolist(), strict=True):
        if is_address(shard.address) and 0 < length <= LITTLE * shard.size:
            read_by_range(shard)


class Ahead:
    """Downloads the shards of `batches` of pictures of `dataset` in the order in which they are first needed, some ahead of the reader.

    A failure is left to the reader, who tries again and reports it.
    """

    def __init__(self, dataset: Dataset, batches: Sequence[Tensor]) -> None:
        self._order: list[tuple[int, Shard]] = []  # the batch that needs a shard first
        self._needed = self._begun = self._ahead = 0
        sizes = [shard.size for shard in dataset.shards if is_address(shard.address)]
        if dataset.spans is None or not sizes:
            return
        self._ahead = at_once(max(sizes))
        seen = np.zeros(len(dataset.shards), bool)
        for place, batch in enumerate(batches):
            numbers = np.unique(dataset.spans["shard"][batch.numpy()])
            self._order += [(place, dataset.shards[number]) for number in numbers[~seen[numbers]].tolist()]
            seen[numbers] = True
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="download")

    def begin(self, place: int) -> None:
        """The batch at `place` is about to be read."""
        while self._needed < len(self._order) and self._order[self._needed][0] <= place:
            self._needed += 1
        for _, shard in self._order[self._begun : self._needed + self._ahead]:
            self._pool.submit(_brought, shard)
        self._begun = max(self._begun, self._needed + self._ahead)

    def close(self) -> None:
        """Drop what has not begun."""
        if self._order:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _brought(shard: Shard) -> None:
    with suppress(ClearsightError, OSError):
        bring(shard)
