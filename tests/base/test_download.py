"""The downloader against a server that misbehaves in every way: the whole file comes, or none is left."""

import hashlib

import pytest

from clearsight.base import download as module
from clearsight.base.download import download
from clearsight.base.errors import ClearsightError, CorruptFile
from tests.server import Site, serving

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
NOWHERE = "http://127.0.0.1:1/net.pth"


@pytest.fixture
def site():
    with serving(Site({"net.pth": CONTENT})) as site:
        yield site


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "net.pth"


def part(path):
    return path.with_name(".net.pth.part")


@pytest.mark.parametrize("digest", [SHA, SHA[:15], f"md5:{hashlib.md5(CONTENT).hexdigest()}", ""])
def test_a_file_comes_whole_once(site, path, digest):
    for _ in range(2):
        assert download(f"{site.address}net.pth", path, digest=digest, quiet=True) == path
    assert path.read_bytes() == CONTENT and site.asked == [""]
    assert [p.name for p in path.parent.iterdir()] == ["net.pth"]


def test_a_cut_connection_is_continued(site, path):
    site.breaks_after = [300_000, 200_000]
    download(f"{site.address}net.pth", path, digest=SHA, quiet=True)
    assert path.read_bytes() == CONTENT
    assert site.asked == ["", "bytes=300000-", "bytes=500000-"]


def test_what_came_is_kept_for_the_next_time(site, path):
    site.breaks_after = [100, 0, 0]
    with pytest.raises(ClearsightError, match=r"net.pth is not here and cannot be downloaded \(100 of 1,048,576 bytes came\). With a net"):
        download(f"{site.address}net.pth", path, digest=SHA, quiet=True)
    assert part(path).read_bytes() == CONTENT[:100] and not path.exists()
    site.asked.clear()
    download(f"{site.address}net.pth", path, digest=SHA, quiet=True)
    assert path.read_bytes() == CONTENT and site.asked == ["bytes=100-"] and not part(path).exists()


def test_a_server_without_range_begins_again(site, path):
    site.ranges, site.breaks_after = False, [300_000]
    download(f"{site.address}net.pth", path, digest=SHA, quiet=True)
    assert path.read_bytes() == CONTENT and site.asked == ["", "bytes=300000-"]


@pytest.mark.parametrize(("left", "asked"), [(CONTENT, 1), (CONTENT + b"more", 2), (b"another file", 2), (CONTENT[::-1], 2)], ids=range(4))
def test_whatever_an_earlier_try_left(site, path, left, asked):
    """All of it, too much, the beginning of another file, another file of that length."""
    path.parent.mkdir()
    part(path).write_bytes(left)
    download(f"{site.address}net.pth", path, digest=SHA, quiet=True)
    assert path.read_bytes() == CONTENT and len(site.asked) == asked


def test_another_content_is_not_kept(site, path):
    site.files["net.pth"] = b"something else"
    with pytest.raises(
        ClearsightError, match=r"http.*net.pth came with SHA-256 [0-9a-f]{16}…, not SHA-256 fbbab289f7f94b25…. Nothing was kept; try again"
    ):
        download(f"{site.address}net.pth", path, digest="sha256:fbbab289f7f94b25", quiet=True)
    assert not list(path.parent.iterdir())


def test_without_length_or_digest_the_size_is_known(site, path):
    site.length, site.breaks_after = False, [1000, 0, 0, 0]
    with pytest.raises(ClearsightError, match=r"1,000 of 1,048,576 bytes came"):
        download(f"{site.address}net.pth", path, size=len(CONTENT), quiet=True)


@pytest.mark.parametrize(
    ("status", "says", "tries"), [(404, "Not Found, HTTP 404", 1), (403, "Forbidden, HTTP 403", 1), (503, "HTTP 503", 3)]
)
def test_a_refusal_is_said(site, path, status, says, tries):
    site.status = status
    with pytest.raises(ClearsightError, match=rf"resnet is not here and cannot be downloaded \(.*{says}\). Ask Anna"):
        download(f"{site.address}net.pth", path, what="resnet", otherwise="Ask Anna.", quiet=True)
    assert len(site.asked) == tries and not list(path.parent.iterdir())


@pytest.mark.parametrize("address", [NOWHERE, "http://no-such-host.invalid/net.pth", "no address"])
def test_without_a_network(path, address):
    with pytest.raises(ClearsightError, match=r"cannot be downloaded \(.+\). With a network, run this again: .* or put|Or put the file of"):
        download(address, path, quiet=True)
    assert not list(path.parent.iterdir())


def test_a_file_put_there_by_hand_is_checked(path):
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    assert download(NOWHERE, path, digest=SHA) == path
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(CorruptFile, match=r"is not the file published at http.*it should have SHA-256 .*Delete it and try again"):
        download(NOWHERE, path, digest=SHA)
    assert path.read_bytes() == CONTENT[:-1]


def test_ctrl_c_leaves_what_came(site, path, monkeypatch):
    class Interrupted:
        def __init__(self, *_, **__):
            self.done = 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        skip = update = lambda self, n: (_ for _ in ()).throw(KeyboardInterrupt) if n == 0 and self.count() else None

        def count(self, seen=[]):  # noqa: B006 — counts calls over all bars
            seen.append(1)
            return len(seen) > 2

    monkeypatch.setattr(module, "Progress", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        download(f"{site.address}net.pth", path, digest=SHA)
    monkeypatch.undo()
    got = part(path).stat().st_size
    assert 0 < got < len(CONTENT)
    download(f"{site.address}net.pth", path, digest=SHA, quiet=True)
    assert site.asked[-1] == f"bytes={got}-" and path.read_bytes() == CONTENT


def test_two_processes_do_not_write_one_file(site, path):
    fcntl = pytest.importorskip("fcntl")
    path.parent.mkdir()
    with part(path).open("wb") as other:
        other.write(b"first half")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ClearsightError, match=r"net.pth is being downloaded by another process: wait for it"):
            download(f"{site.address}net.pth", path, digest=SHA, quiet=True)
    assert part(path).read_bytes() == b"first half" and not site.asked
