"""Reading of shards in a store: each once an epoch by blocks, few pictures by themselves, within the limit of the cache."""

import pytest
import torch

from clearsight.base.errors import ClearsightError
from clearsight.base.remote import downloads, store
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards import remote
from clearsight.datasets.shards.reading import read, shard_at
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.compose import compose
from clearsight.training.blocks import arranged, settled
from tests.datasets.shards.tars import samples, tar

SHARDS, EACH = 8, 12


@pytest.fixture
def shards(s3, tmp_path, monkeypatch):
    """The address of eight shards in a store, and their bytes, in a cache with room for five of them."""
    size = 0
    for k in range(SHARDS):
        data = tar(tmp_path / "made.tar", samples(k * EACH, EACH)).read_bytes()
        store.write(f"{s3.folder}/{k}.tar", data)
        size = len(data)
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", str(5.5 * size / 1e9))
    monkeypatch.setattr(downloads, "_known", {})
    monkeypatch.setattr(remote, "FEW", 0)
    return s3.folder, SHARDS * size


def epoch(pictures, order):
    return torch.cat([batch[:, :, 0, :2].flatten(1) for batch in pictures.batches(order.split(8))])


def test_an_epoch_by_blocks_downloads_each_shard_once_and_the_order_over_all_again_and_again(shards, s3):
    address, size = shards
    data = open_dataset(address)["all"]
    pictures = load(data, Preprocessing(3, 8, 8, fit="stretch"), cache="off", workers=2)
    assert settled(compose({}), pictures).shuffle == "blocks:2"
    blocks = torch.from_numpy(data.spans["shard"].astype("int64"))
    orders = {window: arranged(blocks, window, 0, 1) for window in (2, SHARDS)}
    sent, found = {}, {}
    for window, order in orders.items():
        s3.sent = 0
        found[window] = epoch(pictures, order)[order.argsort()]
        sent[window] = s3.sent
    assert torch.equal(found[2], found[SHARDS]) and len(found[2].unique(dim=0)) == SHARDS * EACH
    assert sent[2] <= 1.05 * size < 2 * size < sent[SHARDS]
    held = sum(path.stat().st_size for path in (downloads.cache_folder() / "remote").glob("*.file"))
    assert held <= 5.5 * size / SHARDS


def test_few_pictures_of_a_large_shard_are_read_by_themselves(s3, monkeypatch):
    content = bytes(range(256)) * 400
    store.write(f"{s3.folder}/large.tar", content)
    monkeypatch.setattr(downloads, "_known", {})
    monkeypatch.setattr(remote, "FEW", 3)
    shard = shard_at(f"{s3.folder}/large.tar")
    monkeypatch.setattr(remote, "SHARE", len(content) // 300)
    s3.sent = 0
    for k in range(3):
        assert read(shard, 1000 * k, 100) == content[1000 * k : 1000 * k + 100]
    assert s3.sent == 300
    assert read(shard, 5000, 100) == content[5000:5100] and s3.sent == 300 + len(content)
    assert read(shard, 7000, 100) == content[7000:7100] and s3.sent == 300 + len(content)


def test_a_shard_that_has_changed_is_refused_before_its_first_picture(s3, monkeypatch):
    store.write(f"{s3.folder}/large.tar", bytes(50_000))
    shard = shard_at(f"{s3.folder}/large.tar")
    store.write(f"{s3.folder}/large.tar", bytes(range(250)) * 200)
    with pytest.raises(ClearsightError, match=r"large\.tar: it has changed since it was listed"):
        read(shard, 0, 100)
