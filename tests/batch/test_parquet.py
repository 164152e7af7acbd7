"""The file of answers: its columns, and counts that are read from its end."""

import pytest

from clearsight.base.errors import CorruptFile, MissingExtra
from clearsight.base.remote.place import Place
from clearsight.batch import parquet
from clearsight.batch.parquet import counts_of, file_of, rows_of


def row(k: int, **more) -> dict:
    choice = {"label": "cat", "index": 1, "confidence": 0.5}
    return dict.fromkeys(parquet.schema().names) | {"shard": "a.tar", "member": f"{k}.png", "top": [choice]} | more


def test_rows_and_counts_are_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 10)
    every = [row(k) for k in range(33)] + [row(33, error="cut off"), row(34, error=f"{parquet.ENDED} (SIGSEGV)")]
    data, counts = file_of(iter(every), {"model": "abc"})
    assert list(rows_of(data)) == every
    assert counts == {"model": "abc", "pictures": 35, "failed": 2, "ended": 1}
    place = Place(tmp_path)
    place.write("a.parquet", data)
    assert counts_of(place, "a.parquet") == counts
    monkeypatch.setattr(parquet, "FOOTER", 64)
    assert counts_of(place, "a.parquet") == counts, "a footer longer than was read at first"


def test_no_pictures_are_a_file_too():
    data, counts = file_of([], {})
    assert list(rows_of(data)) == [] and counts["pictures"] == 0


def test_a_damaged_or_foreign_file_is_named(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet as files

    data, _ = file_of([row(1)], {})
    Place(tmp_path).write("cut.parquet", data[:-9])
    files.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    (tmp_path / "empty.parquet").write_bytes(b"")
    for name in ("cut.parquet", "other.parquet", "empty.parquet"):
        with pytest.raises(CorruptFile, match=name):
            counts_of(Place(tmp_path), name)


def test_pyarrow_is_asked_for(monkeypatch):
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"clearsight\[parquet\]"):
        parquet.require()
