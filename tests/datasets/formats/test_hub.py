"""Hugging Face's forms: Parquet with pictures in it, and folders with a metadata table."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.open import open_dataset
from clearsight.images.decode import decode

pyarrow = pytest.importorskip("pyarrow")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))


def picture(value):
    content = io.BytesIO()
    Image.fromarray(np.full((4, 5), value, dtype=np.uint8)).save(content, "PNG")
    return {"bytes": content.getvalue(), "path": f"{value}.png"}


def value(source):
    return int(np.ravel(decode(source))[0])


def parquet(path, labels, names=None, first=0, column="label", **more):
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.table({"image": [picture(first + i) for i in range(len(labels))], column: labels, **more})
    if names:
        info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    parquet.write_table(table, path)
    return path


def test_a_file_with_pictures(tmp_path):
    parts = open_dataset(parquet(tmp_path / "pets.parquet", [0, 1, 1], ["cat", "dog"]))
    every = parts.parts["all"]
    assert (parts.name, parts.classes, every.labels.tolist()) == ("pets", ("cat", "dog"), [0, 1, 1])
    assert [value(every.source(i)) for i in range(3)] == [0, 1, 2]
    assert "pictures are in the column 'image', labels in 'label'" in parts.notes


@pytest.mark.parametrize("folder", ["", "data"])
def test_a_folder_of_parts(tmp_path, folder):
    for name, labels, first in (("train-00000-of-00002", [0, 1], 0), ("train-00001-of-00002", [1], 2), ("test-00000-of-00001", [1, 0], 3)):
        parquet(tmp_path / "set" / folder / f"{name}.parquet", labels, ["cat", "dog"], first)
    parts = open_dataset(tmp_path / "set")
    assert {part: data.labels.tolist() for part, data in parts.parts.items()} == {"train": [0, 1, 1], "test": [1, 0]}
    assert [value(parts["train"].source(i)) for i in range(3)] == [0, 1, 2]
    assert len(set(parts["train"].names)) == 3


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("divided", [True, False])
def test_a_folder_with_metadata(tmp_path, form, divided):
    for part in ("train", "test") if divided else ("",):
        folder = tmp_path / "set" / part
        folder.mkdir(parents=True)
        rows = [{"file_name": f"{i}.png", "label": "ab"[i % 2]} for i in range(4)]
        for i in range(4):
            (folder / f"{i}.png").write_bytes(picture(i)["bytes"])
        text = (
            "\n".join(["file_name,label", *(",".join(row.values()) for row in rows)]) if form == "csv" else "\n".join(map(json.dumps, rows))
        )
        (folder / f"metadata.{form}").write_text(text)
    parts = open_dataset(tmp_path / "set")
    assert parts.classes == ("a", "b")
    assert {part: len(data) for part, data in parts.parts.items()} == ({"train": 4, "test": 4} if divided else {"all": 4})
    first = next(iter(parts.parts.values()))
    assert first.names[0] == ("train/0.png" if divided else "0.png") and first.source(0).is_file()


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"needs a label column .* It has: 'a', 'b'\. Say --columns label=NAME"):
        open_dataset(parquet(tmp_path / "a.parquet", [0, 1], column="a", b=[1, 2]))
    assert open_dataset(tmp_path / "a.parquet", columns="label=b").classes == ("1", "2")
    with pytest.raises(ClearsightError, match="several labels in one cell"):
        open_dataset(parquet(tmp_path / "b.parquet", [[0, 1], [1]]))
    with pytest.raises(ClearsightError, match=r"row 2: it has no label"):
        open_dataset(parquet(tmp_path / "c.parquet", [0, None]))


def test_a_row_group_is_never_whole_in_memory(tmp_path):
    """12 MB in one row group: pages are read as they come, and pictures go to one file of the cache, in their order."""
    from pyarrow import parquet

    noise = np.random.default_rng(0)
    rows = [{"bytes": b"\xff\xd8\xff" + noise.bytes(20_000), "path": None} for _ in range(600)]
    table = pyarrow.table({"image": rows, "label": [i % 3 for i in range(600)]})
    parquet.write_table(table, tmp_path / "one.parquet", row_group_size=600, write_batch_size=16, use_dictionary=False)
    del table
    before, pool = pyarrow.default_memory_pool(), pyarrow.proxy_memory_pool(pyarrow.default_memory_pool())
    pyarrow.set_memory_pool(pool)
    try:
        data = open_dataset(tmp_path / "one.parquet")["all"]
    finally:
        pyarrow.set_memory_pool(before)
    assert 0 < pool.max_memory() < 5e6
    assert [data.source(i).read() for i in (599, 0, 300)] == [rows[i]["bytes"] for i in (599, 0, 300)]
    assert data.names[599] == "0000599.jpg" and len(list((tmp_path / "cache" / "parquet").glob("*/*"))) == 2
