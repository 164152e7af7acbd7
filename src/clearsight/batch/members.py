"""The pictures in the shard of a task: their names, and where their bytes are."""

import tarfile
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from ..base.errors import ClearsightError
from ..base.remote.address import is_address
from ..base.remote.downloads import local
from ..base.remote.store import RemoteFile
from ..datasets.shards.reading import Shard, Span
from ..images.kinds import SUFFIXES
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
    try:
        path = local(RemoteFile(shard.address, shard.size, shard.state.rpartition(" ")[2])) if is_address(shard.address) else shard.address
        with tarfile.open(path, "r:") as file:
            found = [member for member in file if member.isreg() and PurePosixPath(member.name).suffix.lower() in SUFFIXES]
    except (OSError, tarfile.TarError) as error:
        raise ClearsightError(f"cannot read {shard.address}: {error}.") from error
    return [Member(member.name, Span(shard, member.offset_data, member.size, f"{shard.address}/{member.name}")) for member in found]
