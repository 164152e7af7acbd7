"""Out of memory: the step again in smaller parts, with batch norm as it was before, or a clear error."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from clearsight.base.compute.distributed import ProcessGroup
from clearsight.training.compute.out_of_memory import OutOfMemory, in_smaller_parts, is_out_of_memory, reason, without_retry

FULL = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes\nmore")


class Context(SimpleNamespace):
    """What of a training's context a retry reads."""

    @property
    def micro_batches(self) -> int:
        return max(self.recipe.accumulate, self.state.counters.accumulate)


@pytest.fixture
def context():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2))
    state = SimpleNamespace(model=model, counters=SimpleNamespace(accumulate=1))
    said: list[str] = []
    return Context(recipe=SimpleNamespace(accumulate=1, batch=32), state=state, group=ProcessGroup(), log=said.append, said=said)


@pytest.mark.parametrize(
    ("error", "out"),
    [(FULL, True), (MemoryError(), True), (torch.OutOfMemoryError("CUDA out of memory."), True), (RuntimeError("x"), False)],
)
def test_what_is_out_of_memory(error, out):
    assert is_out_of_memory(error) == out


def test_the_reason_is_one_line():
    assert (
        reason(FULL) == "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
        and reason(MemoryError()) == "MemoryError"
    )


def test_the_step_is_tried_in_twice_as_many_parts_with_the_same_norm(context):
    norm, tries = context.state.model[0], []

    def step():
        tries.append((context.micro_batches, norm.running_mean.clone(), int(norm.num_batches_tracked)))
        norm.train()(torch.randn(4, 2) + 9)
        if context.micro_batches < 4:
            raise FULL
        return "done"

    assert in_smaller_parts(context, 32, 32, step) == "done"
    assert [parts for parts, _, _ in tries] == [1, 2, 4]
    assert all(not mean.any() and count == 0 for _, mean, count in tries)
    assert len(context.said) == 2 and "computed in 4 parts (as --accumulate 4)" in context.said[-1]


def test_parts_of_one_picture_are_the_end(context):
    def step():
        raise FULL

    with pytest.raises(OutOfMemory, match=r"a batch of 8 in 4 part\(s\).*Try --accumulate 8"):
        in_smaller_parts(context, 8, 8, step)


def test_of_several_processes_none_retries_alone(context):
    context.group = ProcessGroup(0, 2)
    with pytest.raises(OutOfMemory):
        in_smaller_parts(context, 32, 32, lambda: (_ for _ in ()).throw(MemoryError()))


def test_another_error_passes(context):
    with pytest.raises(ZeroDivisionError):
        in_smaller_parts(context, 32, 32, lambda: 1 / 0)
    with pytest.raises(RuntimeError, match=r"^x$"), without_retry(8, 1):
        raise RuntimeError("x")


def test_what_moves_weights_is_not_tried_again():
    with pytest.raises(OutOfMemory, match="a batch of 8 in 2"), without_retry(8, 2):
        raise MemoryError
