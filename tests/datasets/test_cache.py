"""The cache of decoded pictures: keys, checksums, room, and files left by killed processes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.base import room
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.base.files import cache_folder
from clearsight.datasets import cache, loader
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.images import jpeg
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_folder

TO = Preprocessing(channels=1, height=12, width=10, mean=(0.5,), std=(0.5,))


@pytest.fixture
def data(tmp_path):
    return open_dataset(digit_folder(tmp_path / "scans", per_class=20, classes=3)).parts["all"]


def one_by_one(data, preprocessing=TO):
    return torch.stack([preprocessing.load(data.source(i)) for i in range(len(data))])


def test_the_second_time_nothing_is_decoded_and_a_changed_file_is_seen(data, monkeypatch):
    first = load(data, TO, cache="disk", quiet=True)
    with monkeypatch.context() as patch:
        patch.setattr(Preprocessing, "load", lambda *_: pytest.fail("decoded again"))
        assert torch.equal(load(data, TO, cache="disk", quiet=True).batch(torch.arange(60)), first.batch(torch.arange(60)))
    path = data.source(7)
    Image.new("L", (16, 16), 77).save(path)
    os.utime(path, ns=(1, 1))
    assert (load(data, TO, cache="disk", quiet=True).batch(torch.tensor([7])) == 77).all()


def test_a_cut_cache_file_is_made_again(data):
    load(data, TO, cache="disk", quiet=True)
    (file,) = (cache_folder() / "pictures").iterdir()
    file.write_bytes(file.read_bytes()[:-100])
    assert torch.equal(load(data, TO, cache="disk", quiet=True).batch(torch.arange(60)), one_by_one(data))


def test_what_a_killed_process_was_decoding_into_is_swept(data):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    alive = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    folder, here = cache_folder() / "pictures", cache.HERE
    folder.mkdir(parents=True)
    names = [f"a.{here}.{gone.pid}.tmp", f"a.{here}.{alive.pid}.tmp", f"a.elsewhere.{gone.pid}.tmp", f"a.{here}.x.tmp", "a.npy"]
    for name in names:
        (folder / name).write_text("half")
    load(data, TO, cache="disk", quiet=True)
    assert {path.name for path in folder.iterdir() if path.suffix != ".pictures"} == set(names[1:])
    assert (folder / "a.npy").exists()
    alive.communicate()
    assert alive.returncode == 0  # asked whether it lives, and no more


def pictures_kept():
    return sorted((cache_folder() / "pictures").glob("*.pictures"))


def test_the_cache_knows_pictures_and_not_parts_seeds_or_sets(data, monkeypatch):
    wanted, decoded, decode = one_by_one(data), [], Preprocessing.load
    monkeypatch.setattr(Preprocessing, "load", lambda self, source: decoded.append(source) or decode(self, source))
    orders = [np.random.default_rng(seed).permutation(60) for seed in range(3)]
    for chosen, new in ((orders[0][:40], 40), (orders[1][:40], None), (orders[2], None), (np.array([3, 3, 5]), 0)):
        seen = len(decoded)
        pictures = load(data.subset(chosen), TO, quiet=True)
        assert new is None or len(decoded) - seen == new
        assert torch.equal(pictures.batch(torch.arange(len(chosen))), wanted[chosen])
        shuffled = torch.randperm(len(chosen))
        assert torch.equal(pictures.batch(shuffled), wanted[chosen][shuffled])
    assert len(decoded) == 60  # each once
    assert len(pictures_kept()) == 3
    assert (load(data, replace(TO, antialias=False), quiet=True).batch(torch.arange(60)).shape) == (60, 1, 12, 10)
    assert len(decoded) == 120  # fitted in another way, it is another picture


def test_a_picture_twice_in_a_set_is_decoded_once(data):
    twice = data.subset(np.array([1, 0, 1, 1]))
    assert torch.equal(load(twice, TO, quiet=True).batch(torch.arange(4)), one_by_one(data)[[1, 0, 1, 1]])
    assert pictures_kept()[0].stat().st_size == 2 * (16 + 8 + 120)


def test_what_is_unused_for_longest_makes_room_and_it_is_said(data, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", str(50 * 144 / 1e9))
    parts = [data.subset(np.arange(start, start + 20)) for start in (0, 20, 40)]
    first, second = (load(part, TO, quiet=True) for part in parts[:2])
    assert "made room" not in first.note + second.note
    for path, age in zip(pictures_kept(), (9, 9), strict=True):
        os.utime(path, ns=(age, age))
    load(parts[0], TO, quiet=True)  # used: the other one is now the older
    third = load(parts[2], TO, quiet=True)
    assert "1 files unused for longest (0.0 MB) made room" in third.note
    assert torch.equal(second.batch(torch.arange(20)), one_by_one(parts[1]))  # still mapped
    with monkeypatch.context() as patch:
        patch.setattr(Preprocessing, "load", lambda *_: pytest.fail("decoded again"))
        load(parts[0], TO, quiet=True)
        load(parts[2], TO, quiet=True)
    whole = load(data, TO, quiet=True)  # 20 more: what it needs itself does not make room for it
    assert "decoded into memory" in whole.note and "the limit is 0.0 MB" in whole.note
    assert len(pictures_kept()) == 2
    with pytest.raises(ClearsightError, match=r"no room for 0\.0 MB more.*CLEARSIGHT_CACHE_GB"):
        load(data, TO, cache="disk", quiet=True)
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", "lots")
    with pytest.raises(UsageError, match="CLEARSIGHT_CACHE_GB must be a number of gigabytes"):
        load(data, TO, quiet=True)


def test_without_a_limit_it_is_half_of_what_the_disk_could_give(data, monkeypatch):
    load(data.subset(np.arange(20)), TO, quiet=True)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=30 * 144))
    load(data.subset(np.arange(20, 25)), TO, quiet=True)  # 25 of 50
    assert len(pictures_kept()) == 2
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=25 * 144))
    load(data.subset(np.arange(25, 26)), TO, quiet=True)
    assert [path.stem.rpartition("-")[2] for path in pictures_kept()].count("20") == 0


def test_a_cache_file_cut_by_whole_pictures_is_not_believed(data):
    load(data, TO, quiet=True)
    (path,) = pictures_kept()
    path.write_bytes(path.read_bytes()[:-144])
    assert torch.equal(load(data, TO, quiet=True).batch(torch.arange(60)), one_by_one(data))


@pytest.mark.parametrize("side", [8, 7])  # rows of whole words, and not
def test_bytes_that_were_overwritten_are_decoded_again(data, side):
    fit = replace(TO, height=side, width=side)
    wanted, draw = one_by_one(data, fit), np.random.default_rng(side)
    for damage in range(12):
        load(data, fit, quiet=True)
        (path,) = pictures_kept()
        whole = bytearray(path.read_bytes())
        match damage % 4:
            case 0:  # a bit
                whole[60 * 24 + draw.integers(len(whole) - 60 * 24)] ^= 1 << int(draw.integers(8))
            case 1:  # anything, anywhere: keys and checksums too
                start = int(draw.integers(len(whole) - 300))
                whole[start : start + 300] = draw.bytes(300)
            case 2:  # zeros, over the checksums as well
                whole[60 * 16 :] = bytes(len(whole) - 60 * 16)
            case _:  # one picture in the place of another, with its checksum
                size = side * side
                whole[60 * 24 : 60 * 24 + size] = whole[60 * 24 + size : 60 * 24 + 2 * size]
                whole[60 * 16 : 60 * 16 + 8] = whole[60 * 16 + 8 : 60 * 16 + 16]
        path.write_bytes(whole)
        pictures = load(data, fit, quiet=True)
        for _ in range(2):
            assert torch.equal(torch.cat(list(pictures.batches(torch.arange(60).split(7)))), wanted)
        for kept in pictures_kept():  # what is damaged is gone; a key that was overwritten has had its picture decoded
            kept.unlink()


def test_what_is_damaged_makes_room_for_what_is_not(data, monkeypatch):
    load(data, TO, quiet=True)
    (path,) = pictures_kept()
    path.write_bytes(path.read_bytes()[:-5] + b"abcde")
    pictures = load(data, TO, quiet=True)
    assert torch.equal(pictures.batch(torch.arange(50)), one_by_one(data)[:50]) and path.exists()
    assert torch.equal(pictures.batch(torch.arange(60)), one_by_one(data)) and not path.exists()
    load(data, TO, quiet=True)
    monkeypatch.setattr(Preprocessing, "load", lambda *_: pytest.fail("decoded again"))
    assert len(load(data, TO, quiet=True).batch(torch.arange(60))) == 60


def test_a_picture_is_looked_at_once(data, monkeypatch):
    load(data, TO, quiet=True)
    looked, sums = [], loader.checksums
    monkeypatch.setattr(loader, "checksums", lambda pictures: looked.append(len(pictures)) or sums(pictures))
    pictures = load(data, TO, quiet=True)
    for _ in range(3):
        for indices in torch.randperm(60).split(20):
            pictures.batch(indices)
    assert looked == [20, 20, 20]


@pytest.mark.parametrize("how", ["in place", "another file"])
def test_a_picture_of_the_same_size_and_time_is_another_picture(data, how, tmp_path):
    path = Path(str(data.source(7))).with_suffix(".bmp")
    Image.new("L", (16, 16), 50).save(path)
    files = replace(data, paths=np.array([str(path)], dtype=object), labels=data.labels[:1], names=data.names[:1])
    assert (load(files, TO, quiet=True).batch(torch.tensor([0])) == 50).all()
    before = path.stat()
    if how == "in place":
        Image.new("L", (16, 16), 200).save(path)
    else:
        Image.new("L", (16, 16), 200).save(tmp_path / "other.bmp")
        os.replace(tmp_path / "other.bmp", path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert (load(files, TO, quiet=True).batch(torch.tensor([0])) == 200).all()


@pytest.mark.parametrize("other", [None, SimpleNamespace(__version__="0.2")])
def test_another_decoder_decodes_again(data, monkeypatch, other):
    monkeypatch.setattr(jpeg, "simplejpeg", SimpleNamespace(__version__="0.1"))
    load(data, TO, quiet=True)
    monkeypatch.setattr(jpeg, "simplejpeg", other)
    load(data, TO, quiet=True)
    monkeypatch.setattr(jpeg.PIL, "__version__", "1.0")
    load(data, TO, quiet=True)
    assert len(pictures_kept()) == 3


@pytest.mark.skipif(os.name != "posix", reason="permissions")
@pytest.mark.parametrize("older", [False, True])
def test_nobody_else_sees_the_pictures(data, older, monkeypatch):
    mask = os.umask(0)
    try:
        if older:  # as earlier versions made it
            (cache_folder() / "pictures").mkdir(parents=True)
        modes, write = [], cache._reserve
        monkeypatch.setattr(cache, "_reserve", lambda path, size: (write(path, size), modes.append(path.stat().st_mode & 0o777)))
        load(data, TO, quiet=True)
    finally:
        os.umask(mask)
    assert (cache_folder() / "pictures").stat().st_mode & 0o777 == 0o700
    assert modes == [0o600] == [path.stat().st_mode & 0o777 for path in pictures_kept()]


def test_what_others_left_in_the_folder_is_neither_read_nor_removed(data, monkeypatch):
    load(data, TO, quiet=True)
    folder, (path,) = cache_folder() / "pictures", pictures_kept()
    kind = path.name[:12]
    strange = ["notes.txt", *(f"{kind}-{end}" for end in ("x-foo.pictures", f"{'0' * 16}-{'9' * 40}.pictures", "2.bak", ".tmp"))]
    for name in strange:
        (folder / name).write_bytes(bytes(500))
    (folder / f"{kind}-{'1' * 16}-0.pictures").touch()
    (folder / f"{kind}-{'2' * 16}-3.pictures").mkdir()
    (folder / f"{kind}-{'3' * 16}-3.pictures").symlink_to("nothing")
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", str(60 * 144 / 1e9))
    assert torch.equal(load(data, TO, quiet=True).batch(torch.arange(60)), one_by_one(data))
    smaller = replace(TO, height=6, width=6)
    assert torch.equal(load(data, smaller, quiet=True).batch(torch.arange(60)), one_by_one(data, smaller))
    assert not path.exists()  # our own made room, theirs did not
    assert all((folder / name).stat().st_size == 500 for name in strange)


def test_a_reserved_file_is_private_and_its_descriptor_given_back(tmp_path):
    def free():
        handle = os.open(os.devnull, os.O_RDONLY)
        os.close(handle)
        return handle

    before = free()
    cache._reserve(tmp_path / "file", 5000)
    assert free() == before
    status = (tmp_path / "file").stat()
    assert (status.st_size, oct(status.st_mode & 0o777)) == (5000, "0o600")
