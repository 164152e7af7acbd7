"""Which tar files a word means: files, folders, braces and globs."""

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.base.remote import store
from clearsight.datasets.shards.find import expand, find_shards, is_shards, part_of

from .tars import tar


def names(data):
    return [name for name, _ in find_shards(data)]


def test_braces_are_those_of_the_shell():
    assert expand("a-{08..11}.tar") == ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]
    assert expand("{train,val}-{0..1}.tar") == ["train-0.tar", "train-1.tar", "val-0.tar", "val-1.tar"]
    assert expand("a.tar") == ["a.tar"]
    with pytest.raises(UsageError, match="more than 1,000,000 shards"):
        expand("a-{0..9999999}.tar")
    with pytest.raises(UsageError, match="more than 1,000,000 shards"):
        expand("a-{0..9999}-{0..9999}.tar")


def test_files_folders_and_patterns(tmp_path):
    for name in ("train-0.tar", "train-1.tar", "val/0.tar"):
        tar(tmp_path / name, {})
    assert is_shards(tmp_path)
    assert names(tmp_path) == ["train-0.tar", "train-1.tar", "val/0.tar"]
    assert names(tmp_path / "train-1.tar") == ["train-1.tar"]
    assert names(f"{tmp_path}/train-{{0..1}}.tar") == names(f"{tmp_path}/train-*.tar") == ["train-0.tar", "train-1.tar"]
    assert names(f"{tmp_path}/{{train-0,val/0}}.tar") == ["train-0.tar", "val/0.tar"]
    with pytest.raises(ClearsightError, match=r"2 of the 4 shards of .* are missing: .*train-2.tar, .*train-3.tar"):
        find_shards(f"{tmp_path}/train-{{0..3}}.tar")
    with pytest.raises(UsageError, match="no tar file is called"):
        find_shards(f"{tmp_path}/test-*.tar")


def test_folders_of_pictures_are_not_shards(tmp_path):
    tar(tmp_path / "images.tar", {})
    (tmp_path / "cat").mkdir()
    assert not is_shards(tmp_path)
    assert not is_shards(tmp_path / "cat")
    assert not is_shards(tmp_path / "none.tar")
    assert not is_shards([1, 2])


def test_the_part_is_in_the_names():
    words = ("train-000.tar", "imagenet1k-validation-07.tar", "test/000.tar", "000.tar", "cats.tar")
    assert [part_of(word) for word in words] == ["train", "val", "test", "all", "all"]


def test_shards_at_an_address(s3, tmp_path):
    for name in ("train-0.tar", "train-1.tar", "val/0.tar"):
        tar(tmp_path / name, {})
        store.write(f"{s3.folder}/{name}", (tmp_path / name).read_bytes())
    store.write(f"{s3.folder}/notes.md", b"x")
    assert is_shards(s3.folder) and names(s3.folder) == names(tmp_path)
    assert names(f"{s3.folder}/train-{{0..1}}.tar") == names(f"{s3.folder}/train-*.tar") == ["train-0.tar", "train-1.tar"]
    with pytest.raises(ClearsightError, match="there is no file at"):
        find_shards(f"{s3.folder}/train-{{0..3}}.tar")
    with pytest.raises(UsageError, match=r"notes.md has no tar file among its 1 files, and only shards are read from addresses"):
        find_shards(f"{s3.folder}/notes.md")
