"""The columns of tables by any name; a column that divides the table is used, or stops."""

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.dataset import PART_NAMES
from clearsight.datasets.table import read_table
from clearsight.datasets.tables.columns import Chooser, parse


def opened(folder, text, name="data.csv", **options):
    (folder / name).write_text(text, encoding="utf-8")
    return read_table(folder / name, **options)


def rows(header, row, n=6):
    return "\n".join([header, *(row(i) for i in range(n))]) + "\n"


def labels(parts):
    return {name: data.label(i) for data in parts.parts.values() for i, name in enumerate(data.names)}


EXPECTED = {f"pics/{i}.png": "ab"[i % 2] for i in range(6)}


@pytest.mark.parametrize(
    "header",
    [
        "id_code,diagnosis", "image_id,label", "ImageId,Class Name", "img_path,species", "file,labels", "name,what", "a,b",
        "Image Index,dx", "id,breed", "Filename,ClassId", "FILE_NAME,CATEGORY",
    ],
)  # fmt: skip
def test_two_columns_by_any_name_are_enough(folder, header):
    assert labels(opened(folder, rows(header, lambda i: f"pics/{i}.png,{'ab'[i % 2]}"))) == EXPECTED
    swapped = ",".join(reversed(header.split(",")))
    assert labels(opened(folder, rows(swapped, lambda i: f"{'ab'[i % 2]},pics/{i}.png"))) == EXPECTED


def test_the_column_of_paths_is_the_one_with_files(folder):
    parts = opened(folder, rows("image_id,where,species", lambda i: f"X{i},pics/{i}.png,{'ab'[i % 2]}"), columns="label=species")
    assert labels(parts) == EXPECTED
    parts = opened(folder, rows(",Width;Height;ClassId;Path", lambda i: f"{i};4;4;{'ab'[i % 2]};pics/{i}.png").replace(",W", "n;W"))
    assert labels(parts) == EXPECTED
    assert "columns that are not used: 'n', 'Width', 'Height'" in parts.notes


def test_columns_are_named_by_the_user(folder):
    text = rows("key,breed,size,species", lambda i: f"pics/{i}.png,{'ab'[i % 2]},{i},x")
    assert labels(opened(folder, text, columns="path=key,label=breed")) == EXPECTED
    assert labels(opened(folder, text, columns=" label = breed , path=1")) == EXPECTED
    assert labels(opened(folder, text, columns="label=2,path=1")) == EXPECTED
    for number in (0, 5):
        with pytest.raises(UsageError, match=rf"\(for label\) is called '{number}'"):
            opened(folder, text, columns=f"path=1,label={number}")
    with pytest.raises(UsageError, match=r"no column of .*data\.csv \(for label\) is called 'breeds'\. Did you mean breed"):
        opened(folder, text, columns="path=key,label=breeds")
    for words, reason in (("path", "columns must be ROLE=NAME"), ("file=key", "no role of a column is called 'file'")):
        with pytest.raises(UsageError, match=reason):
            opened(folder, text, columns=words)
    assert parse("path=a, part=") == {"path": "a", "part": ""}


def test_columns_that_are_not_clear_are_named(folder):
    text = rows("file,coat,size", lambda i: f"pics/{i}.png,{'ab'[i % 2]},{i}")
    with pytest.raises(
        UsageError, match=r"needs a label column .* It has: 'file', 'coat', 'size'\. Name the columns .* --columns path=file,"
    ):
        opened(folder, text)
    with pytest.raises(UsageError, match=r"needs a path column .* No column holds names of files that are here"):
        opened(folder, rows("a,b,label", lambda i: f"x{i},y{i},z"))


