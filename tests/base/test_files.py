"""The one writer: the old file or the new one, whole, whatever fails and wherever."""

import errno
import os
import stat

import pytest

from clearsight.base import files
from clearsight.base.errors import ClearsightError, CorruptFile


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def half(write, takes: list[int]):
    """`os.write` that takes half of what it is given, as often as `takes` says, and then nothing any more."""

    def written(handle: int, data: bytes) -> int:
        if not takes:
            full()
        takes.pop()
        return write(handle, data[: max(1, len(data) // 2)])

    return written


@pytest.mark.parametrize("place", ["open", "write", "half", "fsync", "replace"])
@pytest.mark.parametrize("before", [b"old", None], ids=["old file", "no file"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch, place, before):
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write" if place == "half" else place, half(os.write, [1]) if place == "half" else full)
        with pytest.raises(ClearsightError, match=r"cannot write .*file: No space left on device\. The previous content is untouched"):
            files.write_atomic(path, b"new content")
    assert [p.name for p in tmp_path.iterdir()] == (["file"] if before else [])
    assert before is None or path.read_bytes() == before


def test_short_writes_are_continued(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "write", half(os.write, [1] * 20))
    files.write_atomic(tmp_path / "file", bytes(range(256)))
    assert (tmp_path / "file").read_bytes() == bytes(range(256))


def test_the_error_told_is_the_first_one(tmp_path, monkeypatch):
    def gone(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(os, "unlink", gone)
    with pytest.raises(ClearsightError, match="No space left on device"):
        files.write_atomic(tmp_path / "file", "new")


def test_what_a_kill_leaves_is_swept_and_nothing_else(tmp_path, monkeypatch):
    stays = [tmp_path / name for name in (".hidden.tmp", "a.12345678.tmp", ".a.1234567g.tmp", ".a.12345678.tmp.png", "b/file")]
    (tmp_path / "b").mkdir()
    for path in stays:
        path.write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        patch.setattr(os, "unlink", full)
        for name in ("file", "b/other", ".dotted.name"):
            with pytest.raises(ClearsightError):
                files.write_atomic(tmp_path / name, "")
    assert sum(files.is_temporary(path) for path in tmp_path.rglob("*")) == 3
    files.sweep(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(stays)


def test_a_folder_is_made_once_with_those_above_it(tmp_path):
    assert files.make_folder(tmp_path / "a" / "b")
    assert not files.make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    for inside in ("file", "file/below"):
        with pytest.raises(OSError, match=r"exists|Not a directory"):
            files.make_folder(tmp_path / inside)


@pytest.mark.parametrize("address", ["s3://bucket/model.onnx", "HTTPS://example.org/a/b", "gs://b/c"])
def test_an_address_is_no_folder_of_this_machine(tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClearsightError, match=r"is an address, and this is written to folders of this machine only"):
        files.write_atomic(address, b"")
    files.write_atomic("note:1/s3", b"a folder may be called so")
    assert [path.name for path in tmp_path.iterdir()] == ["note:1"]


def test_what_cannot_be_removed_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    files.remove(tmp_path / "file")
    files.remove(tmp_path / "file")
    monkeypatch.setattr(os, "unlink", full)
    with pytest.raises(ClearsightError, match=r"cannot remove .*file: No space"):
        files.remove(tmp_path / "file")


def test_ctrl_c_leaves_what_was_there(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(tmp_path / "file", "new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "old")]


@pytest.mark.parametrize("error", [errno.EINVAL, errno.EIO])
def test_a_folder_that_cannot_be_synced(tmp_path, monkeypatch, error):
    real = os.fsync

    def sync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(error, "it failed")
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    if error == errno.EINVAL:  # a file system without it
        files.write_atomic(tmp_path / "file", "new")
    else:
        with pytest.raises(ClearsightError, match="file is written, but may not survive a power cut: it failed"):
            files.write_atomic(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0, 0o666)])
def test_permissions_follow_the_umask(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        files.write_atomic(tmp_path / "file", "text")
    finally:
        assert os.umask(before) == mask  # and it is left as it was
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ClearsightError, match=r"cannot write .*below: "):
        files.write_atomic(tmp_path / "file" / "below", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ClearsightError, match=r"cannot write .*folder: "):
        files.write_atomic(tmp_path / "folder", "text")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("value", [{"b": 1, "a": [None, True, 0.1, "ü ☂ 🐈"]}, [], "", {"name": "caf\udce9", "": "\x00\u2028"}])
def test_json_comes_back(tmp_path, value):
    files.write_json(tmp_path / "x.json", value)
    assert files.read_json(tmp_path / "x.json") == value
    assert (tmp_path / "x.json").read_bytes().endswith(b"\n")


def test_json_is_written_for_people(tmp_path):
    files.write_json(tmp_path / "x.json", {"a": "ü"})
    assert (tmp_path / "x.json").read_bytes() == '{\n  "a": "ü"\n}\n'.encode()


def test_what_is_no_json_leaves_the_old_file(tmp_path):
    files.write_json(tmp_path / "x.json", 1)
    with pytest.raises(TypeError):
        files.write_json(tmp_path / "x.json", {"a": object()})
    assert files.read_json(tmp_path / "x.json") == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\xef\xbb\xbf1", b"\x00", b"{'a': 1}", b"1 2", b'{"a": ' * 100_000, b"9" * 5000])
def test_what_does_not_parse_is_corrupt(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(CorruptFile, match=r"x\.json is not valid JSON"):
        files.read_json(tmp_path / "x.json")


@pytest.mark.parametrize(("name", "reason"), [("none.json", "No such file"), ("", "Is a directory")])
def test_what_cannot_be_read_is_said(tmp_path, name, reason):
    with pytest.raises(ClearsightError, match=rf"cannot read .*: {reason}") as caught:
        files.read_json(tmp_path / name)
    assert not isinstance(caught.value, CorruptFile)


def test_the_digest_is_sha256():
    assert files.digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    assert files.cache_folder() == tmp_path / "cache"
    monkeypatch.setenv("CLEARSIGHT_CACHE", "")
    assert files.cache_folder().parts[-2:] == (".cache", "clearsight")
    monkeypatch.delenv("CLEARSIGHT_CACHE")
    assert files.cache_folder().parts[-2:] == (".cache", "clearsight")
