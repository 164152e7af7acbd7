"""Memory: bytes by hand, the largest batch by doubling with a stub that runs out, and what is said where nothing fits."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from clearsight.base.compute import memory as machine
from clearsight.images.preprocess import Preprocessing
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
    fitting = int((0.85e9 - memory.weights_bytes(context)) / (width * 20))  # float32 once and float64 twice, within 85 %
    assert [memory.features_memory(context, n).verdict for n in (fitting - 1, fitting + 1)] == ["good", "stop"]


def test_every_optimizer_has_its_tensors_counted():
    assert set(memory.SLOTS) == set(OPTIMIZERS)


def stub(recipe=(), bf16=False, **fields):
    """A context with what the sizes are reckoned from: 100 bytes of weights, pictures of 10 × 10 px in two bands."""
    plain = {"optimizer": "sgd", "ema": 0.0, "soup": 0, "l2sp": 0.0, "ensemble": 1, "cache": "auto", "batch": 8}
    model = SimpleNamespace(state_dict=lambda: {"weight": torch.zeros(25)}, head=SimpleNamespace(in_features=5))
    return SimpleNamespace(
        recipe=SimpleNamespace(**{**plain, **dict(recipe)}),
        state=SimpleNamespace(model=model),
        speed=SimpleNamespace(bf16=bf16),
        **{"preprocessing": Preprocessing(channels=2, height=10, width=10), "ops": (), "train": range(50), **fields},
    )


@pytest.mark.parametrize(
    ("recipe", "bf16", "copies", "written"),
    [
        ({}, False, 4, 3),
        ({"optimizer": "adamw"}, False, 5, 4),
        ({"optimizer": "lbfgs"}, False, 3, 2),
        ({}, True, 4.5, 3),
        ({"ema": 0.9}, False, 5, 4),
        ({"soup": 1}, False, 5, 4),
        ({"l2sp": 0.1}, False, 5, 4),
        ({"ema": 0.9, "soup": 3, "l2sp": 0.1}, True, 7.5, 6),
    ],
)
def test_copies_of_the_weights(tmp_path, recipe, bf16, copies, written):
    """100 bytes of weights: what a training keeps, and what its checkpoints (one more while it is written) and its artefact take."""
    context = stub(recipe, bf16)
    assert memory.fixed_bytes(context) == 100 * copies
    assert memory.disk(context, tmp_path).figures["bytes"] == 100 * ((memory.KEEP + 1) * written + 1)
    twice = stub({**recipe, "ensemble": 2})
    assert memory.disk(twice, tmp_path).figures["bytes"] == 200 * ((memory.KEEP + 1) * written + 1)


def test_a_disk_with_just_enough_room(tmp_path, monkeypatch):
    need = memory.disk(stub(), tmp_path).figures["bytes"]
    verdicts = []
    for free in (need, need - 1):
        monkeypatch.setattr(memory.shutil, "disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        found = memory.disk(stub(), tmp_path)
        verdicts.append((found.verdict, found.option))
    assert verdicts == [("good", ""), ("stop", "--out")]


def test_a_step_may_fill_85_percent_of_the_free_memory():
    fits = memory.fits_by_bytes(stub(), 45.0, 1000)  # 400 bytes are always kept
    assert fits(10) and not fits(11)


@pytest.mark.parametrize(("pictures", "bytes_"), [(50, 15), (6, 15), (4, 15), (2, 1.5 * 120 / 2)])
def test_what_a_picture_adds_to_a_step(monkeypatch, pictures, bytes_):
    """A step on n pictures keeps 100 + 10 n bytes; of two pictures alone nothing tells which part grows."""
    monkeypatch.setattr(memory, "Trial", lambda *_: None)
    monkeypatch.setattr(memory, "batch_of", lambda context, n: min(n, len(context.train)))
    monkeypatch.setattr(memory, "_kept", lambda trial, n: 100 + 10 * n)
    assert memory.picture_bytes(stub(train=range(pictures)), None) == bytes_


@pytest.mark.parametrize(
    ("most", "certain", "verdict", "words", "option"),
    [
        (33, False, "look at this", "33 fit at once; the end", "--accumulate 4"),
        (32, True, "stop", "32 fit at once; the end", "--accumulate 4"),
        (2, True, "stop", "2 fit at once; the end", "--accumulate 64"),
        (1, True, "stop", "not even two pictures fit", "--size or --model"),
        (0, False, "look at this", "not even two pictures fit", "--size or --model"),
    ],
)
def test_a_batch_of_128_that_does_not_fit(most, certain, verdict, words, option):
    found = memory.judge_batch(128, 2, most, False, "a step", "the end", certain=certain)
    assert (found.verdict, found.option) == (verdict, option) and found.words.endswith(words)
    assert found.figures == {"batch": 128, "accumulate": 2, "largest": most}


@pytest.mark.parametrize(("most", "words"), [(2048, "fits is 2,048"), (4096, "fits is at least 4,096")])
def test_larger_batches_than_4096_are_not_tried(most, words):
    assert memory.judge_batch(32, 1, most, True, "a step", "", certain=False).words.endswith(words)


@pytest.mark.parametrize(
    ("kind", "free", "tries", "batch", "parts", "verdict", "words"),
    [
        ("cpu", 0, False, 8, 1, "good", "the free memory is not known here"),
        ("cpu", 10**9, True, 8, 3, "good", "a step on 3 pictures"),
        ("cpu", 10**9, False, 200, 1, "good", "a step on 50 pictures"),  # there are no more
        ("cpu", 1000, False, 32, 1, "look at this", "the system may end the training"),
        ("cpu", 600, False, 32, 1, "stop", "the system may end the training"),
        ("cuda", 600, False, 32, 1, "look at this", "each batch would be computed in parts"),
        ("cuda", 600, True, 32, 1, "good", "the largest batch that fits is at least 4,096"),  # by trying all fit
    ],
)
def test_a_step_of_15_bytes_a_picture(monkeypatch, kind, free, tries, batch, parts, verdict, words):
    """Beside the 400 bytes that are always kept: 480 for 32 pictures, of which 320 are sure."""
    monkeypatch.setattr(memory, "available", lambda: free)
    monkeypatch.setattr(memory, "_free_on", lambda device: free)
    monkeypatch.setattr(memory, "picture_bytes", lambda *_: 15.0)
    monkeypatch.setattr(memory, "fits_by_trying", lambda *_: lambda pictures: True)
    context = stub({"batch": batch}, device=torch.device(kind), micro_batches=parts)
    found = memory.memory(context, None, tries=tries)
    assert found.verdict == verdict and words in found.words


def test_features_take_20_bytes_each(monkeypatch):
    """float32, and twice float64; beside the weights, in 85 % of the free memory."""
    monkeypatch.setattr(memory, "available", lambda: 1000)
    found = [memory.features_memory(stub(), pictures) for pictures in (7, 8)]
    assert [one.figures["bytes"] for one in found] == [800, 900] and [one.verdict for one in found] == ["good", "stop"]
    monkeypatch.setattr(memory, "available", lambda: 0)  # not known
    assert memory.features_memory(stub(), 10**6).verdict == "good"


@pytest.mark.parametrize(
    ("cache", "allowed", "free", "option"),
    [
        ("auto", 18_000, 10**9, ""),
        ("auto", 17_999, 10**9, ""),  # in memory
        ("auto", 17_999, 21_176, "--cache disk"),  # 85 % of it is less
        ("auto", 17_999, 21_177, ""),
        ("auto", 17_999, 0, ""),  # not known
        ("disk", 18_000, 10**9, ""),
        ("disk", 17_999, 10**9, "--cache off"),
        ("memory", 0, 10**9, ""),
        ("memory", 0, 100, "--cache disk"),
        ("off", 10**9, 10**9, "--size, or CLEARSIGHT_CACHE_GB"),
    ],
)
def test_where_90_pictures_of_200_bytes_are_kept(monkeypatch, cache, allowed, free, option):
    monkeypatch.setattr(memory, "room", lambda: allowed)
    monkeypatch.setattr(memory, "available", lambda: free)
    splits = SimpleNamespace(parts={"train": range(50), "val": range(30), "unlabelled": range(10), "test": range(1000)})
    found = memory.picture_cache(stub({"cache": cache}), splits)
    assert found.option == option and found.figures == {"bytes": 18_000}


def test_a_large_set_is_not_kept_in_memory_unasked(monkeypatch):
    monkeypatch.setattr(memory, "room", lambda: 0)
    monkeypatch.setattr(memory, "IN_MEMORY", 9999)
    found = memory.picture_cache(stub(), SimpleNamespace(parts={"train": range(50)}))
    assert found.verdict == "look at this" and "in every epoch" in found.words


def test_what_this_process_holds_and_does_not_use_is_free(monkeypatch):
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 100)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 40)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 5000))
    assert memory._free_on(torch.device("cuda")) == 1060


def test_a_network_without_a_linear_head_has_no_features_to_keep(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    context = stub()
    del context.state.model.head
    assert memory.features_memory(context, 50).figures == {"bytes": 100}
