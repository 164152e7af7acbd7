"""Data of other programs are refused with what they are and what helps."""

import pytest
from PIL import Image

from clearsight.base.errors import UsageError
from clearsight.datasets.formats.unread import advice
from clearsight.datasets.open import open_dataset


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x.h5", "an HDF5 file, and is not read. Save its arrays as .npz"),
        ("train_32x32.MAT", "scipy.io.loadmat"),
        ("x.tfrecord", "Write each picture into the folder of its class"),
        ("instances.json", "List the pictures in a table"),
        ("data.yaml", "List the pictures in a table"),
        ("x.xlsx", "Save it as CSV"),
        ("x.7z", "Unpack it"),
        ("x.pkl", "can run code"),
    ],
)
def test_a_file_of_another_kind(tmp_path, name, said):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UsageError, match=f"{name} is .*{said}"):
        open_dataset(tmp_path / name)


def test_one_picture_is_no_data_set(tmp_path):
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"is one picture, and a data set has many.*clearsight classify MODEL"):
        open_dataset(tmp_path / "a.png")


def test_a_folder_without_classes_gets_advice_by_its_files(tmp_path):
    for name in ("1.jpg", "1.xml", "part.zip", "x.tfrecord"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UsageError) as raised:
        open_dataset(tmp_path)
    lines = str(raised.value).splitlines()
    assert "The folder holds a ZIP archive. Give that, or unpack it." in lines
    assert any(line.startswith("The folder holds a file of records.") for line in lines)
    assert any(line.startswith("Boxes and masks are not read") and "path,label" in line for line in lines)
    assert len(advice([])) == 1 and "Boxes" not in advice([".psd"])[0]
