"""NT-Xent: by its definition, by another library, in rows, in half precision, across processes."""

import math
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F

from clearsight.base.errors import UsageError
from clearsight.training.objectives import ntxent as module
from clearsight.training.objectives.ntxent import ntxent, plain_ntxent
from tests.models.peers import peer


def views(n, seed=0):
    """Two views (n, 24) that resemble each other, their lengths not 1."""
    draw = torch.Generator().manual_seed(seed)
    first = torch.randn(n, 24, generator=draw)
    return first, 3 * first + torch.randn(n, 24, generator=draw)


def naive(first, second, temperature):
    """Equation 1 of the paper, pair by pair, float64."""
    z = [v.double() for v in (*first, *second)]
    n, total, hits = len(first), 0.0, 0
    for i in range(2 * n):
        scores = {j: float(F.cosine_similarity(z[i], z[j], dim=0)) / temperature for j in range(2 * n) if j != i}
        partner = (i + n) % (2 * n)
        total += math.log(sum(math.exp(s) for s in scores.values())) - scores[partner]
        hits += scores[partner] == max(scores.values())
    return total / (2 * n), hits


def gradients(first, second, **words):
    a, b = first.clone().requires_grad_(), second.clone().requires_grad_()
    loss, hits = ntxent(a, b, **words)
    (loss / len(a)).backward()
    return float(loss.detach()) / len(a), int(hits), torch.cat([a.grad, b.grad])


def plain(first, second, temperature):
    """Loss, hits and gradient of the plain restatement, float64."""
    a, b = first.double().requires_grad_(), second.double().requires_grad_()
    loss, hits = plain_ntxent(a, b, temperature)
    (loss / len(a)).backward()
    return float(loss.detach()) / len(a), int(hits), torch.cat([a.grad, b.grad])


@pytest.mark.parametrize("temperature", [0.05, 0.5, 2.0])
def test_loss_and_hits_are_the_papers(temperature):
    first, second = views(9)
    loss, hits = ntxent(first, second, temperature)
    expected, nearest = naive(first, second, temperature)
    assert float(loss) / 9 == pytest.approx(expected, rel=1e-6, abs=1e-6) and int(hits) == nearest
    assert plain(first, second, temperature)[:2] == (pytest.approx(expected, rel=1e-6, abs=1e-6), nearest)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_gradient_is_that_of_the_whole_matrix(temperature):
    first, second = views(40)
    found = gradients(first, second, temperature=temperature)[2].double()
    expected = plain(first, second, temperature)[2]
    assert (found - expected).norm() < 1e-5 * expected.norm()


@pytest.mark.parametrize("rows", [1, 7, 32, 33, 64, 1000])
def test_rows_at_a_time_change_nothing(rows):
    first, second = views(33)
    loss, hits, gradient = gradients(first, second, rows=rows)
    whole = gradients(first, second)
    assert loss == pytest.approx(whole[0], rel=1e-6, abs=1e-6) and hits == whole[1]
    assert torch.allclose(gradient, whole[2], atol=1e-8, rtol=1e-5)


def test_what_is_not_kept_is_computed_again(monkeypatch):
    first, second = views(33)
    kept = gradients(first, second, rows=16)
    monkeypatch.setattr("clearsight.training.objectives.ntxent.KEPT", 0)
    again = gradients(first, second, rows=16)
    assert kept[0] == again[0] and torch.equal(kept[2], again[2])


def test_products_in_bfloat16_are_near():
    first, second = views(64)
    half, full = gradients(first, second, bf16=True), gradients(first, second)
    assert half[0] == pytest.approx(full[0], rel=1e-2) and half[0] != full[0]
    assert (half[2] - full[2]).norm() < 2e-2 * full[2].norm()


def test_it_is_lightlys():
    peer("torchvision")  # which lightly imports
    peers = peer("lightly.loss").NTXentLoss(temperature=0.2)
    first, second = views(50)
    a, b = first.clone().requires_grad_(), second.clone().requires_grad_()
    expected = peers(a, b)
    expected.backward()
    loss, _, gradient = gradients(first, second, temperature=0.2)
    assert loss == pytest.approx(float(expected.detach()), rel=1e-6)
    assert torch.allclose(gradient, torch.cat([a.grad, b.grad]), atol=1e-6)


def share(rank, sizes, file, out):
    dist.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=len(sizes))
    first, second = (v.split(sizes)[rank].clone().requires_grad_() for v in views(sum(sizes)))
    loss, hits = ntxent(first, second, 0.3, rows=5)
    loss.backward()
    torch.save({"loss": loss.detach(), "hits": hits, "first": first.grad, "second": second.grad}, f"{out}{rank}")
    dist.destroy_process_group()


def test_two_processes_are_one(tmp_path):
    sizes = [9, 7]
    mp.start_processes(
        share, (sizes, tmp_path / "meet", tmp_path / "said"), nprocs=2, start_method="spawn"
    )  # a fork after OpenMP has begun hangs
    said = [torch.load(f"{tmp_path / 'said'}{rank}", weights_only=True) for rank in range(2)]
    first, second = views(16)
    loss, hits, gradient = gradients(first, second, temperature=0.3)
    assert float(sum(part["loss"] for part in said)) / 16 == pytest.approx(loss, rel=1e-6)
    assert int(sum(part["hits"] for part in said)) == hits
    found = torch.cat([part[name] for name in ("first", "second") for part in said]) / 16
    assert torch.allclose(found, gradient, atol=1e-8, rtol=1e-5)


def test_temperatures_that_cannot_be():
    for temperature in (0.0, -1.0, 0.01, math.nan):
        with pytest.raises(UsageError, match="temperature must be at least"):
            ntxent(*views(4), temperature)


def test_the_views_of_all_other_processes_however_many_each_has(monkeypatch):
    every = [torch.arange(2.0 * n).view(n, 2) + 10 * k for k, n in enumerate((2, 3, 1))]

    def all_gather(into, mine):
        for one, theirs in zip(into, every, strict=True):
            counted = mine.numel() == 1
            one.copy_(torch.tensor([len(theirs)]) if counted else F.pad(theirs, (0, 0, 0, 3 - len(theirs))))
        assert mine.tolist() == ([3] if counted else every[1].tolist())

    told = {"is_available": lambda: True, "is_initialized": lambda: True, "get_world_size": lambda: 3, "get_rank": lambda: 1}
    monkeypatch.setattr(module, "dist", SimpleNamespace(all_gather=all_gather, **told))
    assert module._others(every[1]).tolist() == [*every[0].tolist(), *every[2].tolist()]
    for alone in ({"is_available": lambda: False}, {"is_initialized": lambda: False}, {"get_world_size": lambda: 1}):
        monkeypatch.setattr(module, "dist", SimpleNamespace(all_gather=None, **{**told, **alone}))
        assert module._others(every[1]).shape == (0, 2)
