"""Vectors kept on disk: found again bit for bit, and never damaged, of another key, or open to others."""

import os

import pytest
import torch

from clearsight.base.files import cache_folder
from clearsight.training.storage import vectors

KEY, OTHER = "a" * 64, "b" * 64
TABLES = {"plain": torch.randn(3, 5), "unit": torch.randn(3, 2)}


def file(key: str = KEY):
    return cache_folder() / "vectors" / f"{key}.vectors"


def test_what_is_written_is_read_bit_for_bit():
    assert vectors.read(KEY) is None
    vectors.write(KEY, TABLES)
    found = vectors.read(KEY)
    assert found is not None and all(torch.equal(found[name], table) for name, table in TABLES.items())
    assert vectors.read(OTHER) is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:], lambda data: b""])
def test_a_damaged_file_counts_as_missing_and_is_written_again(damage):
    vectors.write(KEY, TABLES)
    file().write_bytes(damage(file().read_bytes()))
    assert vectors.read(KEY) is None
    vectors.write(KEY, TABLES)
    assert vectors.read(KEY) is not None


def test_a_file_under_another_key_is_not_taken():
    vectors.write(KEY, TABLES)
    file().rename(file(OTHER))
    assert vectors.read(OTHER) is None


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_only_the_owner_can_read_them():
    vectors.write(KEY, TABLES)
    assert file().stat().st_mode & 0o777 == 0o600 and file().parent.stat().st_mode & 0o777 == 0o700


def test_the_least_recently_used_make_room(monkeypatch):
    vectors.write(KEY, TABLES)
    os.utime(file(), ns=(1, 1))
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", str(1.5 * file().stat().st_size / 1e9))
    vectors.write(OTHER, TABLES)
    assert not file().exists() and vectors.read(OTHER) is not None
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", "0")
    vectors.write(KEY, TABLES)  # no room is no error
    assert vectors.read(KEY) is None
