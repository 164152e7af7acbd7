"""Shards are downloaded in the order in which they are needed, a bounded number ahead, and never for shards of this machine."""

import threading

import numpy as np
import torch

from clearsight.datasets.dataset import Dataset, objects
from clearsight.datasets.shards import ahead
from clearsight.datasets.shards.open import SPANS
from clearsight.datasets.shards.reading import Shard


def dataset(home):
    spans = np.zeros(12, SPANS)
    spans["shard"] = np.repeat(range(6), 2)
    shards = tuple(Shard(f"{home}/{k}.tar", 1000, str(k)) for k in range(6))
    return Dataset(("a",), np.zeros(12, np.int64), objects(map(str, range(12))), spans=spans, shards=shards)


def test_shards_are_asked_for_in_their_order_and_no_further_than_allowed(monkeypatch):
    asked, lock = [], threading.Lock()

    def bring(shard):
        with lock:
            asked.append(shard.state)

    monkeypatch.setattr(ahead, "bring", bring)
    monkeypatch.setattr(ahead, "at_once", lambda size: 2)
    monkeypatch.setattr(ahead, "THREADS", 1)
    batches = [torch.tensor([10, 11]), torch.tensor([10, 2]), torch.tensor([0, 4]), torch.tensor([6, 8])]
    one = ahead.Ahead(dataset("s3://bucket"), batches)
    counts = []
    for place in range(4):
        one.begin(place)
        one._pool.submit(int).result()
        counts.append(len(asked))
    one.close()
    assert asked == ["5", "1", "0", "2", "3", "4"] and counts == [3, 4, 6, 6]
    asked.clear()
    here = ahead.Ahead(dataset("shards"), batches)
    here.begin(3)
    here.close()
    assert not asked
