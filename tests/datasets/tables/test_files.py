"""The files that names in a table mean."""

import shutil

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.table import read_table


def opened(folder, names, name="train.csv"):
    (folder / name).write_text("path,label\n" + "".join(f"{one},{'ab'[i % 2]}\n" for i, one in enumerate(names)), encoding="utf-8")
    return read_table(folder / name)


@pytest.mark.parametrize(
    ("pattern", "note"),
    [
        ("pics/{}.png", ""),
        ("pics\\{}.png", "paths have backslashes: read as /"),
        (".\\pics\\{}.png", "paths have backslashes: read as /"),
        ("pics/{}", "6 names have no suffix of a picture: the only file of that name is read"),
        ("{}.png", "files are in pics/"),
        ("{}", "files are in pics/"),
        ("PICS/{}.Png", "6 names differ from those of their files in upper and lower case: read"),
        ("{}.PNG", "6 names differ from those of their files in upper and lower case: read"),
        ("/home/ann/data/pics/{}.png", "the first 4 folders of the paths do not exist here: left out"),
        ("C:\\data\\pics\\{}.png", "the first 2 folders of the paths do not exist here: left out"),
        ("/pics/{}.png", "the first 1 folders of the paths do not exist here: left out"),
        ("D:\\old\\{}.png", "the first 2 folders of the paths do not exist here: left out; files are in pics/"),
    ],
)
def test_names_as_people_write_them(folder, pattern, note):
    parts = opened(folder, [pattern.format(i) for i in range(6)])
    every = parts.parts["all"]
    assert list(every.names) == [f"pics/{i}.png" for i in range(6)]
    assert all(every.source(i).is_file() for i in range(6))
    assert note in parts.notes if note else parts.notes == ()


def test_files_in_the_folder_of_their_label_or_beside_the_table(folder):
    for label in "ab":
        (folder / label).mkdir()
    for i in range(6):
        shutil.move(folder / "pics" / f"{i}.png", folder / "ab"[i % 2] / f"{i}.png")
    assert list(opened(folder, [f"{i}.png" for i in range(6)]).parts["all"].names)[:2] == ["a/0.png", "b/1.png"]
    (folder.parent / "tables").mkdir()
    beside = opened(folder.parent / "tables", [f"{'ab'[i % 2]}/{i}.png" for i in range(6)])
    assert beside.parts["all"].source(0).is_file() and "files are in ../set/" in beside.notes


def test_a_name_in_two_folders_is_the_part_of_the_table_or_refused(folder):
    shutil.copytree(folder / "pics", folder / "train_images")
    shutil.move(folder / "pics", folder / "test_images")
    names = [f"{i}.png" for i in range(6)]
    parts = opened(folder, names)
    assert parts.parts["all"].names[0] == "train_images/0.png" and "files are in train_images/" in parts.notes
    with pytest.raises(ClearsightError, match=r"files in several folders \('test_images', 'train_images'\)\. Write the folder into"):
        opened(folder, names, "labels.csv")


def test_what_is_not_there_is_named(folder):
    with pytest.raises(ClearsightError, match=r"2 of 8 files do not exist: pics\\7\.png \(line 8\), pics\\8\.png \(line 9\)"):
        opened(folder, [f"pics\\{i}.png" for i in (0, 1, 2, 3, 4, 5, 7, 8)])
    with pytest.raises(ClearsightError, match=r"is an address on the network\. Download the pictures"):
        opened(folder, ["https://example.org/1.png"])
    (folder / "pics" / "0.jpg").write_bytes(b"x")
    with pytest.raises(ClearsightError, match=r"1 of 2 files do not exist: pics/0 \(line 2\)"):  # 0.png or 0.jpg?
        opened(folder, ["pics/0", "pics/1"])
