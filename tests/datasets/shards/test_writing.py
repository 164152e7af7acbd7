"""Packing: the same bytes each time, every picture once, whole after any stop, read by Clearsight and by others."""

import json
import os
import tarfile

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.dataset import Dataset, Parts
from clearsight.datasets.identity import identified
from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards import writing
from clearsight.datasets.shards.writing import pack

from ...pictures import digit_folder
from .tars import picture, samples, tar


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(writing, "LEAST", 1000)
    return digit_folder(tmp_path / "digits", 6, 3)


def digests(parts):
    return sorted(identified(parts, quiet=True)["all"].digests.tolist())


def contents(root):
    return {path.name: path.read_bytes() for path in sorted(root.iterdir())}


def test_every_picture_is_there_once_with_its_label_and_digest(folder, tmp_path):
    loose = identified(open_dataset(folder), quiet=True)
    found = pack(loose, tmp_path / "out", size=10_000, seed=3, quiet=True)
    data = open_dataset(tmp_path / "out")
    assert data.classes == loose.classes == found.classes
    assert 3 < len(found.shards) < 9
    assert all(shard.bytes <= 20_480 for shard in found.shards)
    one = data["all"]
    labels = dict(zip(loose["all"].digests.tolist(), loose["all"].labels.tolist(), strict=True))
    assert one.digests is not None
    assert labels == dict(zip(one.digests.tolist(), one.labels.tolist(), strict=True))
    assert len(one) == 18
    assert one.labels.tolist() != sorted(one.labels.tolist())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(folder, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        pack(open_dataset(folder), tmp_path / name, size=10_000, seed=seed, quiet=True)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") != contents(tmp_path / "c")


def test_members_are_those_of_webdataset(folder, tmp_path):
    pack(open_dataset(folder), tmp_path / "out", quiet=True)
    with tarfile.open(tmp_path / "out" / "all-00000.tar") as archive:
        members = archive.getmembers()
        table = json.load(archive.extractfile(members[0]))
    assert [member.name for member in members[:5]] == ["__clearsight__", "00000000.png", "00000000.cls", "00000001.png", "00000001.cls"]
    assert all((member.mtime, member.uid, member.mode) == (0, 0, 0o644) for member in members)
    assert sorted(table["names"]) == sorted(open_dataset(folder)["all"].names)


def test_parts_arrays_groups_and_the_order_of_classes_survive(tmp_path, folder):
    rng = np.random.default_rng(0)
    classes, groups = ("wolf", "ant"), np.array(["a", "b", "a", "b"], dtype=object)
    names = np.array(list("wxyz"), dtype=object)
    grey = Dataset(classes, np.array([0, 1, 1, 0]), names, pictures=rng.integers(0, 255, (4, 6, 5), np.uint8), groups=groups)
    deep = Dataset(classes, np.array([1, 0, 1, 0]), names, pictures=rng.integers(0, 4000, (4, 6, 5, 1), np.uint16), groups=groups)
    before = identified(Parts("x", classes, {"train": grey, "test": deep}), quiet=True)
    pack(before, tmp_path / "out", quiet=True)
    data = open_dataset(tmp_path / "out")
    assert data.classes == classes
    assert {part: sorted(one.groups) for part, one in data.parts.items()} == {"train": ["a", "a", "b", "b"], "test": ["a", "a", "b", "b"]}
    for part, one in data.parts.items():
        assert sorted(one.digests.tolist()) == sorted(before[part].digests.tolist())


def test_shards_are_packed_again_from_shards(folder, tmp_path):
    tar(tmp_path / "a.tar", samples(0, 12))
    pack(open_dataset(tmp_path / "a.tar"), tmp_path / "out", quiet=True)
    assert digests(open_dataset(tmp_path / "out")) == digests(open_dataset(tmp_path / "a.tar"))


def test_a_stopped_try_continues_to_the_same_bytes(folder, tmp_path, monkeypatch):
    data = open_dataset(folder)
    pack(data, tmp_path / "whole", size=10_000, quiet=True)
    calls = iter(range(100))
    content = writing._content

    def stops(data, i):
        if next(calls) == 9:
            raise KeyboardInterrupt
        return content(data, i)

    monkeypatch.setattr(writing, "_content", stops)
    with pytest.raises(KeyboardInterrupt):
        pack(data, tmp_path / "out", size=10_000, quiet=True)
    there = contents(tmp_path / "out")
    assert "shards.json" not in there
    assert not [name for name in there if name.endswith(".tmp")]
    (tmp_path / "out" / ".all-00003.tar.0123abcd.tmp").write_bytes(b"of a killed try")
    monkeypatch.setattr(writing, "_content", content)
    found = pack(data, tmp_path / "out", size=10_000, quiet=True)
    assert [shard.fresh for shard in found.shards] == [shard.name not in there for shard in found.shards]
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_other_files_and_other_shards_are_not_written_over(folder, tmp_path):
    data = open_dataset(folder)
    pack(data, tmp_path / "out", size=10_000, quiet=True)
    with pytest.raises(UsageError, match="holds other pictures, or was packed with another size or seed"):
        pack(data, tmp_path / "out", size=10_000, seed=1, quiet=True)
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds other files: thesis\.txt"):
        pack(data, tmp_path / "out", size=10_000, quiet=True)
    with pytest.raises(UsageError, match="at least 1,000 bytes"):
        pack(data, tmp_path / "new", size=10, quiet=True)


def test_a_picture_that_cannot_be_read_stops_with_its_name(folder, tmp_path):
    data = open_dataset(folder)
    os.unlink(folder / "one" / "0006.png")
    with pytest.raises(ClearsightError, match=r"cannot read one/0006\.png: No such file"):
        pack(data, tmp_path / "out", quiet=True)


def test_a_file_that_is_no_picture_is_copied_as_it_is(tmp_path, folder):
    (folder / "one" / "0006.png").write_bytes(b"text")
    (folder / "two" / "x.jpg").write_bytes(picture(3))  # a PNG
    pack(open_dataset(folder), tmp_path / "out", quiet=True)
    names = open_dataset(tmp_path / "out")["all"].names
    assert len(names) == 19
    assert all(name.endswith(".png") for name in names)


@pytest.mark.parametrize(("over", "pictures"), [(0, [2, 2, 1]), (-1, [1] * 5), (1, [2, 2, 1])])
def test_a_shard_is_as_large_as_asked_for_and_no_larger(over, pictures, monkeypatch):
    monkeypatch.setattr(writing, "_length", lambda data, i: 700)
    data = Dataset(("a",), np.zeros(5, np.int64), np.array(list("abcde"), object), pictures=np.zeros((5, 2, 2), np.uint8))
    each = 512 + 1024 + 512 + 512 + writing.LINE  # headers, the picture, its label, and its line in the table
    assert [len(plan.rows) for plan in writing._plans("all", data, 2 * each + over, 0)] == pictures
    assert [len(plan.rows) for plan in writing._plans("all", data, 1, 0)] == [1] * 5, "a picture that is larger has a shard of its own"
