"""Shards on a web server, and at addresses of the Hugging Face Hub by a stand-in: listed, read, and named in errors."""

import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.remote import downloads, store
from clearsight.datasets.open import open_dataset
from tests.datasets.shards.tars import samples, tar

pytest.importorskip("s3fs")  # it brings what reads web servers
fsspec = pytest.importorskip("fsspec")


class Handler(SimpleHTTPRequestHandler):
    """A folder with listings and, unlike Python's own server, ranges; `failing` requests to read are refused."""

    ranges, failing, folder = True, 0, ""

    def __init__(self, *words) -> None:
        super().__init__(*words, directory=type(self).folder)

    def do_GET(self) -> None:
        kind, wanted = type(self), re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if self.path.endswith(".tar") and kind.failing:
            kind.failing -= 1
            self.send_error(503)
        elif wanted and kind.ranges:
            with open(self.translate_path(self.path), "rb") as file:
                data = file.read()
            start, stop = int(wanted[1]), min(int(wanted[2]) + 1, len(data))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
            self.send_header("Content-Length", str(stop - start))
            self.end_headers()
            self.wfile.write(data[start:stop])
        else:
            super().do_GET()

    def log_message(self, *words) -> None:
        pass


@pytest.fixture
def web(tmp_path, monkeypatch):
    """The handler of a server of three shards, and its address."""
    for k in range(3):
        tar(tmp_path / "web" / "shards" / f"train-{k}.tar", samples(4 * k, 4))
    kind = type("Own", (Handler,), {"folder": str(tmp_path / "web")})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(store, "FIRST", 0.0)
    monkeypatch.setattr(downloads, "_known", {})
    yield kind, f"http://127.0.0.1:{server.server_port}/shards"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("words", ["", "/", "/train-{0..2}.tar", "/train-*.tar"])
def test_shards_on_a_web_server_are_those_of_the_folder(web, words, tmp_path):
    kind, address = web
    kind.failing = 2
    data, here = open_dataset(f"{address}{words}")["train"], open_dataset(tmp_path / "web" / "shards")["train"]
    assert list(data.names) == list(here.names) and data.labels.tolist() == here.labels.tolist()
    assert [data.source(i).read() for i in range(12)] == [here.source(i).read() for i in range(12)]


def test_errors_name_shard_bytes_and_attempts(web):
    kind, address = web
    kind.failing = 100
    with pytest.raises(ClearsightError, match=r"train-0\.tar \(bytes 0 to [\d,]+, 6 attempts in \d+ s\)"):
        open_dataset(f"{address}/train-0.tar")
    kind.failing = 0
    with pytest.raises(ClearsightError, match=r"there is no file at http://127.*/train-7\.tar"):
        open_dataset(f"{address}/train-{{0,7}}.tar")
    kind.ranges = False
    with pytest.raises(ClearsightError, match="its server sends whole files only"):
        store.read(f"{address}/train-0.tar", 0, 100)


def test_a_stand_in_for_the_hub(web, tmp_path, monkeypatch):
    """Addresses of the Hub are read by whatever file system fsspec has for `hf`: here one in memory."""
    from fsspec.implementations.memory import MemoryFileSystem

    class Hub(MemoryFileSystem):
        protocol = ("hf",)
        store, pseudo_dirs = {}, [""]

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return f"/{path.removeprefix('hf://').strip('/')}"

        def unstrip_protocol(self, name: str) -> str:
            return f"hf://{name.lstrip('/')}"

    fsspec.register_implementation("hf", Hub, clobber=True)
    monkeypatch.setattr(store, "require_package", lambda address: None)
    for path in sorted((tmp_path / "web" / "shards").iterdir()):
        Hub().pipe_file(f"/datasets/own/scans/{path.name}", path.read_bytes())
    data = open_dataset("hf://datasets/own/scans/*.tar")["train"]
    assert len(data) == 12 and data.names[0] == "train-0.tar/000000.png" and data.source(3).read()[:4] == b"\x89PNG"
    with pytest.raises(ClearsightError, match="there is no file at hf://datasets/own/other"):
        open_dataset("hf://datasets/own/other")
