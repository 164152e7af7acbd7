"""Reading of shards in a store: opened by their indexes or headers, each once an epoch by blocks, few pictures by themselves."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.base.errors import ClearsightError
from clearsight.base.remote import downloads, store
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards import ahead, headers, index, remote
from clearsight.datasets.shards.index import BESIDE
from clearsight.datasets.shards.reading import read, shard_at
from clearsight.datasets.shards.writing import pack
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.compose import compose
from clearsight.training.blocks import arranged, settled
from tests.datasets.shards.tars import samples, tar
from tests.pictures import digit_folder

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


def test_a_picture_of_a_shard_that_has_changed_is_refused(s3, monkeypatch):
    store.write(f"{s3.folder}/large.tar", bytes(50_000))
    shard = shard_at(f"{s3.folder}/large.tar")
    assert read(shard, 0, 100) == bytes(100)
    store.write(f"{s3.folder}/large.tar", bytes(range(250)) * 200)
    with pytest.raises(ClearsightError, match=r"large\.tar: it has changed since it was listed"):
        read(shard, 200, 100)


@pytest.fixture
def noise(tmp_path):
    """A folder of pictures of 48 kB in two classes, whose bytes do not compress."""
    for k in range(40):
        pixels = np.random.default_rng(k).integers(0, 256, (128, 128, 3), np.uint8)
        (tmp_path / "noise" / "ab"[k % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "noise" / "ab"[k % 2] / f"{k}.png")
    return tmp_path / "noise"


def uploaded(folder, address, *, without=()):
    for path in sorted(folder.iterdir()):
        if path.suffix not in without:
            store.write(f"{address}/{path.name}", path.read_bytes())


def opened(address, s3, tmp_path, monkeypatch, name):
    """The data at an address as a machine that has nothing of it opens it, and the bytes that were sent."""
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / name))
    s3.sent = 0
    return open_dataset(address)["all"], s3.sent


def test_packed_shards_are_opened_and_divided_by_their_indexes_alone(noise, s3, tmp_path, monkeypatch):
    made = pack(open_dataset(noise), tmp_path / "shards", size=1_000_000, quiet=True)
    uploaded(tmp_path / "shards", f"{s3.folder}/a")
    uploaded(tmp_path / "shards", f"{s3.folder}/b", without=(BESIDE,))
    size = sum(shard.bytes for shard in made.shards)
    known, sent = opened(f"{s3.folder}/a", s3, tmp_path, monkeypatch, "index")
    assert not list((tmp_path / "index").rglob("*.file"))
    some = known.subset([3, 17])
    pictures = load(some, Preprocessing(3, 8, 8, fit="stretch"), quiet=True)
    lengths = int(some.spans["length"].sum())
    assert s3.sent < sent + lengths + 3_000 and not list((tmp_path / "index").rglob("*.file"))
    whole, before = opened(f"{s3.folder}/b", s3, tmp_path, monkeypatch, "shards")
    assert sent < 0.02 * size < size < before, (sent, before, size)
    for name in ("labels", "digests", "spans"):
        assert np.array_equal(getattr(known, name), getattr(whole, name)), name
    assert list(known.names) == list(whole.names) and known.classes == whole.classes
    assert torch.equal(
        pictures.batch(torch.arange(2)), load(whole.subset([3, 17]), Preprocessing(3, 8, 8, fit="stretch")).batch(torch.arange(2))
    )


def test_an_index_of_another_shard_is_not_used(tmp_path, s3, monkeypatch):
    made = pack(open_dataset(digit_folder(tmp_path / "digits", per_class=5, classes=2)), tmp_path / "shards", quiet=True)
    uploaded(tmp_path / "shards", s3.folder)
    name = made.shards[0].name
    good = (tmp_path / "shards" / (name + BESIDE)).read_bytes()
    content = (tmp_path / "shards" / name).read_bytes()
    for k, (tar_, beside) in enumerate(
        [(content, good[:-9]), (content, b"{}"), (content[:-1] + b"\1", good), (content + bytes(10240), good)]
    ):
        store.write(f"{s3.folder}/{name}", tar_)
        store.write(f"{s3.folder}/{name}{BESIDE}", beside)
        data, sent = opened(s3.folder, s3, tmp_path, monkeypatch, f"cache-{k}")
        assert len(data) == 10 and sent > len(content), k  # the shard itself was read


def foreign(path, sizes):
    """A shard as others write it, with pictures of `sizes` bytes and a label next to each, and its bytes."""
    files = {}
    for k, size in enumerate(sizes):
        files |= {f"{k:05}.jpg": np.random.default_rng(k).bytes(size), f"{k:05}.cls": str(k % 3).encode()}
    return tar(path, files).read_bytes()


def test_an_index_of_the_same_pictures_in_another_order_is_not_used(tmp_path, s3, monkeypatch):
    """The shards were packed again and uploaded in parts, so that the store has no MD5 of them; their size is as before."""
    monkeypatch.setattr(index, "MD5", re.compile("never"))
    digits = open_dataset(digit_folder(tmp_path / "digits", per_class=5, classes=2))
    (old,), (new,) = (pack(digits, tmp_path / f"shards-{seed}", seed=seed, quiet=True).shards for seed in (0, 1))
    beside = (tmp_path / "shards-0" / (old.name + BESIDE)).read_bytes()
    for seed in (0, 1):
        content = (tmp_path / f"shards-{seed}" / new.name).read_bytes()
        store.write(f"{s3.folder}/{new.name}", content)
        store.write(f"{s3.folder}/{new.name}{BESIDE}", beside)
        data, _ = opened(s3.folder, s3, tmp_path, monkeypatch, f"cache-{seed}")
        assert old.bytes == new.bytes == len(content) and bool(list((tmp_path / f"cache-{seed}").rglob("*.file"))) is bool(seed)
        here = open_dataset(tmp_path / f"shards-{seed}" / new.name)["all"]
        assert data.labels.tolist() == here.labels.tolist() and data.digests.tolist() == here.digests.tolist()


def test_of_other_shards_with_large_pictures_the_headers_alone_are_read(s3, tmp_path, monkeypatch):
    monkeypatch.setattr(headers, "LARGE", 30_000)
    store.write(f"{s3.folder}/foreign.tar", content := foreign(tmp_path / "foreign.tar", [60_000] * 12))
    found, sent = opened(s3.folder, s3, tmp_path, monkeypatch, "ranges")
    assert not list((tmp_path / "ranges").rglob("*.file")) and sent < 0.1 * len(content)  # 4 kB a picture
    here = open_dataset(tmp_path / "foreign.tar")["all"]
    assert np.array_equal(found.spans, here.spans) and list(found.names) == list(here.names) and found.counts().tolist() == [4, 4, 4]
    monkeypatch.setattr(headers, "LARGE", 200_000)  # a shard of few requests is read whole
    assert opened(s3.folder, s3, tmp_path, monkeypatch, "small")[1] > len(content)
    monkeypatch.setattr(headers, "LARGE", 30_000)
    store.write(f"{s3.folder}/foreign.tar", content := foreign(tmp_path / "mixed.tar", [60_000] * 12 + [900] * 500))
    found, sent = opened(s3.folder, s3, tmp_path, monkeypatch, "mixed")
    assert len(content) < sent < 1.1 * len(content) and len(list((tmp_path / "mixed").rglob("*.file"))) == 1
    assert np.array_equal(found.spans, open_dataset(tmp_path / "mixed.tar")["all"].spans)


def test_headers_of_a_shard_that_is_replaced_meanwhile_are_not_used(s3, tmp_path, monkeypatch):
    monkeypatch.setattr(headers, "LARGE", 30_000)
    address = f"{s3.folder}/foreign.tar"
    store.write(address, foreign(tmp_path / "foreign.tar", [60_000] * 12))
    other, real = foreign(tmp_path / "other.tar", [60_001] * 12), headers.read_range

    def meanwhile(shard, offset, length):
        found = real(shard, offset, length)
        if offset > 200_000:
            store.write(address, other)
        return found

    monkeypatch.setattr(headers, "read_range", meanwhile)
    with pytest.raises(ClearsightError, match=r"foreign\.tar: it has changed since it was listed"):
        open_dataset(address)
    assert len(open_dataset(address)["all"].names) == 12


@pytest.mark.parametrize(("size", "n"), [(1_000, 400), (30_000, 60), (300_000, 20)])
def test_opening_and_a_pass_over_shards_without_an_index_cost_hardly_more_than_their_bytes(size, n, s3, tmp_path, monkeypatch):
    total = 0
    for k in range(2):
        content = foreign(tmp_path / f"{k}.tar", [size] * n)
        store.write(f"{s3.folder}/{k}.tar", content)
        total += len(content)
    data, before = opened(s3.folder, s3, tmp_path, monkeypatch, "cache")
    places = np.random.default_rng(0).permutation(2 * n)
    passed = [data.source(int(k)).read() for k in places]
    assert total <= s3.sent <= 1.2 * total, (before / total, s3.sent / total)
    here = open_dataset(str(tmp_path / "{0,1}.tar"))["all"]
    assert passed == [here.source(int(k)).read() for k in places]
    sent, again = s3.sent, open_dataset(s3.folder)["all"]
    assert [again.source(int(k)).read() for k in places] == passed and s3.sent < sent + 2_000  # a listing


def test_little_of_a_set_is_read_by_itself_however_many_pictures(s3, tmp_path, monkeypatch):
    path = tar(tmp_path / "made.tar", samples(0, 200))
    store.write(f"{s3.folder}/made.tar", path.read_bytes())
    monkeypatch.setattr(downloads, "_known", {})
    monkeypatch.setattr(remote, "FEW", 0)
    monkeypatch.setattr(ahead, "LITTLE", 0.01)  # of a tar of tiny pictures nearly all is padding
    data = open_dataset(f"{s3.folder}/made.tar")["all"]
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "other"))
    few, many = data.subset(np.arange(12)), data.subset(np.arange(150))
    s3.sent = 0
    load(few, Preprocessing(3, 8, 8, fit="stretch"), quiet=True)
    assert s3.sent == int(few.spans["length"].sum())
    monkeypatch.setattr(remote, "sparse", set())
    load(many, Preprocessing(3, 8, 8, fit="stretch"), quiet=True)
    assert s3.sent > path.stat().st_size
