"""The data set that every reader returns: rows, parts, and one table of classes."""

from pathlib import Path

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.dataset import Dataset, Parts, class_table, clean_label, indices_of, joined, objects


def arrays(n: int = 6, **more) -> Dataset:
    pictures = np.arange(n * 4, dtype=np.uint8).reshape(n, 2, 2)
    return Dataset(("a", "b"), np.arange(n) % 2, objects(f"p{i}" for i in range(n)), pictures=pictures, **more)


def test_a_picture_is_an_array_or_a_path_below_the_root():
    data = arrays()
    assert np.array_equal(data.source(2), [[8, 9], [10, 11]]) and data.label(3) == "b" and data.counts().tolist() == [3, 3]
    files = Dataset(("a",), np.zeros(1, np.int64), objects(["x"]), root=Path("/r"), paths=objects(["sub/x.png"]))
    assert files.source(0) == Path("/r/sub/x.png") and files.picture(0) == files.source(0)
    assert repr(data) == "Dataset(6 pictures, 2 classes)"


def test_a_picture_that_has_been_decoded_is_not_read_again():
    decoded = objects([""] * 6)
    decoded[:] = None
    decoded[1] = np.ones((2, 2), np.uint8)
    data = arrays(decoded=decoded)
    assert data.picture(1) is decoded[1] and np.array_equal(data.picture(0), data.source(0))


@pytest.mark.parametrize("rows", [[4, 0], np.array([True, False, False, False, True, False]), []], ids=["indices", "mask", "none"])
def test_a_subset_has_every_column_and_the_same_table(rows):
    data = arrays(groups=objects("uvwxyz"), digests=np.array([b"%d" % i for i in range(6)]))
    some, index = data.subset(rows), np.flatnonzero(rows) if isinstance(rows, np.ndarray) else np.array(rows, int)
    assert some.classes == data.classes and len(some) == len(index)
    for name in ("labels", "names", "pictures", "groups", "digests"):
        assert np.array_equal(getattr(some, name), getattr(data, name)[index])


def test_parts_are_joined_in_order():
    data = arrays()
    again = joined(data.subset([0, 1]), data.subset([2, 3, 4, 5]))
    assert np.array_equal(again.pictures, data.pictures) and list(again.names) == list(data.names)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": np.zeros(5, np.int64)},
        {"pictures": None},
        {"root": Path("/r"), "paths": objects(["x"] * 6)},
        {"pictures": None, "root": Path("/r")},
        {"pictures": None, "paths": objects(["x"] * 6)},
    ],
    ids=["lengths", "neither", "both", "root alone", "paths alone"],
)
def test_pictures_or_paths_as_many_as_labels(changes):
    data = arrays()
    given = {"labels": data.labels, "names": data.names, "pictures": data.pictures, **changes}
    with pytest.raises(ClearsightError, match="a dataset needs pictures or paths"):
        Dataset(("a", "b"), **given)


def test_a_split_by_name():
    parts = Parts("x", ("a", "b"), {"train": arrays(), "test": arrays(2)})
    assert len(parts["test"]) == 2
    with pytest.raises(UsageError, match="Did you mean test"):
        parts["tset"]


@pytest.mark.parametrize(
    ("labels", "table"),
    [
        ({"all": ["b", "a", "b"]}, ("a", "b")),
        ({"all": ["10", "9", "1"]}, ("1", "9", "10")),  # whole numbers by value
        ({"all": ["10", "9", "x"]}, ("10", "9", "x")),
        ({"train": ["a", "b"], "test": ["b"]}, ("a", "b")),
        ({"val": ["b"], "test": ["a"]}, ("a", "b")),
    ],
)
def test_the_table_of_classes(labels, table):
    assert class_table(labels) == table
    assert indices_of(table[::-1], table).tolist() == list(range(len(table)))[::-1]


def test_a_class_that_train_lacks_is_named():
    with pytest.raises(ClearsightError, match=r"the test part has a class that the train part lacks: 'c'.*Train has: 'a', 'b'"):
        class_table({"train": ["a", "b"], "test": ["c"]})


def test_a_word_is_one_class_on_every_system():
    assert clean_label("  e\u0301te ") == "éte" and len(clean_label("e\u0301")) == 1


def test_texts_are_objects():
    assert objects(["a", "bcd"]).dtype == object and objects([]).shape == (0,)
