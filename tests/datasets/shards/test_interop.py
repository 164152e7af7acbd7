"""Shards and Parquet between Clearsight, webdataset and Hugging Face's `datasets`: the same bytes, pixels and labels both ways."""

import importlib
import importlib.util
import io
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards import writing
from clearsight.datasets.shards.writing import pack
from clearsight.images.decode import decode

from ...pictures import digit_folder
from .tars import picture

N = 12
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No cache of the user, no network."""
    for name, value in {"CLEARSIGHT_CACHE": "cache", "HF_HOME": "hf"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def there(name):
    """A library of others, which no extra has."""
    if name not in sys.modules and importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is in no extra: pip install webdataset datasets")
    return importlib.import_module(name)


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """Packed shards, several of them, and what is in them: picture (bytes), label by member."""
    monkeypatch.setattr(writing, "LEAST", 1000)
    pack(open_dataset(digit_folder(tmp_path / "digits", 6, 3)), tmp_path / "packed", size=10_000, quiet=True)
    data = open_dataset(tmp_path / "packed")["all"]
    assert len(data.shards) > 2
    return sorted(map(str, (tmp_path / "packed").glob("*.tar"))), [(data.source(i).read(), int(data.labels[i])) for i in range(len(data))]


def test_webdataset_reads_what_is_packed(ours):
    wds, (paths, expected) = there("webdataset"), ours
    suffix = "png"
    raw = [(one[suffix], int(one["cls"])) for one in wds.WebDataset(paths, shardshuffle=False) if suffix in one]
    assert raw == expected
    decoded = list(wds.WebDataset(paths, shardshuffle=False).select(lambda one: suffix in one).decode("pil").to_tuple(suffix, "cls"))
    for (image, label), (content, expected_label) in zip(decoded, expected, strict=True):
        assert label == expected_label and np.array_equal(np.asarray(image.convert("RGB")), Image.open(io.BytesIO(content)).convert("RGB"))


def test_datasets_reads_what_is_packed(ours):
    hf, (paths, expected) = there("datasets"), ours
    rows = list(hf.load_dataset("webdataset", data_files={"train": paths}, streaming=True)["train"])
    rows = [row for row in rows if row.get("png") is not None]
    assert [row["cls"] for row in rows] == [label for _, label in expected]
    for row, (content, _) in zip(rows, expected, strict=True):
        assert np.array_equal(np.asarray(row["png"].convert("RGB")), Image.open(io.BytesIO(content)).convert("RGB"))


def test_shards_of_webdataset_are_read_and_packed_again(tmp_path):
    wds = there("webdataset")
    (tmp_path / "theirs").mkdir()
    with wds.ShardWriter(str(tmp_path / "theirs" / "train-%04d.tar"), maxcount=5, verbose=0) as writer:
        for i in range(N):
            writer.write({"__key__": f"{i:06d}", "png": picture(i), "cls": i % 3})
    data = open_dataset(tmp_path / "theirs")["train"]
    assert [data.source(i).read() for i in range(N)] == [picture(i) for i in range(N)]
    assert [data.label(i) for i in range(N)] == [str(i % 3) for i in range(N)] and len(data.shards) == 3
    pack(open_dataset(tmp_path / "theirs"), tmp_path / "again", quiet=True)
    again = open_dataset(tmp_path / "again")["train"]
    assert sorted((again.source(i).read(), again.label(i)) for i in range(N)) == sorted((picture(i), str(i % 3)) for i in range(N))


def test_members_are_laid_out_as_webdataset_writes_them(ours, tmp_path):
    """The names, types, sizes and contents of members, and blocks of 512 bytes: its writer makes the same archive of the same samples."""
    wds, (paths, _) = there("webdataset"), ours
    samples = [one for one in wds.WebDataset(paths[:1], shardshuffle=False) if "png" in one]
    with wds.TarWriter(str(tmp_path / "theirs.tar"), encoder=False) as writer:
        for one in samples:
            writer.write({"__key__": one["__key__"], "png": one["png"], "cls": one["cls"]})
    facts = []
    for path in (paths[0], str(tmp_path / "theirs.tar")):
        with tarfile.open(path) as archive:
            members = [one for one in archive.getmembers() if not one.name.startswith("__")]
            facts.append(sorted((one.name, one.type, one.size, archive.extractfile(one).read()) for one in members))
    assert facts[0] == facts[1]


def test_parquet_of_datasets_is_read(tmp_path):
    hf = there("datasets")
    features = hf.Features({"image": hf.Image(), "label": hf.ClassLabel(names=["cat", "dog", "owl"])})
    rows = {"image": [{"bytes": picture(i), "path": None} for i in range(N)], "label": [i % 3 for i in range(N)]}
    whole = hf.Dataset.from_dict(rows, features=features)
    (tmp_path / "set" / "data").mkdir(parents=True)
    for k in range(2):
        whole.shard(2, k, contiguous=True).to_parquet(str(tmp_path / "set" / "data" / f"train-{k:05d}-of-00002.parquet"))
    parts = open_dataset(tmp_path / "set")
    data = parts["train"]
    assert parts.classes == ("cat", "dog", "owl") and data.labels.tolist() == [i % 3 for i in range(N)]
    for i, row in enumerate(whole):
        assert np.array_equal(decode(data.source(i)), np.asarray(row["image"].convert("RGB")))


def test_datasets_of_tars_of_datasets(tmp_path):
    """The pictures of a Parquet set, packed as shards, are read by `datasets` as they were."""
    hf = there("datasets")
    features = hf.Features({"image": hf.Image(), "label": hf.ClassLabel(names=["cat", "dog", "owl"])})
    rows = {"image": [{"bytes": picture(i), "path": None} for i in range(N)], "label": [i % 3 for i in range(N)]}
    hf.Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "one.parquet"))
    pack(open_dataset(tmp_path / "one.parquet"), tmp_path / "packed", quiet=True)
    files = sorted(map(str, (tmp_path / "packed").glob("*.tar")))
    stream = hf.load_dataset("webdataset", data_files={"train": files}, streaming=True)["train"].cast_column("png", hf.Image(decode=False))
    found = {row["png"]["bytes"]: row["cls"] for row in stream if row["png"]}
    assert found == {picture(i): i % 3 for i in range(N)}
