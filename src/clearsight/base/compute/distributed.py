"""Data parallel training: the processes that `torchrun` started, and the few values that they exchange."""

import os
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from types import TracebackType

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from ..errors import LostProcess, UsageError

LET_GO = 0.2  # seconds
JOINING = timedelta(minutes=5)  # the processes of one attempt start together
PREPARING = timedelta(minutes=30)  # what the others wait while the first process reads data or weights
ASK_AGAIN = timedelta(seconds=1)
TORCHRUN = "let torchrun set such variables (torchrun --nproc-per-node=2 -m clearsight …), or unset WORLD_SIZE to train in one process."
AGAIN = "Start all processes again with clearsight train --resume RUN; torchrun --max-restarts does it by itself, given --resume auto."


@dataclass(frozen=True)
class ProcessGroup:
    """This process's rank among the `world` processes of the run; rank 0 writes files and logs."""

    rank: int = 0
    world: int = 1

    def limit(self, minutes: float) -> None:
        """From here on an exchange that takes more than so many `minutes` fails: a process that hangs does not hold up the others."""
        if self.world > 1:
            # NCCL's own watchdog ends a process whose exchange on a GPU has failed
            dist.distributed_c10d._set_pg_timeout(timedelta(minutes=minutes))

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0

    def shard(self, indices: Tensor) -> Tensor:
        """This process's part of `indices`; the parts together are `indices`, each exactly once."""
        return indices.tensor_split(self.world)[self.rank]

    def all_reduce(self, values: Tensor) -> Tensor:
        """The element-wise sum of `values` over all processes."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def broadcast(self, number: int) -> int:
        """The `number` of rank 0."""
        if self.world == 1:
            return number
        said = torch.tensor([number], dtype=torch.int64)
        dist.broadcast(said, src=0)
        return int(said)

    def broadcast_tensors(self, tensors: Iterable[Tensor]) -> None:
        """Give the `tensors` of every process the values of rank 0's."""
        if self.world > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)

    def all_gather(self, rows: Tensor, counts: list[int]) -> Tensor:
        """The rows `(n, …)` of all processes, in rank order; `counts` are their numbers of rows."""
        if self.world == 1:
            return rows
        longest = max(counts)
        padded = torch.zeros(longest, *rows.shape[1:], dtype=rows.dtype)
        padded[: len(rows)] = rows
        everyone = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(everyone, padded)
        return torch.cat([part[:n] for part, n in zip(everyone, counts, strict=True)])


def join_group() -> ProcessGroup:
    """The gloo (CPU) or nccl (GPU) group of the processes that `torchrun` started; without it, a group of one.

    Raises UsageError if its environment variables are incomplete or impossible.
    """
    world = _said("WORLD_SIZE", 1, 2**16) if "WORLD_SIZE" in os.environ else 1
    if world == 1:
        return ProcessGroup()
    rank = _said("RANK", 0, world - 1)
    port = _said("MASTER_PORT", 1, 2**16 - 1)
    if not os.environ.get("MASTER_ADDR"):
        raise UsageError(f"WORLD_SIZE is {world}, and MASTER_ADDR is not set: {TORCHRUN}")
    if not dist.is_initialized():
        backend = "gloo"
        if torch.cuda.is_available():
            backend = "cpu:gloo,cuda:nccl"
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
            os.environ.setdefault("TORCH_NCCL_ASYNC_ERROR_HANDLING", "1")  # an exchange that fails ends the process
            os.environ.setdefault("TORCH_NCCL_HEARTBEAT_TIMEOUT_SEC", "300")
        dist.init_process_group(backend, store=_store(rank, world, port), rank=rank, world_size=world, timeout=PREPARING)
    return ProcessGroup(rank, world)


def _store(rank: int, world: int, port: int) -> Store:
    """Where the processes find each other: rank 0's store, or a part of the agent's that is this attempt's alone.

    The agent of `torchrun` keeps its store over restarts, and torch would find the addresses of the attempt before there.
    """
    kept = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    store = TCPStore(os.environ["MASTER_ADDR"], port, world, is_master=rank == 0 and not kept, timeout=JOINING, multi_tenant=True)
    return PrefixStore(_named_attempt(store, rank, world), store) if kept else store


def _named_attempt(store: Store, rank: int, world: int) -> str:
    """The name of this attempt, which rank 0 makes up: the agents of several machines may count their restarts differently.

    Each of the others asks by a new word, so that no answer to an earlier attempt can be mistaken for this one's.
    """
    if rank:
        word = token_hex(8)
        store.set(f"clearsight/asks/{rank}", word)
        name = str(store.get(f"clearsight/answer/{word}").decode())
        store.set(f"{name}/here/{rank}", "")
        return name
    name, until = f"clearsight/{token_hex(8)}", time.monotonic() + JOINING.total_seconds()
    for other in range(1, world):
        while not _heard(store, name, other):
            if time.monotonic() > until:
                raise dist.DistStoreError(f"process {other} does not answer")
    return name


def _heard(store: Store, name: str, other: int) -> bool:
    """Answer the process that last asked as rank `other`; whether it has heard, and was not one of an earlier attempt."""
    word = store.get(f"clearsight/asks/{other}").decode()
    store.set(f"clearsight/answer/{word}", name)
    try:
        store.wait([f"{name}/here/{other}"], ASK_AGAIN)
    except dist.DistStoreError:
        return False
    return True


def _said(name: str, low: int, high: int) -> int:
    """The whole number that `torchrun` has put into the environment as `name`."""
    try:
        value = int(os.environ[name])
    except (KeyError, ValueError):
        value = low - 1
    if not low <= value <= high:
        raise UsageError(f"{name} must be a whole number from {low} to {high}. Got {os.environ.get(name, 'nothing')!r:.40}: {TORCHRUN}")
    return value


def lost(error: BaseException | None) -> bool:
    """Whether torch raised `error` because another process of the group has ended or does not answer."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error).lower())


def leave_group(trace: TracebackType | None = None) -> None:
    """Close the group, if there is one; `trace` is the traceback of the error it is left for."""
    if dist.is_available() and dist.is_initialized():
        # If the error's frames kept a network alive, it would be the group's last owner; torch then waits for the group's threads while
        # it holds the interpreter lock, for which one of them may be waiting.
        traceback.clear_frames(trace)
        # Gloo's thread drops the tensors of the last exchange a moment after it has ended, and needs the interpreter for that: where this
        # process ends at once, it would abort, as one in four of two-process runs did.
        time.sleep(LET_GO)
        dist.destroy_process_group()


class Membership:
    """Joins the process group and leaves it, unless an outer Membership holds it; raises LostProcess if another process has ended."""

    def __enter__(self) -> ProcessGroup:
        self.outer = dist.is_available() and dist.is_initialized()
        try:
            return join_group()
        except Exception as error:
            if lost(error):
                raise LostProcess(
                    "the processes of this training did not find each other: one of them has ended or does not respond, so this one ends "
                    f"as well. {AGAIN}"
                ) from error
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if lost(error):
            raise LostProcess(
                "another process of this training has ended or does not answer, so this one ends as well. "
                f"The last checkpoint is whole. {AGAIN}"
            ) from error
        if not self.outer and not isinstance(error, LostProcess):
            leave_group(trace)


def process_group() -> Membership:
    """`with process_group() as group`: the processes that `torchrun` started, or this one alone."""
    return Membership()
