"""CIFAR-10 and CIFAR-100 in both published forms give the same pictures."""

import pickle

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.formats import cifar
from clearsight.datasets.open import open_dataset

ROWS = np.random.default_rng(0).integers(0, 256, (30, 3072), dtype=np.uint8)
TEN, HUNDRED = np.arange(30) % 10, np.arange(30) % 10 * 9
NAMES = [f"class {i}" for i in range(100)]


def ten(folder, binary):
    folder.mkdir(parents=True)
    for name, rows in (("data_batch_1", slice(0, 10)), ("data_batch_2", slice(10, 20)), ("test_batch", slice(20, 30))):
        if binary:
            (folder / f"{name}.bin").write_bytes(np.hstack([TEN[rows, None].astype(np.uint8), ROWS[rows]]).tobytes())
        else:
            (folder / name).write_bytes(pickle.dumps({b"data": ROWS[rows], b"labels": TEN[rows].tolist(), b"filenames": [b"x"] * 10}, 2))
    names = NAMES[:10]
    if binary:
        (folder / "batches.meta.txt").write_text("\n".join(names) + "\n\n")
    else:
        (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": [name.encode() for name in names]}, 2))
    return folder


def hundred(folder, binary):
    folder.mkdir(parents=True)
    for name, rows in (("train", slice(0, 20)), ("test", slice(20, 30))):
        if binary:
            coarse = np.zeros((len(HUNDRED[rows]), 1), np.uint8)
            (folder / f"{name}.bin").write_bytes(np.hstack([coarse, HUNDRED[rows, None].astype(np.uint8), ROWS[rows]]).tobytes())
        else:
            (folder / name).write_bytes(pickle.dumps({"data": ROWS[rows], "fine_labels": HUNDRED[rows].tolist(), "coarse_labels": [0]}, 2))
    if binary:
        (folder / "fine_label_names.txt").write_text("\n".join(NAMES))
    else:
        (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": NAMES}, 2))
    return folder


@pytest.mark.parametrize(("make", "labels", "n"), [(ten, TEN, 10), (hundred, HUNDRED, 100)])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("outer", ["", "cifar-10-batches-py"])
def test_both_forms(tmp_path, make, labels, n, binary, outer):
    make(tmp_path / "data" / outer, binary)
    parts = open_dataset(tmp_path / "data")
    assert parts.classes == tuple(NAMES[:n])
    assert {part: len(data) for part, data in parts.parts.items()} == {"train": 20, "test": 10}
    assert parts.parts["test"].labels.tolist() == labels[20:].tolist()
    lacking = "files of CIFAR-10 that are not here: data_batch_3, data_batch_4, data_batch_5"
    assert (lacking in parts.notes) == (make is ten)
    first = parts.parts["test"].pictures[0]
    assert first.shape == (32, 32, 3) and first[0, 1].tolist() == ROWS[20, [1, 1025, 2049]].tolist()


def test_damage_and_code_are_named(tmp_path):
    folder = ten(tmp_path / "a", True)
    (folder / "test_batch.bin").write_bytes(b"x" * 3000)
    with pytest.raises(ClearsightError, match=r"test_batch\.bin must hold rows of 3,073 bytes\. It has 3,000"):
        open_dataset(folder)
    folder = ten(tmp_path / "b", False)
    (folder / "test_batch").write_bytes(pickle.dumps({"data": eval}))
    with pytest.raises(ClearsightError, match=r"cannot read .*test_batch as a batch of CIFAR: it names .*eval, which is never run here"):
        open_dataset(folder)
    (folder / "test_batch").write_bytes(pickle.dumps({"data": ROWS, "labels": [1]}))
    with pytest.raises(ClearsightError, match="must hold as many labels as pictures"):
        open_dataset(folder)


def test_the_test_batch_is_that_of_the_batches(tmp_path):
    """Both sets in one folder: CIFAR-10 is read, with its own test pictures."""
    for name in ("data_batch_1", "test_batch", "train", "test", "meta"):
        (tmp_path / name).write_bytes(b"")
    assert cifar._files(tmp_path) == {"train": [tmp_path / "data_batch_1"], "test": [tmp_path / "test_batch"]}
