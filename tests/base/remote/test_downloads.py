"""Copies of remote files: whole, private, kept within the limit, downloaded again when they are damaged, continued when interrupted."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.remote import downloads, store
from clearsight.base.remote.downloads import local

DATA = os.urandom(2500)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(downloads, "BLOCK", 1000)
    monkeypatch.setattr(store, "FIRST", 0.0)
    monkeypatch.setattr(downloads, "_known", {})


@pytest.fixture
def file(s3):
    store.write(f"{s3.folder}/a.tar", DATA)
    return store.described(f"{s3.folder}/a.tar")


def test_a_copy_is_whole_private_and_made_once(file, s3):
    path = local(file)
    assert path.read_bytes() == DATA and s3.sent == len(DATA)
    assert local(file) == path and s3.sent == len(DATA)
    if os.name == "posix":
        assert [stat.S_IMODE(one.stat().st_mode) for one in (path.parent, path, path.with_suffix(".sums"))] == [0o700, 0o600, 0o600]
    assert sorted(one.suffix for one in path.parent.iterdir()) == [".file", ".sums"], "no lock and no part is left"


def test_a_damaged_copy_is_downloaded_again(file):
    path = local(file)
    path.write_bytes(DATA[:-1] + bytes([DATA[-1] ^ 1]))
    downloads._known.clear()  # as in another process
    assert local(file).read_bytes() == DATA
    path.unlink()  # removed to make room
    assert local(file).read_bytes() == DATA


def test_an_interrupted_download_continues_with_its_next_block(file, s3, monkeypatch):
    first = downloads.read

    def fails(address, offset, length):
        if offset == 2000:
            raise KeyboardInterrupt
        return first(address, offset, length)

    monkeypatch.setattr(downloads, "read", fails)
    with pytest.raises(KeyboardInterrupt):
        local(file)
    monkeypatch.setattr(downloads, "read", first)
    assert local(file).read_bytes() == DATA and s3.sent == len(DATA)


def test_a_file_that_changes_is_not_mixed(file):
    store.write(file.address, DATA[::-1])
    with pytest.raises(ClearsightError, match=r"has changed since it was listed.*Nothing of it was kept"):
        local(file)


def test_what_came_is_compared_with_the_md5_of_the_store(file, monkeypatch):
    monkeypatch.setattr(downloads, "read", lambda address, offset, length: bytes(length))
    with pytest.raises(ClearsightError, match="another MD5"):
        local(file)


def test_copies_keep_within_the_limit(s3, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", "6e-6")
    for k in range(4):
        store.write(f"{s3.folder}/{k}", DATA)
    paths = [local(store.described(f"{s3.folder}/{k}")) for k in range(4)]
    assert [path.is_file() for path in paths] == [False, False, True, True]
    other = paths[0].parent / "mine.txt"
    other.write_text("not ours")
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", "1e-6")
    with pytest.raises(ClearsightError, match=r"cannot keep s3://.* no room"):
        local(store.described(f"{s3.folder}/0"))
    assert other.is_file()


def test_copies_that_are_made_together_keep_within_the_limit(s3, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", "6e-6")
    together, write = threading.Barrier(4, timeout=30), downloads._download
    for k in range(4):
        store.write(f"{s3.folder}/{k}", DATA)
    files = [store.described(f"{s3.folder}/{k}") for k in range(4)]

    def waiting(file, path):
        together.wait()  # each has found the same room
        write(file, path)

    monkeypatch.setattr(downloads, "_download", waiting)
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(local, files))
    assert 1 <= sum(path.is_file() for path in paths) <= 2


def test_what_a_dead_process_has_left_is_removed(file):
    folder = local(file).parent
    old, new = folder / f"{'0' * 32}.part", folder / f"{'1' * 32}.part"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    downloads._sweep(folder)
    assert not old.exists() and new.exists()
