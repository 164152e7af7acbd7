import builtins
import io
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.formats.folder import read_folder
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split


def picture(path: Path, value: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 4, 3), value, dtype=np.uint8)).save(path)


@pytest.fixture
def pets(tmp_path):
    root = tmp_path / "pets"
    for label in ("cat", "dog"):
        for i in range(3):
            picture(root / label / f"{i}.png")
    return root


def notes(parts):
    return "\n".join(parts.notes)


def test_a_folder_per_class(pets):
    parts = open_dataset(str(pets))
    every = parts.parts["all"]
    assert parts.name == "pets"
    assert parts.classes == ("cat", "dog")
    assert list(every.names) == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/0.png", "dog/1.png", "dog/2.png"]
    assert every.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert every.labels.dtype == np.int64
    assert every.source(5) == pets / "dog/2.png"
    assert every.label(5) == "dog"
    assert every.counts().tolist() == [3, 3]
    assert parts.notes == ()
    few = every.subset(every.labels == 1)
    assert (len(few), few.classes, few.source(0)) == (3, ("cat", "dog"), pets / "dog/0.png")


def test_parts_are_found_under_their_usual_names(pets, tmp_path):
    for i, part in enumerate(("Train", "validation", "test")):
        picture(tmp_path / "set" / part / "cat" / f"{i}.jpg")
        picture(tmp_path / "set" / part / "dog" / f"{i}.jpg")
    (tmp_path / "set" / "annotations").mkdir()
    parts = open_dataset(tmp_path / "set")
    assert list(parts.parts) == ["train", "val", "test"]
    assert list(parts.parts["val"].names) == ["validation/cat/1.jpg", "validation/dog/1.jpg"]
    assert "not among the parts, left out: annotations" in notes(parts)
    picture(tmp_path / "set" / "val" / "cat" / "1.jpg")
    with pytest.raises(ClearsightError, match="two val folders"):
        open_dataset(tmp_path / "set")


def test_train_among_vehicles_is_a_class(tmp_path):
    for vehicle in ("bus", "car", "train"):
        picture(tmp_path / vehicle / "red" / "1.png")
    assert open_dataset(tmp_path).classes == ("bus", "car", "train")
    assert list(open_dataset(tmp_path).parts) == ["all"]


def test_unlabelled_test_pictures_are_said(pets):
    root = pets.parent / "contest"
    root.mkdir()
    pets.rename(root / "train")
    picture(root / "test" / "1.png")
    parts = open_dataset(root)
    assert list(parts.parts) == ["train"]
    assert "1 pictures in no class folder, left out: test/1.png" in notes(parts)
    assert "there is no test part" in notes(parts)


