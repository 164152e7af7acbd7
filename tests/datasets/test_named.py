import functools
import gzip
import hashlib
import http.server
import threading

import numpy as np
import pytest
from sklearn.datasets import load_digits

from clearsight.base.errors import ClearsightError
from clearsight.datasets import named
from clearsight.datasets.open import open_dataset

from .formats.test_idx import idx

NAMES = [f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]


def test_digits():
    parts = open_dataset("digits")
    train, test = parts.parts["train"], parts.parts["test"]
    assert parts.classes == tuple("0123456789")
    assert (len(train), len(test)) == (1415, 382)
    data = load_digits()
    np.testing.assert_array_equal(np.concatenate([train.labels, test.labels]), data.target)
    np.testing.assert_allclose(np.concatenate([train.pictures, test.pictures]) / 255, data.images / 16, atol=0.5 / 255)
    assert (train.pictures.min(), train.pictures.max()) == (0, 255)
    assert min(test.counts()) >= 35
    assert "sheets are groups" in parts.notes[0]


def test_every_sheet_of_digits_begins_with_the_same_text():
    parts = open_dataset("digits").parts
    labels = "".join(str(label) for part in parts.values() for label in part.labels)
    groups = np.concatenate([part.groups for part in parts.values()])
    starts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    assert len(starts) == len(set(groups)) == 14
    assert all("12345678909556509" in labels[start : start + 40] for start in starts)
    assert all(labels[start - 4 : start] in ("0898", "4908", "0893") for start in starts[1:])  # and ends with the same
    assert not set(parts["train"].groups) & set(parts["test"].groups)


@pytest.mark.skipif(not named.FASHION_PACKAGE.is_dir(), reason="the Debian package dataset-fashion-mnist is not installed")
def test_fashion_mnist_from_the_package():
    parts = open_dataset("fashion-mnist")
    assert parts.name == "fashion-mnist"
    assert parts.classes[0] == "T-shirt/top"
    assert parts.parts["train"].pictures.shape == (60_000, 28, 28)
    assert parts.parts["test"].counts().tolist() == [1000] * 10
    assert parts.parts["test"].label(0) == "Ankle boot"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A small fashion-mnist on a local web server, and no Debian package."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name in NAMES:
        array = np.arange(20 * 16).reshape(20, 4, 4) % 256 if "images" in name else np.arange(20) % 10
        (folder / name).write_bytes(gzip.compress(idx(array)))
    monkeypatch.setattr(named, "FASHION_PACKAGE", tmp_path / "nowhere")
    monkeypatch.setattr(named, "FASHION_FILES", {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES})

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setattr(named, "FASHION_URL", f"http://127.0.0.1:{server.server_port}/")
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_fashion_mnist_is_downloaded_once_checked_and_kept(site, monkeypatch):
    (site / NAMES[3]).rename(site / "later")
    with pytest.raises(
        ClearsightError,
        match=r"cannot be downloaded \(File not found.*apt install dataset-fashion-mnist; or copy its four \.gz files ",
    ):
        open_dataset("fashion-mnist")
    (site / "later").rename(site / NAMES[3])
    for name in NAMES[:3]:
        (site / name).unlink()  # these were kept
    parts = open_dataset("fashion-mnist")
    assert len(parts.parts["train"]) == 20
    monkeypatch.setattr(named, "FASHION_URL", "http://127.0.0.1:1/")
    assert open_dataset("fashion-mnist").classes == named.FASHION_CLASSES


def test_a_download_of_another_content_is_not_kept(site):
    (site / NAMES[0]).write_bytes(b"something else")
    with pytest.raises(ClearsightError, match="came with SHA-256"):
        open_dataset("fashion-mnist")
    assert not list(named.cache_folder().rglob("*ubyte*"))


def test_no_network_says_all_three_ways(site, monkeypatch):
    monkeypatch.setattr(named, "FASHION_URL", "http://127.0.0.1:1/")
    with pytest.raises(ClearsightError, match=r"Connection refused.*apt install.*copy its four.*with a network"):
        open_dataset("fashion-mnist")


def test_a_folder_or_file_of_the_same_name_is_said(tmp_path, monkeypatch):
    """`digits` is the set, whatever lies here; which one is read is the first thing said."""
    monkeypatch.chdir(tmp_path)
    assert not [note for note in open_dataset("digits").notes if "set of that name" in note]
    (tmp_path / "digits").mkdir()
    assert open_dataset("digits").notes[0] == "digits is the set of that name, not the folder digits that is here: that is ./digits"
    (tmp_path / "digits").rmdir()
    (tmp_path / "digits").write_text("x")
    assert "not the file digits" in open_dataset("digits").notes[0]
