"""Every known class of odd picture comes out by value, every known class of bad one with its reason; nothing else happens."""

import os
import re
import socket
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from clearsight.images.decode import MAX_METADATA_BYTES, decode
from clearsight.images.jpeg import MAX_SCANS

from .bad import EITHER, JPEG, PNG, REFUSED
from .build import chunk, many_scans, png
from .contract import judged
from .odd import WHOLE


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_picture_has_its_values(name, tmp_path):
    case = WHOLE[name]
    picture = judged(case.data)
    assert not isinstance(picture, str), picture
    assert picture.shape == case.wanted.shape
    assert np.abs(picture.astype(int) - case.wanted).max() <= case.within
    path = tmp_path / ("cat.png" if name.startswith("jpeg") else "cat.jpg")  # the name says nothing
    path.write_bytes(case.data)
    assert np.array_equal(judged(path), picture)


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_one_has_its_reason(name, tmp_path):
    data, says = REFUSED[name]
    path = tmp_path / "cat.jpg"
    path.write_bytes(data)
    for source in (data, path):
        reason = judged(source)
        assert isinstance(reason, str), "taken for a picture"
        assert re.search(says, reason)


@pytest.mark.parametrize("name", EITHER)
def test_what_may_be_either_is_one(name):
    judged(EITHER[name]())


@pytest.mark.parametrize("name", ["new\nline", "esc\x1b[31m", "", "…" * 40, "a" * 250, "%s {0}", 'it\'s "it"', os.fsdecode(b"\xff\xfe")])
def test_any_name_is_told_as_it_is(name, tmp_path):
    path = tmp_path / f"{name}.jpg"
    path.write_bytes(PNG[:40])
    assert isinstance(judged(path), str)
    path.write_bytes(PNG)
    assert not isinstance(judged(path), str)


def test_what_is_no_file_of_bytes_is_refused_at_once(tmp_path):
    """None of these may be opened: a pipe without a writer waits for ever, /dev/zero never ends."""
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "dangling.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "terminal.jpg").symlink_to("/dev/tty")
    wanted = {
        "folder.jpg": "it is a folder", "pipe.jpg": "not a regular file", "loop.jpg": "symbolic links", "dangling.jpg": "no such file",
        "zero.jpg": "not a regular file", "terminal.jpg": "not a regular file|no such file", "cat.png/in.png": "ot a directory",
    }  # fmt: skip
    (tmp_path / "cat.png").write_bytes(PNG)
    for name, says in wanted.items():
        assert re.search(says, judged(tmp_path / name)), name


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")
        assert judged(Path("socket.jpg")) == "it is not a regular file"


@pytest.mark.parametrize("start", [JPEG[:60], PNG[:60], b"RIFF....WEBP", b"\0\0\0\x20ftypavif"])
def test_a_file_too_large_to_hold_a_picture_is_not_read(start, tmp_path):
    path = tmp_path / "sparse.jpg"
    path.write_bytes(start)
    os.truncate(path, 2**42)
    assert re.search("4,398,046,511,104 bytes; the limit is", judged(path))
    with pytest.raises(Exception, match=f"{len(PNG) + MAX_METADATA_BYTES + 1:,} bytes"):
        decode(BytesIO(PNG + bytes(MAX_METADATA_BYTES + 1)), max_pixels=1)


def test_scans_are_counted_up_to_the_end_marker():
    assert judged(many_scans(24, 16, MAX_SCANS - 1) + many_scans(24, 16, 500)).shape == (16, 24, 1)
    assert judged(many_scans(24, 16, MAX_SCANS)) == f"JPEG, cut off or damaged: it has {MAX_SCANS + 1} scans; the limit is {MAX_SCANS}"


@pytest.mark.parametrize(("depth", "colour", "bits"), [(1, 0, 1), (2, 3, 2), (8, 0, 8), (8, 2, 24), (16, 4, 32), (16, 6, 64)])
@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 3), (3, 9), (17, 16)])
def test_a_png_of_zeros_is_whole_and_one_without_its_last_row_is_not(width, height, depth, colour, bits, interlaced):
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    sizes = [(len(range(x, width, dx)), len(range(y, height, dy))) for x, y, dx, dy in (passes if interlaced else ((0, 0, 1, 1),))]
    rows = [bytes(1 + (columns * bits + 7) // 8) for columns, n in sizes if columns for _ in range(n)]
    palette = chunk(b"PLTE", b"abcdef") if colour == 3 else b""
    made = [png(width, height, depth, colour, b"".join(part), interlaced=interlaced, before=palette) for part in (rows, rows[:-1])]
    assert judged(made[0]).shape[:2] == (height, width)
    assert "truncated" in judged(made[1])


def test_nothing_is_written_to_stderr(tmp_path):
    """libtiff has a voice of its own, and Pillow one in logging."""
    names = [name for name in {**REFUSED, **EITHER} if name.startswith("tiff")]
    for i, name in enumerate(names):
        (tmp_path / f"{i}.tif").write_bytes(REFUSED[name][0] if name in REFUSED else EITHER[name]())
    script = (
        "import sys\nfrom clearsight.images.decode import decode, UnreadableImage\n"
        "for path in sys.argv[1:]:\n    try:\n        decode(path)\n    except UnreadableImage:\n        print(path)"
    )
    paths = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) > 8 and done.stderr == ""
