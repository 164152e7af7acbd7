"""Headers of tar files: every format that Python writes, at every window, and one clear line for every damage."""

import gzip
import io
import tarfile

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.shards import headers
from clearsight.datasets.shards.headers import members
from clearsight.datasets.shards.reading import read, shard_at

from .tars import add, tar

LONG = "a" * 90 + "/" + "b" * 120 + "/é.png"


def contents(path):
    shard = shard_at(path)
    found = members(shard)
    return {name.decode(): read(shard, at, n) for name, at, n in zip(found.names, found.offsets, found.lengths, strict=True)}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("widths", [(512, 512), (1024, 2**12), (2**16, 2**22)])
def test_members_are_those_of_tarfile_at_every_window(tmp_path, monkeypatch, form, widths):
    rng = np.random.default_rng(form)
    files = {f"{i:03d}.jpg": rng.bytes(int(rng.choice([0, 1, 511, 512, 513, 9000]))) for i in range(60)}
    files["x" * 60 + "/" + "y" * 80 + ".jpg"] = b"prefix of ustar"
    if form != tarfile.USTAR_FORMAT:
        files |= {LONG: b"long", "a" * 300: b"longer"}
    monkeypatch.setattr(headers, "NARROW", widths[0])
    monkeypatch.setattr(headers, "WIDE", widths[1])
    assert contents(tar(tmp_path / "a.tar", files, form)) == files


def test_a_tar_file_inside_is_entered_with_places_in_the_outer_one(tmp_path):
    inner = tar(tmp_path / "n01440764.tar", {"n01440764_1.JPEG": b"tench", "n01440764_2.JPEG": b"another"}).read_bytes()
    path = tar(tmp_path / "train.tar", {"n01440764.tar": inner, "n01443537.tar": inner})
    assert contents(path) == {f"{folder}/n01440764_{i}.JPEG": text for folder in ("n01440764", "n01443537")
                              for i, text in ((1, b"tench"), (2, b"another"))}  # fmt: skip


