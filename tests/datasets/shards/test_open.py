"""Data in shards is the ordinary data set: parts, labels, groups, digests, cache and errors as of files."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import clearsight as cs
from clearsight.base.errors import ClearsightError, LayoutError, UnreadableImage, UsageError
from clearsight.base.remote import store
from clearsight.datasets.identity import identified
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards import open as open_module
from clearsight.datasets.shards.open import each_picture
from clearsight.datasets.shards.reading import read
from clearsight.datasets.split import split
from clearsight.images.preprocess import Preprocessing

from ...pictures import digit_folder
from .tars import picture, samples, tar

SIZE = Preprocessing(3, 8, 8)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))


def shards(root, sizes=(7, 1, 12)):
    first = 0
    for number, n in enumerate(sizes):
        tar(root / f"{number:04d}.tar", samples(first, n))
        first += n
    return root


def test_pictures_come_in_order_with_shard_and_member_in_their_names(tmp_path, cache):
    data = open_dataset(shards(tmp_path / "set"))
    every = data["all"]
    assert (data.name, data.layout, data.classes) == ("set", "tar shards, without parts", ("0", "1", "2"))
    assert list(every.names)[6:9] == ["0000.tar/000006.png", "0001.tar/000007.png", "0002.tar/000008.png"]
    assert every.labels.tolist() == [i % 3 for i in range(20)]
    assert [read(s.shard, s.offset, s.length) for s in map(every.source, range(20))] == [picture(i) for i in range(20)]
    assert data.notes == ("labels are those in .cls members",)


def test_shards_at_an_address_are_those_of_the_folder(tmp_path, cache, s3):
    here = open_dataset(shards(tmp_path / "set"))["all"]
    for path in (tmp_path / "set").glob("*.tar"):
        store.write(f"{s3.folder}/set/{path.name}", path.read_bytes())
    data = open_dataset(f"{s3.folder}/set")
    there = data["all"]
    assert (data.name, data.layout) == ("set", "tar shards, without parts")
    assert list(there.names) == list(here.names) and np.array_equal(there.labels, here.labels)
    a, b = (load(one, SIZE, cache="off", quiet=True) for one in (here, there))
    assert torch.equal(a.batch(torch.arange(20)), b.batch(torch.arange(20)))
    digests = [identified(open_dataset(place))["all"].digests for place in (tmp_path / "set", f"{s3.folder}/set")]
    assert np.array_equal(*digests)
    sent = s3.sent
    open_dataset(f"{s3.folder}/set")["all"].source(3).read()
    assert s3.sent - sent < 4000, "a listing: index and shards are in the cache"


def test_shards_of_class_folders_are_read_as_the_folders(tmp_path, cache):
    folder = digit_folder(tmp_path / "digits", 4, 3)
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in sorted(folder.rglob("*.png"))}
    loose, inside = open_dataset(folder), open_dataset(tar(tmp_path / "digits.tar", files))
    assert inside.classes == loose.classes
    assert [name.removeprefix("digits.tar/digits/") for name in inside["all"].names] == list(loose["all"].names)
    assert (inside["all"].labels == loose["all"].labels).all()
    assert (identified(inside, quiet=True)["all"].digests == identified(loose, quiet=True)["all"].digests).all()
    both = [load(data["all"], SIZE, quiet=True, cache="off").batch(torch.arange(12)) for data in (inside, loose)]
    assert torch.equal(*both)


def test_parts_are_in_names_of_shards_or_folders_inside(tmp_path, cache):
    for name, first in (("train-0.tar", 0), ("train-1.tar", 6), ("val-0.tar", 12)):
        tar(tmp_path / "named" / name, samples(first, 6))
    assert {part: len(data) for part, data in open_dataset(tmp_path / "named").parts.items()} == {"train": 12, "val": 6}
    files = {f"{part}/{label}/{i}.png": picture(i) for part in ("train", "test") for label in ("cat", "dog") for i in range(2)}
    data = open_dataset(tar(tmp_path / "inside.tar", files))
    assert {part: len(some) for part, some in data.parts.items()} == {"train": 4, "test": 4}
    tar(tmp_path / "named" / "more.tar", samples(20, 2))
    with pytest.raises(ClearsightError, match=r"some shards are named after a part \(train, val\), others not: more\.tar"):
        open_dataset(tmp_path / "named")


def test_a_split_is_the_same_as_of_files(tmp_path, cache):
    data = open_dataset(shards(tmp_path / "set", (30, 30)))
    parts = split(data, val=0.2, test=0.2, seed=3)
    names = [name for part in parts.parts.values() for name in part.names]
    assert sorted(names) == sorted(data["all"].names)
    assert len(parts["test"]) == 12


def test_names_of_numbered_classes(tmp_path, cache):
    root = shards(tmp_path / "set")
    assert open_dataset(root, classes=["cat", "dog", "eel", "fox"]).classes == ("cat", "dog", "eel", "fox")
    (root / "classes.txt").write_text("wolf\ncat\nbear\n")
    data = open_dataset(root)
    assert data.classes == ("bear", "cat", "wolf")
    assert [data["all"].label(i) for i in range(3)] == ["wolf", "cat", "bear"]
    (root / "others.txt").write_text("a\nb\na\n")
    with pytest.raises(ClearsightError, match="several labels of the shards have the same name: 'a'"):
        open_dataset(root, columns="names=others.txt")
    with pytest.raises(UsageError, match="classes name the labels 0 to 1"):
        open_dataset(root, classes=["cat", "dog"])
    with pytest.raises(UsageError, match=r"no picture in .* has a label 'colour'"):
        open_dataset(root, columns="label=colour")
    with pytest.raises(UsageError, match="columns of shards are label and names"):
        open_dataset(root, columns="path=x")


def test_groups_are_folders_below_the_classes(tmp_path, cache):
    files = {f"{label}/{day}/{i}.png": picture(i) for label in ("cat", "dog") for day in ("mon", "tue") for i in range(2)}
    data = open_dataset(tar(tmp_path / "a.tar", files), group_by="folder")
    assert sorted(set(data["all"].groups)) == ["mon", "tue"]
    with pytest.raises(UsageError, match="needs folders inside"):
        open_dataset(shards(tmp_path / "set"), group_by="folder")


def test_a_picture_without_a_label_is_named(tmp_path, cache):
    tar(tmp_path / "a.tar", {**samples(0, 4), "x.png": picture(9)})
    with pytest.raises(ClearsightError, match=r"1 of 5 pictures have no label .*a\.tar/x\.png"):
        open_dataset(tmp_path / "a.tar")
    assert open_dataset(tmp_path / "a.tar", labelled=False).classes == ("picture",)


def test_captions_are_no_labels(tmp_path, cache):
    files = {f"{i}.{kind}": picture(i) if kind == "png" else f"caption {i}".encode() for i in range(30) for kind in ("png", "txt")}
    with pytest.raises(LayoutError, match="no labels"):
        open_dataset(tar(tmp_path / "a.tar", files))
    with pytest.raises(LayoutError, match="no picture in"):
        open_dataset(tar(tmp_path / "b.tar", {"a.cls": b"1"}))


def test_an_unreadable_picture_names_shard_and_member(tmp_path, cache):
    data = open_dataset(tar(tmp_path / "a.tar", {**samples(0, 2), "x.png": b"no picture", "x.cls": b"1"}))["all"]
    with pytest.raises(UnreadableImage, match=r"cannot read a\.tar/x\.png: "):
        load(data, SIZE, quiet=True, cache="memory")
    report = cs.check(cs.Parts("a", data.classes, {"all": data}), quiet=True)
    assert [name for name, _ in report.unreadable] == ["a.tar/x.png"]


def test_decoded_pictures_are_kept_by_shard_and_place(tmp_path, cache, monkeypatch):
    root = shards(tmp_path / "set")
    first = load(open_dataset(root)["all"], SIZE, quiet=True)
    seen = first.batch(torch.arange(20))
    monkeypatch.setattr(Preprocessing, "load", None)  # not called again
    again = load(open_dataset(f"{root}/{{0000..0002}}.tar")["all"].subset([5, 19]), SIZE, quiet=True)
    assert torch.equal(again.batch(torch.arange(2)), seen[[5, 19]])


def test_digests_are_kept_and_follow_a_changed_shard(tmp_path, cache):
    root = shards(tmp_path / "set", (4, 4))
    before = identified(open_dataset(root), quiet=True)["all"].digests
    tar(root / "0001.tar", samples(50, 4))
    after = identified(open_dataset(root), quiet=True)["all"].digests
    assert (before[:4] == after[:4]).all()
    assert not np.isin(before[4:], after).any()


def test_each_picture_is_read_without_labels(tmp_path, cache):
    notes: list[str] = []
    root = shards(tmp_path / "set", (2, 1))
    tar(root / "0001.tar", {"a.png": picture(1), "b.bin": b""})
    assert [one.name for one in each_picture(root, notes)] == ["0000.tar/000000.png", "0000.tar/000001.png", "0001.tar/a.png"]
    assert notes == ["members that are no pictures left out: 1 .bin"]


def test_a_data_set_of_spans_needs_nothing_else():
    data = cs.Dataset(("a",), np.zeros(1, np.int64), np.array(["x"], dtype=object), pictures=np.zeros((1, 2, 2), np.uint8))
    with pytest.raises(ClearsightError, match="needs pictures or paths"):
        replace(data, spans=np.zeros(1, "u4,i8,u4"))


def test_a_note_on_several_parts_is_said_once(monkeypatch):
    said = {"train": ["one", "both"], "val": ["both", "two"], "test": ["before"]}
    monkeypatch.setattr(open_module, "by_folder", lambda where, names: ({}, said[names[0].decode()]))
    notes = ["before"]
    found = open_module._of_folders("set", dict.fromkeys(said), {part: [part.encode()] for part in said}, None, True, notes)
    assert found == {} and notes == ["before", "one", "both", "two"]
