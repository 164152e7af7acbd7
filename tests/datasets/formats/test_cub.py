"""CUB-200-2011: three lists that give a picture's number its path, class and part."""

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError
from clearsight.datasets.open import open_dataset


@pytest.fixture
def birds(tmp_path):
    """Six pictures of two classes; every third is for testing."""
    lists = {name: [] for name in ("images.txt", "image_class_labels.txt", "train_test_split.txt")}
    for number in range(1, 7):
        label = 1 + number % 2
        path = f"00{label}.Bird_{label}/{number}.jpg"
        (tmp_path / "images" / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 30 * number, np.uint8)).save(tmp_path / "images" / path)
        for name, value in zip(lists, (path, label, int(number % 3 > 0)), strict=True):
            lists[name].append(f"{number} {value}")
    lists["classes.txt"] = ["1 001.Bird_1", "2 002.Bird_2"]
    for name, lines in lists.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    (tmp_path / "README").write_text("of the authors")
    return tmp_path


def test_the_authors_split_is_kept(birds):
    found = open_dataset(birds)
    assert found.classes == ("001.Bird_1", "002.Bird_2") and {name: len(part) for name, part in found.parts.items()} == {
        "train": 4,
        "test": 2,
    }
    assert found.parts["test"].names.tolist() == ["002.Bird_2/3.jpg", "001.Bird_1/6.jpg"]
    assert found.parts["test"].labels.tolist() == [1, 0]
    assert found.parts["test"].source(0).read_bytes() == (birds / "images/002.Bird_2/3.jpg").read_bytes()


def test_without_the_lists_of_parts_and_names(birds):
    (birds / "train_test_split.txt").unlink()
    (birds / "classes.txt").unlink()
    found = open_dataset(birds)
    assert found.classes == ("1", "2") and list(found.parts) == ["all"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("images.txt", "one 001.Bird_1/2.jpg", "line 1: expected is a number of its own and a value"),
        ("images.txt", "1 a.jpg\n1 b.jpg", "line 2: expected is a number of its own"),
        ("images.txt", "1 nowhere.jpg", "1 of 1 files are not in"),
        ("image_class_labels.txt", "1 1\n2 1", "has no line for 4 pictures of images.txt: numbers 3, 4, 5"),
        ("train_test_split.txt", "\n".join(f"{n} {n}" for n in range(1, 7)), "says 1 for training pictures and 0 for test pictures"),
        ("classes.txt", "1 001.Bird_1", "has no name for the classes 2"),
    ],
)
def test_lists_that_contradict_each_other_are_named(birds, name, text, said):
    (birds / name).write_text(text)
    with pytest.raises(ClearsightError, match=said) as caught:
        open_dataset(birds)
    assert name in str(caught.value)
