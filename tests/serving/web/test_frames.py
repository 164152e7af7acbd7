"""Containers of many pictures: what Python's tarfile writes is read, and damage is refused."""

import io
import tarfile

import pytest

from clearsight.serving.web.body import Refused
from clearsight.serving.web.frames import unpacked

TAR, FRAMES = "application/x-tar", "application/octet-stream"


def tar(members: dict[str, bytes], form: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("a folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


MEMBERS = {"a.jpg": b"first", "empty": b"", "ünï/" + "b" * 90 + "/" + "c" * 90: b"x" * 1025, "../up": b"z", "last": b"y" * 512}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_tarfile_writes_is_read(form):
    assert unpacked(tar(MEMBERS, form), TAR, 99) == list(MEMBERS.items())


def test_frames_are_read():
    body = b"".join(len(data).to_bytes(4, "big") + data for data in (b"one", b"", b"three"))
    assert [data for _, data in unpacked(body, FRAMES, 3)] == [b"one", b"", b"three"]
    assert unpacked(body, "", 3)[2][0] == "<frame at 11>"


WHOLE = tar(MEMBERS, tarfile.USTAR_FORMAT)


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b"", FRAMES, 400, "no picture"),
        (b"\0\0\0\5four", FRAMES, 400, "ends within a frame"),
        (b"\0\0", FRAMES, 400, "ends within a frame"),
        (b"\xff\xff\xff\xff" + b"x" * 9, FRAMES, 400, "ends within a frame"),
        (bytes(8), FRAMES, 413, "1 pictures"),
        (b"", TAR, 400, "no picture"),
        (bytes(2048), TAR, 400, "no picture"),
        (b"x" * 2048, TAR, 400, "not a tar archive"),
        (WHOLE[:1100], TAR, 400, "no picture"),
        (WHOLE[:1536], TAR, 400, "ends within a member"),
        (WHOLE, TAR, 413, "1 pictures"),
        (WHOLE.replace(b"00000000005\0", b"-0000000005\0"), TAR, 400, "not a tar archive"),
        (WHOLE.replace(b"00000000005\0", b"\x80\0\0\0\0\0\0\0\0\0\0\5"), TAR, 400, "not a tar archive"),
        (b"\x1f\x8b" + WHOLE, TAR, 400, "not a tar archive"),
    ],
)
def test_damage_is_refused(body, kind, status, says):
    with pytest.raises(Refused, match=says) as refused:
        unpacked(body, kind, 1)
    assert refused.value.status == status
