"""The mean of gradients over processes is summed in their order, wherever a number stands in its bucket."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from clearsight.training.compute.sums import averaged

WORLD = 3


def mean_on(rank, monkeypatch, buffers):
    """What `rank` has in its bucket afterwards; the other processes are played here."""
    size = -(-len(buffers[0]) // WORLD)
    padded = [torch.cat([each, torch.zeros(size * WORLD - len(each), dtype=each.dtype)]).view(WORLD, size) for each in buffers]

    def all_to_all_single(out, given):
        assert torch.equal(given.view(WORLD, size), padded[rank])
        out.copy_(torch.cat([each[rank] for each in padded]))

    def all_gather(outs, mine):
        for k, out in enumerate(outs):
            first, second, third = (each[k].float() for each in padded)
            out.copy_(((first + second) + third) / WORLD)
        assert torch.equal(outs[rank], mine)

    monkeypatch.setattr(dist, "get_world_size", lambda: WORLD)
    monkeypatch.setattr(dist, "all_to_all_single", all_to_all_single)
    monkeypatch.setattr(dist, "all_gather", all_gather)
    own = buffers[rank].clone()
    assert averaged(None, SimpleNamespace(buffer=lambda: own)).wait() is own
    return own


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("length", [1, 6, 7])
def test_every_process_has_the_mean_in_the_order_of_processes(monkeypatch, dtype, length):
    draw = torch.Generator().manual_seed(0)
    buffers = [(torch.randn(length, generator=draw) * 10**k).to(dtype) for k in range(WORLD)]
    found = [mean_on(rank, monkeypatch, buffers) for rank in range(WORLD)]
    assert all(torch.equal(found[0], other) for other in found)
    first, second, third = (each.float().numpy() for each in buffers)
    assert torch.equal(found[0], torch.from_numpy((first + second + third) / np.float32(WORLD)).to(dtype))


def test_torch_takes_it_as_a_hook(tmp_path):
    torch.manual_seed(0)
    own, inputs = torch.nn.Linear(3, 2), torch.randn(4, 3)
    plain = copy.deepcopy(own)
    plain(inputs).square().sum().backward()
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    try:
        shared = DistributedDataParallel(own)
        shared.register_comm_hook(None, averaged)
        shared(inputs).square().sum().backward()
    finally:
        dist.destroy_process_group()
    assert all(torch.equal(one.grad, other.grad) for one, other in zip(own.parameters(), plain.parameters(), strict=True))
