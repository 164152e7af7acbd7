"""Memory: bytes by hand, the largest batch by doubling with a stub that runs out, and what is said where nothing fits."""

import pytest
from torch import nn

from clearsight.base.compute import memory as machine
from clearsight.recipes.recipe import OPTIMIZERS
from clearsight.training.doctor import memory
from clearsight.training.doctor.trial import Trial


@pytest.mark.parametrize(("room", "limit", "most"), [(100, 4096, 64), (128, 4096, 128), (1, 4096, 0), (10**9, 512, 512)])
def test_the_largest_batch_by_doubling(room, limit, most):
    tried = []

    def fits(pictures):
        tried.append(pictures)
        return pictures <= room

    assert memory.largest(fits, limit) == most
    assert tried == sorted(tried) and len(tried) <= 13


def test_out_of_memory_is_caught_and_other_errors_are_not(put_together, monkeypatch):
    context, objective, _ = put_together()
    error = RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    def hungry(self, index, lr, pictures=None):
        if len(index) > 48:
            raise error
        return 0.0, 0.0

    monkeypatch.setattr(Trial, "step", hungry)
    fits = memory.fits_by_trying(context, objective)
    assert memory.largest(fits, 4096) == 32
    error = RuntimeError("shapes do not match")
    with pytest.raises(RuntimeError, match="shapes"):
        fits(64)


def test_what_a_step_keeps_is_counted_by_hand(put_together):
    """Softmax regression keeps its inputs, one float32 a pixel, and the logits' probabilities."""
    context, objective, _ = put_together(model="pixels")
    pixels, classes = 12 * 12, 3
    least = pixels * 4
    assert least <= memory.picture_bytes(context, objective) / memory.TRANSIENT <= least + 64 * classes
    weights = (pixels * classes + classes) * 4
    assert memory.weights_bytes(context) == weights
    assert memory.fixed_bytes(context) == 5 * weights  # weights, gradients, the best so far, two of AdamW


@pytest.mark.parametrize(
    ("free", "batch", "accumulate", "verdict", "option"),
    [
        (10**10, 32, 1, "good", ""),
        (4 * 10**5, 64, 1, "stop", "--accumulate 4"),
        (8 * 10**5, 64, 1, "look at this", "--accumulate 2"),  # the least of a step would fit
        (4 * 10**5, 64, 4, "good", ""),
        (10**4, 64, 1, "stop", "--size or --model"),
    ],
)
def test_too_large_a_batch_is_named(put_together, monkeypatch, free, batch, accumulate, verdict, option):
    context, objective, _ = put_together(model="pixels", batch=batch, accumulate=accumulate)
    monkeypatch.setattr(memory, "available", lambda: free)
    monkeypatch.setattr(memory, "picture_bytes", lambda *_: 15_000.0)
    found = memory.memory(context, objective, tries=False)
    assert (found.verdict, found.option) == (verdict, option), found


def test_on_a_gpu_a_batch_is_computed_in_parts():
    found = memory.judge_batch(128, 1, 32, False, "a step", "each batch would be computed in parts", certain=False)
    assert found.verdict == "look at this" and found.option == "--accumulate 4"


def test_free_memory_is_known_here_or_zero(monkeypatch):
    assert machine.available() >= 0
    monkeypatch.setattr(machine, "_of_system", lambda: None)
    monkeypatch.setattr(machine, "_of_group", lambda: None)
    assert machine.available() == 0
    monkeypatch.setattr(machine, "_of_group", lambda: 5)
    assert machine.available() == 5


def test_the_cache_and_the_disk(put_together, monkeypatch, tmp_path):
    context, _, splits = put_together()
    assert "in memory" in memory.picture_cache(context, splits).words  # arrays
    assert memory.disk(context, tmp_path / "not" / "there").verdict == "good"
    monkeypatch.setattr(memory.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})())
    full = memory.disk(context, tmp_path)
    assert full.verdict == "stop" and full.option == "--out"


@pytest.mark.parametrize(("cache", "verdict"), [("auto", "look at this"), ("disk", "stop"), ("off", "look at this")])
def test_a_cache_without_room(put_together, scans, monkeypatch, cache, verdict):
    context, _, splits = put_together(data=scans, cache="auto")
    monkeypatch.setattr(memory, "room", lambda: 10.0)
    monkeypatch.setattr(memory, "IN_MEMORY", 10)
    object.__setattr__(context.recipe, "cache", cache)
    assert memory.picture_cache(context, splits).verdict == verdict


@pytest.fixture
def scans(tmp_path):
    from tests.pictures import digit_folder

    return digit_folder(tmp_path / "scans", per_class=10, classes=3)


def test_features_of_a_million_pictures(put_together, monkeypatch):
    context, _, _ = put_together()
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    width = context.state.model.head.in_features
    assert isinstance(context.state.model.head, nn.Linear) and memory.features_memory(context, 1000).verdict == "good"
    assert memory.features_memory(context, int(1e9 / width / 20)).verdict == "stop"


def test_every_optimizer_has_its_tensors_counted():
    assert set(memory.SLOTS) == set(OPTIMIZERS)
