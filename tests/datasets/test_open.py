import numpy as np
import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.dataset import Dataset, objects
from clearsight.datasets.open import READERS, open_dataset


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("digit", "no data called 'digit': .* Did you mean digits"),
        ("fashion_mnist", "Did you mean fashion-mnist"),
        ("nothing/like/it", "no such file or folder, and no set of that name. DATA can be:"),
        ("", "no data called ''"),
        ("x" * 5000, "no data called"),
        ("a\0b", "no data called"),
        (7, r"must be a path, a name or \(pictures, labels\). Got int"),
        (None, "Got NoneType"),
    ],
)
def test_what_is_no_data_gets_the_kinds_there_are(data, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=reason) as caught:
        open_dataset(data)
    assert all(reader.kind in str(caught.value) for reader in READERS)


def test_a_misspelt_path_gets_the_near_one(tmp_path):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(UsageError, match=r"Did you mean .*/pictures"):
        open_dataset(tmp_path / "pictuers")


def test_a_file_of_no_kind_is_said(tmp_path):
    (tmp_path / "cat.docx").touch()
    with pytest.raises(UsageError, match=r"cat\.docx is a file of no kind that is known here"):
        open_dataset(tmp_path / "cat.docx")


def test_a_name_is_the_set_and_a_path_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits" / "cat").mkdir(parents=True)
    (tmp_path / "digits" / "cat" / "1.png").touch()
    assert len(open_dataset("digits").classes) == 10
    assert open_dataset("./digits").classes == ("cat",)


def test_options_that_a_kind_lacks_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"group_by cannot be used with a named set .*; it is for a table .* or a folder"):
        open_dataset("digits", group_by="writer")
    with pytest.raises(UsageError, match="classes cannot be used with a folder"):
        open_dataset(tmp_path, classes=["a"])


def test_parts_are_returned_as_they_are():
    parts = open_dataset("digits")
    assert open_dataset(parts) is parts


def test_a_dataset_needs_columns_of_one_length():
    with pytest.raises(ClearsightError, match="as many as labels and names"):
        Dataset(("a",), np.zeros(2, dtype=np.int64), objects(["x"]), pictures=np.zeros((2, 4, 4), dtype=np.uint8))
    with pytest.raises(ClearsightError, match="needs pictures or paths"):
        Dataset(("a",), np.zeros(1, dtype=np.int64), objects(["x"]))
