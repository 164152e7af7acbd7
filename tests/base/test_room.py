"""Room in a folder: the least recently used files of its own go first, and never those of others."""

import os
import re

import pytest

from clearsight.base.errors import UsageError
from clearsight.base.room import limit, make_room

NAME = re.compile(r"\d\.x")


def test_the_least_recently_used_go(tmp_path, monkeypatch):
    for k in range(4):
        (tmp_path / f"{k}.x").write_bytes(bytes(100))
        os.utime(tmp_path / f"{k}.x", (k, k))
    (tmp_path / "mine").write_bytes(bytes(1000))
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", "4.5e-7")
    note = make_room(tmp_path, 200, NAME, {tmp_path / "0.x"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.x", "3.x", "mine"] and "2 files unused for longest" in note
    assert make_room(tmp_path, 200, NAME) == ""
    with pytest.raises(OSError, match="no room for"):
        make_room(tmp_path, 500, NAME)
    assert (tmp_path / "3.x").exists(), "nothing is removed in vain"


@pytest.mark.parametrize("word", ["much", "-1", "inf"])
def test_a_limit_that_is_no_number(tmp_path, monkeypatch, word):
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", word)
    with pytest.raises(UsageError, match="number of gigabytes"):
        limit(tmp_path, 0)
