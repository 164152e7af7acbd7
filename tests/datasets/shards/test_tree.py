"""Class folders inside tar files, by the rules for folders."""

import pytest

from clearsight.base.errors import LayoutError
from clearsight.datasets.shards.tree import by_folder


def test_folders_are_classes():
    names = [b"set/cat/1.jpg", b"set/dog/mon/1.jpg", b"set/dog/2.jpg", b"set/cat/2.jpg"]
    parts, notes = by_folder("a.tar", names)
    assert {label: rows.tolist() for label, rows in parts["all"].classes} == {"cat": [0, 3], "dog": [1, 2]}
    assert parts["all"].groups == {1: "mon"}
    assert notes == ["set/ is the only folder with pictures: the folders in it are read"]


def test_folders_are_parts_above_classes():
    names = [f"{part}/{label}/{i}.jpg".encode() for part in ("train", "test") for label in ("cat", "dog") for i in range(2)]
    parts, _ = by_folder("a.tar", [*names, b"train/loose.jpg"])
    assert {part: [(label, rows.tolist()) for label, rows in found.classes] for part, found in parts.items()} == {
        "train": [("cat", [0, 1]), ("dog", [2, 3])],
        "test": [("cat", [4, 5]), ("dog", [6, 7])],
    }
    assert by_folder("a.tar", [*names, b"train/loose.jpg"])[1] == ["pictures in no class folder, left out: those in train"]


def test_pictures_without_folders_show_what_is_expected():
    with pytest.raises(LayoutError, match=r"(?s)no labels: .*000\.cls.*\n.*a\.tar/cat/1\.jpg"):
        by_folder("a.tar", [b"1.jpg", b"2.jpg"])
    with pytest.raises(LayoutError, match="masks"):
        by_folder("a.tar", [b"images/1.jpg", b"masks/1.png"])
