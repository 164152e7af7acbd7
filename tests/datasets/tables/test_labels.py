"""Several labels in one cell are refused; whole-number labels get names."""

import json

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.table import read_table
from clearsight.datasets.tables.labels import refuse_several


@pytest.mark.parametrize(
    "labels",
    [
        ["scab", "rust|scab", "rust|scab|frog"], ["a|b", "c|d"], ["a;b", "a"], ["scab", "rust", "scab rust"], ["cat", "dog", "cat, dog"],
        ["cat", "dog", "cat,dog"], ["a", "b", "a/b"], ["['a', 'b']", "a"], ["{a, b}", "c"], ["x", "y", "x+y"],
    ],
)  # fmt: skip
def test_several_labels_in_a_cell_are_refused(labels):
    with pytest.raises(ClearsightError, match=r"several labels in one cell, as in .* one class"):
        refuse_several("t.csv", labels)


@pytest.mark.parametrize(
    "labels",
    [
        ["golden retriever", "labrador retriever"], ["Paris, France", "Lyon, France"], ["fire truck", "truck"], ["T-shirt/top", "Dress"],
        ["crane, bird", "crane"], ["red car", "blue car", "red bus"], ["[/red]", "=cmd()"], ["a b", "c"], ["1,5", "2"], ["(a)", "b"],
    ],
)  # fmt: skip
def test_names_of_several_words_are_not(labels):
    refuse_several("t.csv", labels)


def numbers(folder, values, options=""):
    (folder / "data.csv").write_text("path,label\n" + "".join(f"pics/{i}.png,{value}\n" for i, value in enumerate(values)))
    return read_table(folder / "data.csv", columns=options)


@pytest.mark.parametrize(
    ("name", "text", "values", "classes"),
    [
        ("classes.txt", "cat\ndog\n", (0, 1), ("cat", "dog")),
        ("classes.txt", "cat\ndog\n", (1, 2), ("cat", "dog")),
        ("class_names.txt", "1 cat\n2 big dog\n", (1, 2), ("big dog", "cat")),
        ("data.classes.txt", "cat\n\ndog\n", (0, 1), ("cat", "dog")),
        ("classes.json", json.dumps({"0": "cat", "1": "dog"}), (0, 1), ("cat", "dog")),
        ("classes.json", json.dumps({"cat": 0, "dog": 1}), (0, 1), ("cat", "dog")),
        ("label_num_to_disease_map.json", json.dumps(["cat", "dog"]), (0, 1), ("cat", "dog")),
    ],
)
def test_a_file_of_names_beside_the_table(folder, name, text, values, classes):
    (folder / name).write_text(text)
    parts = numbers(folder, values)
    assert parts.classes == classes
    assert f"names of the classes are those in {name}: {values[0]} is 'cat'" in parts.notes


def test_a_file_of_names_that_is_given_or_does_not_fit(folder):
    (folder / "signs.csv").write_text("ClassId,SignName\n0,Stop\n1,Give way\n")
    assert numbers(folder, (0, 1), "names=signs.csv").classes == ("Give way", "Stop")
    with pytest.raises(UsageError, match=r"signs\.csv has no name for '2'"):
        numbers(folder, (0, 2), "names=signs.csv")
    with pytest.raises(UsageError, match="cannot read names of classes"):
        numbers(folder, (0, 2), "names=nowhere.txt")
    (folder / "classes.txt").write_text("cat\ndog\n")
    parts = numbers(folder, (0, 2))
    assert parts.classes == ("0", "2") and "classes.txt has no name for each of the labels 0 to 2: not used" in parts.notes
    assert numbers(folder, ("x", "y")).classes == ("x", "y")
