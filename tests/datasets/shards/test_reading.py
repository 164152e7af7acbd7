"""Bytes of shards by offset: exact, thread-safe, and never those of another file."""

import os
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UnreadableImage
from clearsight.datasets.shards import reading
from clearsight.datasets.shards.reading import Span, read, shard_at
from clearsight.images.decode import decode


def written(path, content):
    path.write_bytes(content)
    return shard_at(path)


def test_bytes_at_any_place(tmp_path):
    shard = written(tmp_path / "a.tar", bytes(range(256)))
    assert read(shard, 10, 5) == bytes(range(10, 15))
    assert read(shard, 0, 0) == b""
    assert (shard.address, shard.size) == (str(tmp_path / "a.tar"), 256)


def test_an_end_before_the_last_byte_is_an_error_with_both_places(tmp_path):
    shard = written(tmp_path / "a.tar", bytes(100))
    with pytest.raises(ClearsightError, match=r"a.tar ends at byte 100, and bytes 90 to 110 are wanted"):
        read(shard, 90, 20)


def test_a_file_that_was_replaced_is_not_read(tmp_path):
    shard = written(tmp_path / "a.tar", b"old")
    os.replace(written(tmp_path / "b.tar", b"new").address, tmp_path / "a.tar")
    with pytest.raises(ClearsightError, match="has changed since it was opened"):
        read(shard, 0, 3)
    assert read(shard_at(tmp_path / "a.tar"), 0, 3) == b"new"


def test_files_close_while_threads_read_and_none_reads_another(tmp_path):
    shards = [written(tmp_path / f"{i}.tar", bytes([i]) * 100) for i in range(2 * reading.OPEN_FILES)]
    with ThreadPoolExecutor(4) as pool:
        for found, i in zip(pool.map(lambda i: read(shards[i], 7, 50), [*range(len(shards))] * 3), [*range(len(shards))] * 3, strict=True):
            assert found == bytes([i]) * 50


def test_a_span_is_a_picture_that_messages_name(tmp_path):
    stream = BytesIO()
    Image.fromarray((np.arange(768) % 256).astype(np.uint8).reshape(16, 16, 3)).save(stream, "JPEG")
    photo = stream.getvalue()
    shard = written(tmp_path / "a.tar", b"before" + photo + b"after")
    span = Span(shard, 6, len(photo), "a.tar/cat/1.jpg")
    assert (decode(span) == decode(photo)).all()
    with pytest.raises(UnreadableImage, match=r"cannot read a.tar/cat/1.jpg: "):
        decode(Span(shard, 7, len(photo), "a.tar/cat/1.jpg"))
    with pytest.raises(UnreadableImage, match=r"cannot read a.tar/cat/2.jpg: .*a.tar ends at byte"):
        decode(Span(shard, 6, 2 * len(photo), "a.tar/cat/2.jpg"))
    (tmp_path / "a.tar").unlink()
    reading._opened.cache_clear()
    with pytest.raises(UnreadableImage, match=r"cannot read a.tar/cat/1.jpg: there is no such file"):
        decode(span)


def test_a_missing_shard_is_one_line(tmp_path):
    with pytest.raises(ClearsightError, match=r"cannot read .*none.tar: No such file"):
        shard_at(tmp_path / "none.tar")
