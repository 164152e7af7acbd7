"""Batches made ahead are the same ones, in order, never more than one ahead; errors come in their place."""

import threading

import pytest
import torch

from clearsight.training.compute.ahead import ahead
from clearsight.training.context import TrainingContext


def test_batches_come_changed_in_order_from_one_other_thread():
    threads = set()

    def change(batch):
        threads.add(threading.get_ident())
        return batch + 1

    found = [int(batch) for batch in ahead((torch.tensor(i) for i in range(7)), change)]
    assert found == list(range(1, 8)) and len(threads) == 1 and threading.get_ident() not in threads


def test_at_most_one_is_ahead_and_leaving_ends_the_thread():
    made = []
    batches = ahead((made.append(i) or torch.tensor(i) for i in range(100)), lambda batch: batch)
    for _ in range(3):
        next(batches)
    batches.close()
    assert len(made) <= 4 and not any(thread.name.startswith("ahead") for thread in threading.enumerate())


def test_an_error_comes_after_the_batches_before_it():
    def failing():
        yield torch.tensor(0)
        raise ValueError("the second")

    batches = ahead(failing(), lambda batch: batch)
    assert int(next(batches)) == 0
    with pytest.raises(ValueError, match="the second"):
        next(batches)


@pytest.mark.parametrize(("device", "pinned"), [("cpu", []), ("cuda", [0, 1, 2])])
def test_only_for_a_gpu_batches_are_pinned(device, pinned, monkeypatch):
    """Memory that is not pinned is copied to a GPU while the processor waits."""
    seen = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda batch: seen.append(int(batch)) or batch)
    context = object.__new__(TrainingContext)
    object.__setattr__(context, "device", torch.device(device))

    class Pictures:
        def __len__(self):
            return 3

        def batches(self, wanted):
            return iter(wanted)

    object.__setattr__(context, "train", Pictures())
    assert [int(batch) for batch in context.batches(torch.arange(3).split(1))] == [0, 1, 2] and seen == pinned