@pytest.mark.parametrize(
    ("header", "cell", "sizes"),
    [
        ("is_test", lambda i: int(i > 3), {"train": 4, "test": 2}),
        ("IsTest", lambda i: str(i > 3), {"train": 4, "test": 2}),
        ("is_train", lambda i: ("yes", "no")[i > 3], {"train": 4, "test": 2}),
        ("is_valid", lambda i: str(i > 3), {"train": 4, "val": 2}),
        ("set", lambda i: ("train", "test")[i > 3], {"train": 4, "test": 2}),
        ("phase", lambda i: ("Training", "Validation")[i > 3], {"train": 4, "val": 2}),
        ("anything", lambda i: ("train", "dev")[i > 3], {"train": 4, "val": 2}),
    ],
)
def test_a_column_that_divides_is_used_and_said(folder, header, cell, sizes):
    parts = opened(folder, rows(f"path,label,{header}", lambda i: f"pics/{i}.png,{'ab'[i % 2]},{cell(i)}"))
    assert {part: len(data) for part, data in parts.parts.items()} == sizes
    assert f"the parts are the values of the column {header!r}" in parts.notes


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("fold", lambda i: i % 3), ("Usage", lambda i: ("Public", "Private")[i % 2]), ("is_test", lambda i: i), ("phase", lambda i: i),
        ("set", lambda i: "AB"[i % 2]), ("kfold", lambda i: i % 2), ("partition", lambda i: i % 3),
        ("usage", lambda i: ("Training", "PublicTest", "PrivateTest")[i % 3]),
    ],
)  # fmt: skip
def test_a_column_that_may_divide_stops(folder, header, cell):
    text = rows(f"path,label,{header}", lambda i: f"pics/{i}.png,{'ab'[i % 2]},{cell(i)}")
    if header == "is_test":
        assert "columns that are not used: 'is_test'" in opened(folder, text).notes
        return
    with pytest.raises(UsageError, match=rf"has a column '{header}' that may divide it into parts .* --columns part= to leave"):
        opened(folder, text)
    parts = opened(folder, text, columns="part=")
    assert list(parts.parts) == ["all"] and labels(parts) == EXPECTED


def test_one_column_a_class(folder):
    parts = opened(folder, rows("image,healthy,rust,scab", lambda i: f"pics/{i}.png," + ",".join(str(int(i % 3 == k)) for k in range(3))))
    assert labels(parts) == {f"pics/{i}.png": ("healthy", "rust", "scab")[i % 3] for i in range(6)}
    assert "every class has a column of its own: 'healthy', 'rust', 'scab'" in parts.notes
    with pytest.raises(ClearsightError, match=r"line 3: several labels \(rust, scab\)\. .* no multi-label"):
        opened(folder, "image,healthy,rust,scab\npics/0.png,1,0,0\npics/1.png,0,1,1\n")
    with pytest.raises(ClearsightError, match="line 3: none of the columns healthy, rust, scab is set"):
        opened(folder, "image,healthy,rust,scab\npics/0.png,1.0,0.0,0.0\npics/1.png,0,0,0\n")


def chooser(header, rows, listing=False):
    return Chooser("data.csv", header, rows, lambda values: 0.0, {}, listing)


@pytest.mark.parametrize(
    ("values", "listing", "counts"),
    [
        (["0", "1", "2"], True, True),
        (["1", "2", "3"], True, True),
        (["2", "3", "4"], True, False),
        (["1", "0", "2"], True, False),
        (["1", "2", "3"], False, False),  # a header says what it is
    ],
)
def test_a_column_that_numbers_the_rows(values, listing, counts):
    assert chooser(["1"], [[value] for value in values], listing)._counts(0) is counts


@pytest.mark.parametrize(
    ("values", "binary"),
    [(["0", "1"], True), (["0.0", "1.0"], True), (["True", "false"], True), (["1"], True), (["0", "2"], False), ([], False), ([""], False)],
)
def test_a_column_of_yes_and_no(values, binary):
    assert chooser(["a"], [[value] for value in values])._is_binary(0) is binary


@pytest.mark.parametrize(
    ("paths", "folders"), [(["a/1", "b/2"], True), (["a/1", "a/2"], False), (["a/1", "2"], False), (["a\\1", "b\\2"], True)]
)
def test_a_folder_is_a_label_where_there_are_several(paths, folders):
    assert chooser(["a"], [])._in_folders(paths) is folders


@pytest.mark.parametrize(
    ("values", "divides"),
    [(PART_NAMES, True), (["train", "VAL"], True), (["train", ""], True), ([""], False), ([], False), ([*PART_NAMES, "other"], False)],
)
def test_a_column_of_parts_alone_divides(values, divides):
    assert chooser(["a"], [[value] for value in values])._divides(0) is divides


@pytest.mark.parametrize(("listing", "where"), [(True, ""), (False, " in its first line")])
def test_a_missing_column_is_sought_in_the_first_line_where_there_is_one(listing, where):
    assert chooser(["a", "b"], [["x", "y"]], listing)._needs("group") == f"data.csv needs a group column (group){where}. It has: 'a', 'b'."
