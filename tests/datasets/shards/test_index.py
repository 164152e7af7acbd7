"""The index of a shard: pictures with their labels, from the cache while the shard is the same."""

import json
import os
from collections import Counter
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.files import cache_folder, write_atomic
from clearsight.datasets.shards import index as module
from clearsight.datasets.shards.index import build, index
from clearsight.datasets.shards.reading import shard_at

from .tars import picture, samples, tar

P = picture(0)


def of(path, files, label=""):
    return build(shard_at(tar(path, files)), label)


def labelled(found):
    names = found.names.decode().split("\0")[:-1]
    return {name: found.texts[label] if label >= 0 else None for name, label in zip(names, found.labels.tolist(), strict=True)}


def test_labels_are_those_of_the_sample(tmp_path):
    files = {"a.png": P, "a.cls": b"7\n", "b.json": b'{"label": "cat", "w": 3}', "b.jpg": P, "c.txt": b" dog ", "c.webp": P, "d.png": P}
    found = of(tmp_path / "a.tar", files)
    assert labelled(found) == {"a.png": "7", "b.jpg": "cat", "c.webp": "dog", "d.png": None}
    assert (found.origin, found.left_out) == ("cls+json+txt", {})


def test_one_kind_of_label_can_be_chosen(tmp_path):
    files = {"a.png": P, "a.cls": b"7", "a.txt": b"a cat on a mat", "a.json": b'{"label": 1, "breed": "tabby"}'}
    assert labelled(of(tmp_path / "a.tar", files))["a.png"] == "7"
    assert labelled(of(tmp_path / "a.tar", files, "breed"))["a.png"] == "tabby"
    assert labelled(of(tmp_path / "a.tar", files, "txt"))["a.png"] == "a cat on a mat"
    assert labelled(of(tmp_path / "a.tar", files, "colour"))["a.png"] is None


def test_masks_of_a_sample_are_left_out(tmp_path):
    found = of(tmp_path / "a.tar", {"a.jpg": P, "a.seg.png": P, "a.cls": b"0"})
    assert labelled(found) == {"a.jpg": "0"}
    assert found.left_out == {"further pictures of a sample": 1}


def test_other_members_are_counted(tmp_path):
    found = of(
        tmp_path / "a.tar", {"./cat/1.png": P, "cat/._1.png": P, ".DS_Store": b"", "__MACOSX/cat/1.png": P, "a.npy.gz": b"", "README": b""}
    )
    assert labelled(found) == {"cat/1.png": None}
    assert found.left_out == {"hidden": 3, ".gz": 1, "without suffix": 1}


def test_long_names_are_read(tmp_path):
    name = "/".join(["x" * 200] * 20) + ".png"
    assert labelled(of(tmp_path / "a.tar", {name: P})) == {name: None}


@pytest.mark.parametrize("name", ["/etc/1.png", "../1.png", "a/../../1.png", "..", "x" * 2**15 + ".png"])
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    with pytest.raises(ClearsightError, match="holds a name that leads out of it"):
        of(tmp_path / "a.tar", {"b.png": P, name: P})


def test_a_name_twice_is_refused(tmp_path):
    with pytest.raises(ClearsightError, match=r"holds 'a\.png' twice"):
        of(tmp_path / "a.tar", {"./a.png": P, "a.png": P})


@pytest.mark.parametrize(
    ("content", "says"), [(b"{", "not valid JSON"), (b"[" * 9000, "not valid JSON"), (b'{"label": [1, 2]}', "several labels")]
)
def test_json_that_is_no_label_names_its_member(tmp_path, content, says):
    with pytest.raises(ClearsightError, match=rf"a\.tar, member 0\.json: .*{says}"):
        of(tmp_path / "a.tar", {"0.png": P, "0.json": content})


def test_the_index_is_kept_until_the_shard_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    path = tar(tmp_path / "a.tar", samples(0, 5))
    first = index(shard_at(path))
    monkeypatch.setattr(module, "build", None)  # not called again
    again = index(shard_at(path))
    assert labelled(again) == labelled(first)
    assert (again.spans == first.spans).all()
    monkeypatch.undo()
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    os.replace(tar(tmp_path / "b.tar", samples(5, 5)), path)
    assert "000005.png" in labelled(index(shard_at(path)))


def test_a_damaged_file_of_the_cache_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    shard = shard_at(tar(tmp_path / "a.tar", samples(0, 5)))
    index(shard)
    (file,) = (cache_folder() / "shards").iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40] + b"x" + whole[41:]):
        file.write_bytes(damaged)
        assert len(index(shard)) == 5
        assert file.read_bytes() == whole


def test_an_index_is_small(tmp_path):
    found = of(tmp_path / "a.tar", samples(0, 100))
    bytes_ = len(found.names) + found.spans.nbytes + found.labels.nbytes
    assert bytes_ / 100 < 110
    assert json.dumps(found.texts) == '["0", "1", "2"]'


@pytest.mark.parametrize(
    ("name", "refused"), [(b"a" * 2**15, False), (b"a" * (2**15 + 1), True), (b"a/..b/c", False), (b"a/../b", True), (b"/a", True)]
)
def test_the_bounds_of_a_name(name, refused):
    with pytest.raises(ClearsightError, match="leads out of it") if refused else nullcontext():
        module._refuse_names("here", [b"x", name])


@pytest.mark.parametrize("digests", [None, np.array([b"1" * 32, b"2" * 32, b"3" * 32])])
def test_an_index_is_read_back_as_it_was_kept(tmp_path, digests):
    spans = np.array([(512, 3), (2**40, 2**32 - 1), (0, 0)], module.SPAN)
    made = module.Index(
        b"a\0b\0c\0", spans, np.array([0, -1, 1], np.int32), ("x", "y"), "cls", digests, ("g",) * 3, {"links": 2}, ("a note",)
    )
    write_atomic(tmp_path / "x.index", *module.sealed(made))
    found = module._load(tmp_path / "x.index")
    for name, value in vars(made).items():
        np.testing.assert_equal(getattr(found, name), value)


def test_the_size_of_a_longer_member_is_the_largest_that_there_is():
    """Which the decoder refuses, as it does every picture of so many bytes."""
    found = SimpleNamespace(offsets=[512, 1024], lengths=[2**32 - 1, 2**32], notes=[])
    made = module._made(found, [b"a", b"b"], [0, 1], [0, 0], Counter())
    assert made.spans["length"].tolist() == [2**32 - 1] * 2 and made.spans["offset"].tolist() == [512, 1024]


@pytest.mark.parametrize(
    ("content", "label"), [(b"7", "7"), (b'"cat"', "cat"), (b"[1]", None), (b"0.5", None), (b"true", None), (b"null", None)]
)
def test_json_without_fields_is_a_label_where_it_is_a_word_or_a_whole_number(tmp_path, content, label):
    assert labelled(of(tmp_path / "a.tar", {"0.png": P, "0.json": content, "1.png": P, "1.json": b'{"label": "dog"}'})) == {
        "0.png": label,
        "1.png": "dog",
    }
