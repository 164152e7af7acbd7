"""The order by blocks: every picture once, shards together, the same for any number of processes, and chosen for stores alone."""

import numpy as np
import pytest
import torch

from clearsight.base.compute.distributed import ProcessGroup
from clearsight.base.errors import UsageError
from clearsight.base.randomness import permutation
from clearsight.datasets.dataset import Dataset, objects
from clearsight.datasets.loader import Held, Streamed
from clearsight.datasets.shards.open import SPANS
from clearsight.datasets.shards.reading import Shard
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.compose import compose
from clearsight.training import blocks as module
from clearsight.training.blocks import arranged, blocks_of, described, settled, windows
from clearsight.training.order import batches
from tests.training.objectives.made import made_of

BLOCKS = torch.from_numpy(np.repeat(range(10), [7, 1, 20, 3, 9, 9, 9, 30, 2, 10]))
LABELS = torch.arange(100) % 4
MB = 10**6


def test_every_picture_comes_once_window_by_window():
    order = arranged(BLOCKS, 3, 5, 2)
    assert order.sort().values.tolist() == list(range(100))
    of = windows(BLOCKS, 3, 5, 2)
    assert of[order].tolist() == sorted(of.tolist())
    assert [len(BLOCKS[of == k].unique()) for k in range(4)] == [3, 3, 3, 1]
    first = order[: int((of == 0).sum())]
    assert first.tolist() != first.sort().values.tolist() and len(BLOCKS[first[:8]].unique()) > 1  # shuffled over its shards
    assert not torch.equal(order, arranged(BLOCKS, 3, 5, 3)) and torch.equal(order, arranged(BLOCKS, 3, 5, 2))
    assert not torch.equal(windows(BLOCKS, 3, 5, 2), windows(BLOCKS, 3, 5, 3))


def test_one_window_of_all_shards_is_the_order_over_all_pictures():
    assert torch.equal(arranged(BLOCKS, 10, 5, 2), permutation(5, 2, 100))


@pytest.mark.parametrize("settings", [{}, {"sampler": "balanced"}, {"aug_repeats": 2}])
def test_batches_are_the_same_for_any_number_of_processes_which_need_few_shards(settings):
    context, _ = made_of(batch=40, shuffle="all", **settings)
    n = len(context.train)
    object.__setattr__(context.recipe, "shuffle", "blocks:6")
    context.blocks = torch.arange(n) * 18 // n
    alone = batches(context)
    context.group = ProcessGroup(0, 3)
    together = batches(context)
    assert [step.sort().values.tolist() for step in alone] == [step.sort().values.tolist() for step in together]
    for step in together:
        parts = [step.tensor_split(3)[rank] for rank in range(3)]
        assert sum(map(len, parts)) == len(step)
        shards = [len(context.blocks[part % n].unique()) for part in parts]
        assert sum(shards) <= len(context.blocks[step % n].unique()) + 2  # only those at a border are needed twice


def dataset(address, shards=4):
    spans = np.zeros(shards * 5, SPANS)
    spans["shard"] = np.repeat(range(shards), 5)
    made = tuple(Shard(f"{address}/{k}.tar", 100 * MB, f"{k}") for k in range(shards))
    return Dataset(("a",), np.zeros(shards * 5, np.int64), objects(map(str, range(shards * 5))), spans=spans, shards=made)


def streamed(data):
    return Streamed(data, Preprocessing(3, 8, 8), 1, torch.zeros(len(data), dtype=torch.int64))


@pytest.mark.parametrize(("room", "words"), [("100", "blocks:16"), ("1.1", "blocks:5"), ("0.1", "blocks:1")])
def test_the_order_follows_where_the_pictures_are(room, words, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", room)
    recipe = compose({})
    assert settled(recipe, streamed(dataset("s3://bucket"))).shuffle == words
    assert settled(recipe, streamed(dataset("shards"))).shuffle == "all"
    assert settled(recipe, Held([torch.zeros(1)], torch.zeros(1))).shuffle == "all"
    asked = compose({"shuffle": "blocks:2"})
    assert settled(asked, streamed(dataset("shards"))) is asked


def test_blocks_are_shards_and_nothing_else():
    assert blocks_of(compose({}), dataset("s3://bucket")) is None  # runs that were begun before there was a choice
    assert blocks_of(compose({"shuffle": "blocks:2"}), dataset("shards")).tolist() == [k // 5 for k in range(20)]
    with pytest.raises(UsageError, match="--shuffle blocks:2 is for pictures in tar shards"):
        made_of(shuffle="blocks:2")


def test_the_cost_in_shuffling_is_told():
    recipe = compose({"shuffle": "blocks:2"})
    said = described(BLOCKS, LABELS, recipe)
    assert said == (
        "order by blocks: 2 of 10 shards at a time, about 20 pictures with 4.0 classes (3.9 in an order over all); pictures of one shard "
        "stay near each other"
    )
    assert "\nwarning: shards are in the order of their classes" in described(BLOCKS, BLOCKS, recipe)


@pytest.mark.parametrize("seen", [1, 2, 4, 64])
def test_the_first_windows_are_described(seen, monkeypatch):
    monkeypatch.setattr(module, "SEEN", seen)
    of = windows(BLOCKS, 3, 5, 0)
    rows = [LABELS[of == k] for k in range(min(seen, int(of.max()) + 1))]
    found = module.classes_of(BLOCKS, LABELS, 3, 5)
    assert found["pictures"] == pytest.approx(np.mean([len(row) for row in rows]))
    assert found["classes"] == pytest.approx(np.mean([len(row.unique()) for row in rows]))
    assert found["expected"] == pytest.approx(np.mean([4 * (1 - 0.75 ** len(row)) for row in rows]))
