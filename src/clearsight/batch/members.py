"""The pictures in the shard of a task: their names, and where their bytes are."""

from collections.abc import Sequence
from typing import NamedTuple

from ..base.remote.address import shown
from ..datasets.shards.index import index
from ..datasets.shards.reading import Shard, Span
from .task import Task


class Member(NamedTuple):
    """A picture of a shard: its name, and its bytes; None for a file of its own."""

    name: str
    span: Span | None


def members(task: Task) -> Sequence[Member]:
    """The pictures of `task`, in their order in the shard; raises ClearsightError for a shard that cannot be read."""
    every = [Member(name, None) for name in task.files] if task.files else _of_tar(task.shard)
    return every[task.start : task.stop]


def _of_tar(shard: Shard) -> list[Member]:
    found = index(shard)
    names = (name.decode("utf-8", "backslashreplace") for name in found.names.split(b"\0")[:-1])
    return [
        Member(name, Span(shard, offset, length, f"{shown(shard.address)}/{name}"))
        for name, (offset, length) in zip(names, found.spans.tolist(), strict=True)
    ]
