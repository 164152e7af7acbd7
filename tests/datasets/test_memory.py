"""What a data set weighs: bytes per picture that are bounded, and held once, however many threads decode."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from clearsight.datasets.formats import folder as folders
from clearsight.datasets.loader import Streamed
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.images.preprocess import Preprocessing

PICTURES, CLASSES = 200_000, 100
NAME = "photograph_{:07d}.jpg"
BOUND = 160  # bytes per picture, the names of about 35 letters among them
FIT = Preprocessing(channels=1, height=2, width=2)


class Entry:
    """A folder entry that no disk holds."""

    def __init__(self, name: str, path: str, is_folder: bool) -> None:
        self.name, self.path, self.is_folder = name, path, is_folder

    def is_dir(self):
        return self.is_folder

    def is_symlink(self):
        return False

    def stat(self):
        return SimpleNamespace(st_mode=0o100644, st_size=1000)


class Listing(list):
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


@pytest.fixture
def many(tmp_path, monkeypatch):
    def listing(path):
        folder = str(path).rsplit("/", 1)[-1]
        if not folder.startswith("class"):
            return Listing(Entry(f"class {k:03d}", f"{path}/class {k:03d}", True) for k in range(CLASSES))
        names = (NAME.format(i) for i in range(PICTURES // CLASSES))
        return Listing(Entry(name, f"{path}/{name}", False) for name in names)

    monkeypatch.setattr(folders.os, "scandir", listing)
    return tmp_path


def test_bytes_per_picture_are_bounded_and_shared_by_all_threads(many, monkeypatch):
    monkeypatch.setattr(Preprocessing, "load", lambda self, source: torch.full((1, 2, 2), hash(source) % 256, dtype=torch.uint8))
    tracemalloc.start()
    try:
        parts = open_dataset(many)
        data = parts.parts["all"]
        opened = tracemalloc.get_traced_memory()[0]
        assert len(data) == PICTURES and opened < BOUND * PICTURES
        made = split(parts)
        assert tracemalloc.get_traced_memory()[0] - opened < 40 * PICTURES  # labels and references: no name is there twice
        del made

        def grown(workers: int) -> int:
            before = tracemalloc.get_traced_memory()[0]
            pictures = Streamed(data, FIT, workers, torch.from_numpy(data.labels))
            for _ in pictures.batches(torch.randperm(PICTURES)[:1280].split(64)):
                pass
            return tracemalloc.get_traced_memory()[0] - before

        # twice: what a thread of an earlier test allocates meanwhile counts as well, and only ever adds
        most = max(min(grown(workers) for _ in range(2)) for workers in (1, 16))
    finally:
        tracemalloc.stop()
    assert most < 2 * PICTURES  # of 160: nothing that is held per picture is held per thread


def test_labels_are_whole_numbers_in_one_array(many):
    data = open_dataset(many).parts["all"]
    assert data.labels.dtype == np.int64 and data.labels.nbytes == 8 * PICTURES
    assert data.names[PICTURES - 1] == f"class {CLASSES - 1:03d}/{NAME.format(PICTURES // CLASSES - 1)}"
    assert data.names[0] is data.paths[0]  # one string, under both