def test_a_class_that_train_lacks_is_refused(tmp_path):
    for path in ("train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "val/wolf/1.png"):
        picture(tmp_path / path)
    with pytest.raises(ClearsightError, match=r"the val part has a class that the train part lacks: 'wolf'.*'cat', 'dog'"):
        open_dataset(tmp_path)


def test_what_is_left_out_is_counted_and_said(pets):
    (pets / "cat" / ".DS_Store").write_bytes(b"x")
    (pets / ".cache").mkdir()
    picture(pets / ".cache" / "a.png")
    (pets / "cat" / "notes.txt").write_text("x")
    (pets / "cat" / "README").write_text("x")
    (pets / "bird").mkdir()
    picture(pets / "loose.png")
    (pets / "dog" / "empty.JPG").touch()
    (pets / "dog" / "gone.png").symlink_to("nowhere.png")
    (pets / "dog" / "self").symlink_to("self")
    os.mkfifo(pets / "dog" / "pipe.png")
    parts = open_dataset(pets)
    assert parts.classes == ("cat", "dog")
    assert len(parts.parts["all"]) == 7
    said = notes(parts)
    for line in (
        "class folders without a picture, left out of the classes: bird",
        "1 pictures in no class folder, left out: loose.png",
        "2 hidden files or folders left out",
        "3 files that are no pictures left out: 1 without suffix, 1 .txt, 1 .png",
        "broken links left out: dog/gone.png, dog/self",
        "1 empty files (0 bytes), listed but unreadable: dog/empty.JPG",
    ):
        assert line in said


def test_pictures_of_a_kind_that_cannot_be_read_are_listed(pets):
    for i in range(3):
        (pets / "dog" / f"scan{i}.PSD").write_bytes(b"8BPS")
    (pets / "emu").mkdir()
    (pets / "emu" / "1.jxl").write_bytes(b"\xff\x0a")
    parts = open_dataset(pets)
    assert parts.classes == ("cat", "dog", "emu")
    assert dict(zip(parts.classes, parts["all"].counts().tolist(), strict=True))["emu"] == 1
    assert (
        "4 pictures of a kind that cannot be read, listed but unreadable: 3 .psd "
        "(a Photoshop file; magick 'FILE[0]' FILE.png converts it), 1 .jxl (JPEG XL; djxl FILE FILE.png converts it)"
    ) in notes(parts)


def test_a_raw_file_beside_its_jpeg_is_left_out(pets):
    picture(pets / "cat" / "IMG_7.png")
    (pets / "cat" / "IMG_7.NEF").write_bytes(b"II*\0")
    (pets / "cat" / "IMG_8.NEF").write_bytes(b"II*\0")
    parts = open_dataset(pets)
    names = set(parts["all"].names)
    assert "cat/IMG_8.NEF" in names and "cat/IMG_7.NEF" not in names
    assert "left out, since a readable picture of the same name is next to them: 1 .nef" in notes(parts)


def test_links_never_loop_nor_list_a_picture_twice(pets, tmp_path):
    outside = tmp_path / "outside"
    picture(outside / "deep" / "far.png")
    (outside / "again").symlink_to(outside)
    (outside / "home").symlink_to(pets)
    (pets / "cat" / "loop").symlink_to(pets)
    (pets / "cat" / "up").symlink_to(tmp_path)
    (pets / "feline").symlink_to(pets / "cat")
    (pets / "far").symlink_to(outside)
    (pets / "dog" / "one.png").symlink_to(outside / "deep" / "far.png")
    parts = open_dataset(pets)
    assert parts.classes == ("cat", "dog", "far")
    assert parts.parts["all"].counts().tolist() == [3, 4, 1]
    assert "links to folders that are in the tree already, left out: feline, cat/loop, cat/up … (5 in all)" in notes(parts)


def test_pictures_are_found_at_any_depth(tmp_path):
    picture(tmp_path / "cat" / "b" / "c" / "1.webp")
    picture(tmp_path / "cat" / "z.TIFF")
    picture(tmp_path / "dog" / "1.gif")
    assert list(open_dataset(tmp_path).parts["all"].names) == ["cat/z.TIFF", "cat/b/c/1.webp", "dog/1.gif"]


def test_names_of_any_script(tmp_path):
    picture(tmp_path / unicodedata.normalize("NFD", "kötər") / "ё 1.png")
    picture(tmp_path / unicodedata.normalize("NFC", "kötər") / "2.png")
    picture(tmp_path / "Cat" / "1.png")
    picture(tmp_path / "cat" / "1.png")
    strange = os.fsdecode(b"\xff\xfe.png")
    picture(tmp_path / "cat" / "x.png")
    os.rename(tmp_path / "cat" / "x.png", tmp_path / "cat" / strange)
    parts = open_dataset(tmp_path)
    assert parts.classes == ("Cat", "cat", unicodedata.normalize("NFC", "kötər"))
    every = parts.parts["all"]
    assert all(every.source(i).is_file() for i in range(len(every)))
    assert "cat/\\udcff\\udcfe.png" in every.names
    assert all(name.encode() for name in every.names)
    assert "classes that read the same, kept apart: Cat and cat" in notes(parts)


def test_classes_that_are_numbers_are_in_their_order(tmp_path):
    for label in ("10", "2", "1"):
        picture(tmp_path / label / "1.png")
    assert open_dataset(tmp_path).classes == ("1", "2", "10")


@pytest.mark.parametrize("file", ["", "1.png", "cat/.hidden.png", ".cat/1.png"])
def test_no_pictures_shows_the_layout(tmp_path, file):
    if file:
        picture(tmp_path / file)
    with pytest.raises(UsageError, match=r"no labelled picture in (?s:.)*/cat/1\.jpg"):
        open_dataset(tmp_path)


def test_one_class_is_said(tmp_path):
    picture(tmp_path / "photos" / "cat" / "1.png")
    assert open_dataset(tmp_path).notes == ("there is one class only, 'photos'; are its folders the classes?",)


def test_groups_are_the_folders_below_the_class(tmp_path):
    for label in ("cat", "dog"):
        for day in ("mon", "tue", "wed", "thu"):
            for i in range(3):
                picture(tmp_path / label / day / "cam" / f"{i}.png")
    picture(tmp_path / "cat" / "alone.png")
    with pytest.raises(UsageError, match="group_by of a folder must be 'folder'"):
        open_dataset(tmp_path, group_by="session")
    parts = open_dataset(tmp_path, group_by="folder")
    assert set(parts.parts["all"].groups) == {"mon", "tue", "wed", "thu", "cat/alone.png"}
    made = split(parts, val=0.25, test=0.25).parts
    groups = [set(part.groups) for part in made.values()]
    assert not groups[0] & groups[1]
    assert not (groups[0] | groups[1]) & groups[2]


@pytest.mark.parametrize("outer", ["train", "pets/train"])
def test_groups_of_a_part_are_the_folders_below_its_classes(tmp_path, outer):
    for label in ("cat", "dog"):
        for day in ("mon", "tue"):
            picture(tmp_path / outer / label / day / "1.png")
    parts = open_dataset(tmp_path, group_by="folder")
    assert {part: set(data.groups) for part, data in parts.parts.items()} == {"train": {"mon", "tue"}}


def test_grouping_without_folders_is_refused(pets):
    with pytest.raises(UsageError, match="needs folders below the class folders"):
        open_dataset(pets, group_by="folder")


def test_groups_torn_by_the_datas_own_parts_are_said(tmp_path):
    for path in ("train/cat/mon/1.png", "train/dog/tue/1.png", "test/cat/mon/2.png"):
        picture(tmp_path / path)
    assert "1 groups lie in more than one of the data's own parts: mon" in notes(open_dataset(tmp_path, group_by="folder"))


def test_listing_opens_no_file_and_lists_each_folder_once(tmp_path, monkeypatch):
    for k in range(3):
        (tmp_path / f"class {k}").mkdir()
        for i in range(20):
            (tmp_path / f"class {k}" / f"{i}.jpg").touch()
    listings, scan = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: listings.append(Path(folder)) or scan(folder))
    for module, name in ((builtins, "open"), (io, "open"), (os, "open")):
        monkeypatch.setattr(module, name, lambda path, *_, **__: pytest.fail(f"{path} was opened"))
    assert len(open_dataset(tmp_path).parts["all"]) == 60
    assert sorted(listings) == [tmp_path, *(tmp_path / f"class {k}" for k in range(3))]