def test_links_and_folders_are_no_files(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        add(archive, "cat", type=tarfile.DIRTYPE)
        add(archive, "cat/1.jpg", b"1")
        add(archive, "cat/2.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(archive, "cat/3.jpg", type=tarfile.LNKTYPE, linkname="cat/1.jpg")
        add(archive, "cat/pipe", type=tarfile.FIFOTYPE)
    found = members(shard_at(tmp_path / "a.tar"))
    assert (found.names, found.links, found.notes) == ([b"cat/1.jpg"], 2, [])


def test_joined_tar_files_and_a_missing_end_are_noted(tmp_path):
    whole = tar(tmp_path / "a.tar", {"1.jpg": b"1", "2.jpg": b"2"}).read_bytes()
    (tmp_path / "b.tar").write_bytes(whole + whole)
    assert "content after its end mark at byte 2,048 is not read" in members(shard_at(tmp_path / "b.tar")).notes[0]
    (tmp_path / "c.tar").write_bytes(whole[:2048])
    assert "no end mark" in members(shard_at(tmp_path / "c.tar")).notes[0]


def test_every_cut_is_an_error_or_a_note(tmp_path):
    whole = tar(tmp_path / "a.tar", {f"{i}.jpg": b"x" * 700 for i in range(3)}).read_bytes()
    for size in range(0, 3 * 1536 + 512, 256):
        (tmp_path / "b.tar").write_bytes(whole[:size])
        shard = shard_at(tmp_path / "b.tar")
        if size in (0, 256) or size % 1536 in (256, 512, 768, 1024):
            with pytest.raises(ClearsightError, match=r"^\S*b\.tar is [^\n]*$"):
                members(shard)
        else:  # the padding may be cut
            found = members(shard)
            assert len(found.names) == -(-size // 1536)
            assert found.notes or size >= 3 * 1536 + 512


def test_every_damaged_byte_of_a_header_is_noticed(tmp_path):
    whole = bytearray(tar(tmp_path / "a.tar", {f"{i}.jpg": b"x" * 700 for i in range(2)}).read_bytes())
    for place in (*range(0, 512, 7), *range(1536, 2048, 11)):
        broken = bytearray(whole)
        broken[place] ^= 0x55
        (tmp_path / "b.tar").write_bytes(broken)
        with pytest.raises(ClearsightError, match=r"b\.tar is damaged or no tar file: byte [\d,]+: "):
            members(shard_at(tmp_path / "b.tar"))


def test_a_compressed_file_is_refused_with_the_command_that_helps(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(bytes(2048)))
    with pytest.raises(ClearsightError, match=r"is compressed \(gzip\).* gunzip --keep .*a\.tar\.gz makes a plain \.tar"):
        members(shard_at(tmp_path / "a.tar.gz"))


@pytest.mark.parametrize("content", [b"", b"text\n" * 500, bytes(100), b"\x89PNG" + bytes(3000)])
def test_another_file_is_one_line(tmp_path, content):
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(ClearsightError, match=r"a\.tar is (empty|damaged or no tar file)"):
        members(shard_at(tmp_path / "a.tar"))


def test_files_with_holes_are_refused(tmp_path):
    sparse = tarfile.TarInfo("1.jpg")
    sparse.type = tarfile.GNUTYPE_SPARSE
    (tmp_path / "a.tar").write_bytes(sparse.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(ClearsightError, match="without --sparse"):
        members(shard_at(tmp_path / "a.tar"))
    with tarfile.open(tmp_path / "b.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        add(archive, "1.jpg", b"1", pax_headers={"GNU.sparse.major": "1"})
    with pytest.raises(ClearsightError, match="without --sparse"):
        members(shard_at(tmp_path / "b.tar"))


def test_damaged_extended_headers_are_one_line(tmp_path):
    for records in (b"9 path=", b"0 path=x\n", b"x", b"12 size=-1\n", b"12 size=abcd\n"):
        info = tarfile.TarInfo("pax")
        info.type, info.size = tarfile.XHDTYPE, len(records)
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            archive.addfile(info, io.BytesIO(records))
            add(archive, "1.jpg", b"1")
        (tmp_path / "a.tar").write_bytes(stream.getvalue())
        with pytest.raises(ClearsightError, match="is damaged"):
            members(shard_at(tmp_path / "a.tar"))


def test_sizes_beyond_eight_gigabytes_are_read(tmp_path):
    info = tarfile.TarInfo("1.jpg")
    info.size = 2**34
    path = tmp_path / "a.tar"
    with path.open("wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        file.seek(2**34, 1)
        file.write(tarfile.TarInfo("2.jpg").tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert members(shard_at(path)).lengths == [2**34, 0]


def test_a_size_in_an_extended_header_is_the_one_that_counts(tmp_path):
    """As POSIX has it, and as tarfile reads it: for the next member alone."""
    records, stream = b"12 size=700\n", io.BytesIO()
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(records)
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(info, io.BytesIO(records))
        one = tarfile.TarInfo("1.jpg")
        one.size = 1
        archive.fileobj.write(one.tobuf() + bytes(range(250)) * 2 + b"z" * 200 + bytes(324))
        archive.offset += 512 + 1024
        add(archive, "2.jpg", b"second")
    path = tmp_path / "a.tar"
    path.write_bytes(stream.getvalue())
    with tarfile.open(path) as archive:
        theirs = {member.name: archive.extractfile(member).read() for member in archive}
    assert contents(path) == theirs == {"1.jpg": bytes(range(250)) * 2 + b"z" * 200, "2.jpg": b"second"}


@pytest.mark.parametrize("more", [0, 1])
def test_an_extended_header_may_be_as_long_as_a_text(tmp_path, more):
    record = f"{headers.MAX_TEXT + more} comment=".encode()
    info = tarfile.TarInfo("a.png")
    info.size, head = 1, tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, headers.MAX_TEXT + more
    body = record + b"x" * (head.size - len(record) - 1) + b"\n"
    blocks = [head.tobuf(tarfile.USTAR_FORMAT), body + bytes(-len(body) % 512), info.tobuf(tarfile.USTAR_FORMAT), b"y" + bytes(511 + 1024)]
    (tmp_path / "a.tar").write_bytes(b"".join(blocks))
    if more:
        with pytest.raises(ClearsightError, match="an extended header has 65,537 bytes"):
            contents(tmp_path / "a.tar")
    else:
        assert contents(tmp_path / "a.tar") == {"a.png": b"y"}
