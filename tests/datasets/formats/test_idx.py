import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.open import open_dataset


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()


def write(path: Path, array: np.ndarray) -> None:
    path.write_bytes(gzip.compress(idx(array)) if path.suffix == ".gz" else idx(array))


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)


@pytest.fixture
def mnist(tmp_path, pictures):
    write(tmp_path / "train-images-idx3-ubyte.gz", pictures)
    write(tmp_path / "train-labels-idx1-ubyte.gz", np.array([0, 1, 2, 0, 1, 2]))
    write(tmp_path / "t10k-images-idx3-ubyte", pictures[:2])
    write(tmp_path / "t10k-labels-idx1-ubyte", np.array([2, 0]))
    return tmp_path


def test_the_pairs_in_a_folder(mnist, pictures):
    parts = open_dataset(mnist)
    assert list(parts.parts) == ["train", "test"]
    assert parts.classes == ("0", "1", "2")
    train, test = parts.parts["train"], parts.parts["test"]
    np.testing.assert_array_equal(train.pictures, pictures)
    assert test.labels.tolist() == [2, 0]
    assert list(test.names) == ["test/0", "test/1"]
    np.testing.assert_array_equal(test.source(1), pictures[1])
    assert train.pictures.flags.writeable  # torch.from_numpy warns about arrays that are not


def test_packed_and_unpacked_side_by_side_are_one(mnist):
    (mnist / "train-images-idx3-ubyte").write_bytes(gzip.decompress((mnist / "train-images-idx3-ubyte.gz").read_bytes()))
    assert len(open_dataset(mnist).parts["train"]) == 6


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"])
def test_one_file_finds_its_partner(mnist, name):
    parts = open_dataset(str(mnist / name), classes=["a", "b", "c"])
    assert list(parts.parts) == ["train"]
    assert parts.classes == ("a", "b", "c")
    assert len(parts.parts["train"]) == 6


def test_another_name_is_data_without_parts(tmp_path, pictures):
    write(tmp_path / "kuzushiji-images.idx3-ubyte", pictures)
    write(tmp_path / "kuzushiji-labels.idx1-ubyte", np.arange(6))
    assert list(open_dataset(tmp_path / "kuzushiji-images.idx3-ubyte").parts) == ["all"]


def test_two_sets_in_one_folder_are_refused(mnist, pictures):
    write(mnist / "emnist-train-images-idx3-ubyte", pictures)
    write(mnist / "emnist-train-labels-idx1-ubyte", np.arange(6))
    with pytest.raises(UsageError, match="two sets of pictures"):
        open_dataset(mnist)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: b"\x89PNG" + content[4:], "not an IDX file of bytes: it starts with 89 50 4e 47"),
        (lambda content: b"", "starts with nothing"),
        (lambda content: content[:9], "promises"),
        (lambda content: content[:-1], "promises 6, 5, 4 = 120 bytes of content and holds 119"),
        (lambda content: content + b"x", "holds more"),
        (lambda content: content[:4] + b"\xff" * 12 + content[16:], r"cannot read|promises"),
        (lambda content: idx(np.zeros((5, 5, 4))), "holds 5 pictures, but train-labels-idx1-ubyte.gz 6 labels"),
        (lambda content: idx(np.zeros(6)), "must be pictures"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_damage_is_named(mnist, pictures, damage, reason, packed):
    (mnist / "train-images-idx3-ubyte.gz").unlink()
    content = damage(idx(pictures))
    (mnist / f"train-images-idx3-ubyte{'.gz' if packed else ''}").write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(ClearsightError, match=reason):
        open_dataset(mnist)


@pytest.mark.parametrize("cut", [5, 40, -4])
def test_a_cut_gzip_is_named(mnist, cut):
    file = mnist / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(ClearsightError, match=r"cannot read .*damaged or cut short"):
        open_dataset(mnist)


def test_missing_labels_are_named(mnist):
    (mnist / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(ClearsightError, match="has no labels file next to it; it would be called t10k-labels-idx1-ubyte"):
        open_dataset(mnist)


def test_a_file_of_no_pictures_holds_none(mnist):
    (mnist / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((0, 5, 4))))
    with pytest.raises(ClearsightError, match="= 0 bytes of content and holds 0"):
        open_dataset(mnist)
