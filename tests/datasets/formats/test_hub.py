"""Hugging Face's forms: Parquet with pictures in it, and folders with a metadata table."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.formats import hub
from clearsight.datasets.open import open_dataset
from clearsight.images.decode import decode


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
    pyarrow = pytest.importorskip("pyarrow")
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
    pyarrow = pytest.importorskip("pyarrow")
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


class Kind:
    """The type of a column: of structs with these parts, or plain."""

    def __init__(self, *parts):
        self.parts, self.num_fields = parts, len(parts)

    def field(self, i):
        return SimpleNamespace(name=self.parts[i])

    def __str__(self):
        return "struct<...>" if self.parts else "int64"


class Schema(list):
    metadata = None


def columns_of(monkeypatch, columns, names=None):
    """Let any Parquet file hold these columns by name; that of pictures is called `image`."""
    schema = Schema(SimpleNamespace(name=name, type=Kind("bytes", "path") if name == "image" else Kind()) for name in columns)
    if names:
        schema.metadata = {b"huggingface": json.dumps({"info": {"features": {"label": {"names": names}}}}).encode()}
    monkeypatch.setattr(hub, "_schema", lambda path: schema)
    monkeypatch.setattr(hub, "_column", lambda path, name: iter(columns[name]))


def stored(tmp_path, monkeypatch, columns, names=None, **options):
    columns_of(monkeypatch, columns, names)
    (tmp_path / "pets.parquet").write_bytes(b"PAR1")
    return open_dataset(tmp_path / "pets.parquet", **options)


@pytest.mark.parametrize(
    ("labels", "names", "expected"),
    [
        ([1, 0, 1], ["cat", "dog"], ["dog", "cat", "dog"]),
        ([1, 0, 2], ["cat", "dog"], ["dog", "cat", "2"]),  # beyond the names
        ([-1, 0, 1], ["cat", "dog"], ["-1", "cat", "dog"]),
        ([1, 0, 1], None, ["1", "0", "1"]),
        (["b", " a", "b"], ["cat", "dog"], ["b", "a", "b"]),
    ],
)
def test_labels_are_named_by_the_schema(tmp_path, monkeypatch, labels, names, expected):
    data = stored(tmp_path, monkeypatch, {"image": [picture(i) for i in range(3)], "id": [7, 8, 9], "label": labels}, names)["all"]
    assert [data.label(i) for i in range(3)] == expected
    assert [value(data.source(i)) for i in range(3)] == [0, 1, 2]
    assert list(data.names) == ["0000000.png", "0000001.png", "0000002.png"]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"label": [0, None]}, "row 2: it has no label"),
        ({"label": [0, float("nan")]}, "row 2: it has no label"),
        ({"label": [0, [1]]}, "several labels in one cell"),
        ({"label": [0]}, "has 1 rows and 2 pictures"),
        ({"label": []}, "has 0 rows and 2 pictures"),
        ({"a": [0, 1], "b": [0, 1]}, "needs a label column"),
        ({"image": [picture(0), {"bytes": None}], "label": [0, 1]}, "row 2: it has no picture in 'image'"),
        ({"image": [], "label": []}, "has 0 rows and 0 pictures"),
    ],
)
def test_what_rows_lack_is_named(tmp_path, monkeypatch, columns, reason):
    with pytest.raises(ClearsightError, match=reason):
        stored(tmp_path, monkeypatch, {"image": [picture(0), picture(1)], **columns})


def test_files_of_parts_and_their_pictures_in_order(tmp_path, monkeypatch):
    columns_of(monkeypatch, {"image": [picture(0), picture(1)], "what": ["a", "b"]})
    for name in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"):
        (tmp_path / f"{name}.parquet").write_bytes(name.encode())
    parts = open_dataset(tmp_path)
    assert list(parts["train"].names) == ["train/0/0000000.png", "train/0/0000001.png", "train/1/0000000.png", "train/1/0000001.png"]
    assert [value(parts["train"].source(i)) for i in range(4)] == [0, 1, 0, 1] and len(parts["test"]) == 2
    (tmp_path / "more.parquet").write_bytes(b"more")
    with pytest.raises(ClearsightError, match=r"some of its tables are named after a part \(test, train\), others not"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("start", "suffix"),
    [
        (b"\xff\xd8\xff", ".jpg"),
        (b"GIF89a", ".gif"),
        (b"BM", ".bmp"),
        (b"RIFF", ".webp"),
        (b"II*\0", ".tif"),
        (b"MM\0*", ".tif"),
        (b"?", ".png"),
    ],
)
def test_pictures_are_called_after_their_kind(tmp_path, monkeypatch, start, suffix):
    data = stored(tmp_path, monkeypatch, {"image": [{"bytes": start}], "label": [0]})["all"]
    assert list(data.names) == [f"0000000{suffix}"]
