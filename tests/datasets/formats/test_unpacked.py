"""Zip archives are read as the folder or file that they hold, and written into the cache once."""

import os
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.formats import unpacked as module
from clearsight.datasets.open import open_dataset


@pytest.fixture
def pets(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    for part in ("train", "test"):
        for label in ("cat", "dog"):
            (tmp_path / "pets" / part / label).mkdir(parents=True)
            for i in range(2):
                Image.fromarray(np.full((4, 4), 40 * i, dtype=np.uint8)).save(tmp_path / "pets" / part / label / f"{i}.png")
    return tmp_path / "pets"


@pytest.mark.parametrize("outer", [True, False])
def test_a_folder_in_a_zip(pets, tmp_path, outer):
    shutil.make_archive(str(tmp_path / "set"), "zip", *((tmp_path, "pets") if outer else (pets,)))
    with zipfile.ZipFile(tmp_path / "set.zip", "a") as archive:
        archive.writestr("__MACOSX/cat/1.png", "x")
        archive.writestr("pets/.DS_Store", "x")
    for _ in range(2):
        parts = open_dataset(tmp_path / "set.zip")
        assert (parts.name, parts.classes) == ("set", ("cat", "dog"))
        assert {part: len(data) for part, data in parts.parts.items()} == {"train": 4, "test": 4}
        assert all(data.source(i).is_file() for data in parts.parts.values() for i in range(len(data)))
    assert len(list((tmp_path / "cache" / "unpacked").iterdir())) == 1
    assert "set.zip was unpacked into the cache" in parts.notes[0]
    os.utime(tmp_path / "set.zip", (1, 1))
    open_dataset(tmp_path / "set.zip")
    assert len(list((tmp_path / "cache" / "unpacked").iterdir())) == 2


def test_arrays_and_tables_in_a_zip(pets, tmp_path):
    np.savez(tmp_path / "a.npz", X=np.zeros((4, 4, 4), np.uint8), y=[0, 1, 0, 1])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.npz", "inner.npz")
    assert open_dataset(tmp_path / "a.zip").classes == ("0", "1")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("t.csv", "id,breed\n" + "".join(f"{i},{'ab'[i]}\n" for i in range(2)))
        for i in range(2):
            archive.write(pets / "train" / "cat" / f"{i}.png", f"images/{i}.png")
    assert open_dataset(tmp_path / "t.zip").classes == ("a", "b")


def written(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


@pytest.mark.parametrize("name", ["../out.png", "/etc/out.png", "a/../../out.png", "C:/out.png", "..\\out.png"])
def test_names_that_lead_out_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ClearsightError, match="holds a name that leads out of it"):
        open_dataset(written(tmp_path / "e.zip", "cat/1.png", name))
    assert not list((tmp_path / "cache" / "unpacked").iterdir()) and not (tmp_path / "out.png").exists()


def test_archives_that_cannot_be_read_are_named(pets, tmp_path, monkeypatch):
    (tmp_path / "bad.zip").write_bytes(b"PK\3\4 but no more")
    with pytest.raises(ClearsightError, match=r"cannot read .*bad\.zip: .* It may be damaged"):
        open_dataset(tmp_path / "bad.zip")
    monkeypatch.setattr(module, "FREE_SHARE", 0.0)
    with pytest.raises(UsageError, match=r"big\.zip unpacks to .* Unpack it elsewhere"):
        open_dataset(written(tmp_path / "big.zip", "cat/1.png"))