def test_the_eight_commonest_kinds_of_other_files_are_named(tmp_path):
    for i, letter in enumerate("abcdefghi"):
        for k in range(9 - i):
            (tmp_path / "cat").mkdir(exist_ok=True)
            (tmp_path / "cat" / f"{k}.{letter}").write_text("x")
    Image.new("L", (4, 4)).save(tmp_path / "cat" / "1.png")
    (line,) = [note for note in open_dataset(tmp_path).notes if "no pictures" in note]
    assert line == "45 files that are no pictures left out: 9 .a, 8 .b, 7 .c, 6 .d, 5 .e, 4 .f, 3 .g, 2 .h"


def test_files_that_hold_pictures_are_read_whatever_their_suffix(pets):
    picture = next((pets / "cat").glob("*.png")).read_bytes()
    for name, content in (("hash", picture), ("photo.jpg_large", picture), ("LICENSE", b"text"), ("x.bin", b"\0" * 9)):
        (pets / "cat" / name).write_bytes(content)
    parts = open_dataset(pets)
    assert {"cat/hash", "cat/photo.jpg_large"} <= set(parts["all"].names) and not {"cat/LICENSE", "cat/x.bin"} & set(parts["all"].names)
    said = notes(parts)
    assert "2 files have no suffix of pictures, hold pictures and are read: 1 without suffix, 1 .jpg_large" in said
    assert "2 files that are no pictures left out: 1 without suffix, 1 .bin" in said


def test_tables_beside_one_class_are_said_and_beside_two_are_not(tmp_path):
    picture(tmp_path / "cat" / "1.png")
    (tmp_path / "labels.csv").write_text("name,label\n")
    assert "tables in the folder: labels.csv" in notes(read_folder(tmp_path))
    assert "tables in the folder" not in notes(read_folder(tmp_path, labelled=False))
    picture(tmp_path / "dog" / "1.png")
    assert "tables in the folder" not in notes(read_folder(tmp_path))
