"""Arrays in .npy files, with the labels next to them."""

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.open import open_dataset

PICTURES, LABELS = np.arange(6 * 4 * 5 * 3, dtype=np.uint8).reshape(6, 4, 5, 3), np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize(
    ("pictures", "labels"),
    [("X.npy", "y.npy"), ("images.npy", "labels.npy"), ("pets.npy", "pets_labels.npy"), ("pets.npy", "labels.npy"), 
     ("X_train.NPY", "y_train.npy"),     ("data.npy", "targets.npy"), ("pet_images.npy", "pet_labels.npy")],
)  # fmt: skip
def test_a_file_and_its_labels(tmp_path, pictures, labels):
    with (tmp_path / pictures).open("wb") as file:
        np.save(file, PICTURES)
    np.save(tmp_path / labels, LABELS)
    every = open_dataset(tmp_path / pictures).parts["all"]
    assert every.labels.tolist() == LABELS.tolist() and np.array_equal(every.pictures, PICTURES)


def test_a_folder_of_parts(tmp_path):
    for part, n in (("train", 6), ("test", 3)):
        np.save(tmp_path / f"X_{part}.npy", PICTURES[:n])
        np.save(tmp_path / f"y_{part}.npy", LABELS[:n])
    (tmp_path / "classes.txt").write_text("cat\ndog\nemu\n")
    parts = open_dataset(tmp_path)
    assert parts.classes == ("cat", "dog", "emu")
    assert {part: len(data) for part, data in parts.parts.items()} == {"train": 6, "test": 3}


def test_what_is_missing_or_damaged_is_named(tmp_path):
    np.save(tmp_path / "pets.npy", PICTURES)
    with pytest.raises(ClearsightError, match=r"pets\.npy has no labels next to it: name their file pets_labels\.npy, pets_y\.npy"):
        open_dataset(tmp_path / "pets.npy")
    np.save(tmp_path / "labels.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ClearsightError, match=r"cannot read .*labels\.npy: .* without pickled objects"):
        open_dataset(tmp_path / "pets.npy")


def test_a_set_is_called_as_its_file_or_folder(tmp_path):
    (tmp_path / "pets.v2").mkdir()
    np.save(tmp_path / "pets.v2" / "cats.npy", PICTURES)
    np.save(tmp_path / "pets.v2" / "cats_labels.npy", LABELS)
    assert open_dataset(tmp_path / "pets.v2" / "cats.npy").name == "cats"
    np.save(tmp_path / "pets.v2" / "X.npy", PICTURES)
    np.save(tmp_path / "pets.v2" / "y.npy", LABELS)
    for name in ("cats", "cats_labels"):
        (tmp_path / "pets.v2" / f"{name}.npy").unlink()
    assert open_dataset(tmp_path / "pets.v2").name == "pets.v2"
