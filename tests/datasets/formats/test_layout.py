"""Folders as people have them: parts by other names, outer folders, what lies beside; each read right, or refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.formats.layout import part_word
from clearsight.datasets.open import open_dataset


def tree(root: Path, *names: str) -> Path:
    """Small pictures under these names; `a|b/1.png` is one each under a and b."""
    for name in names:
        first, _, rest = name.rpartition("|")
        every = [f"{one}/{rest.partition('/')[2]}" for one in first.split("|")] if first else []
        for one in [*every, rest]:
            path = root / one
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((4, 4), len(one) % 256, dtype=np.uint8)).save(path, "PNG")
    return root


def sizes(root: Path) -> dict[str, int]:
    return {part: len(data) for part, data in open_dataset(root).parts.items()}


def classes_of(root: Path, names: tuple[str, ...], part: str) -> None:
    tree(root, *(f"{part}/{name}/{i}.png" for i, name in enumerate(names)))


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("training_set", "test_set"),
        ("training_set/training_set", "test_set/test_set"),
        ("train_images", "test_images"),
        ("Training", "Testing"),
        ("TrainImages", "TestImages"),
        ("cars_train", "cars_test"),
        ("trainset", "testset"),
        ("ILSVRC2012_img_train", "ILSVRC2012_img_test"),
        ("train2017", "test2017"),
        ("train", "test1"),
        ("data/train", "data/test"),
        ("archive/chest_xray/train", "archive/chest_xray/test"),
        ("Train/images", "Test/images"),
        ("TRAIN", "TEST"),
        ("my data/Train data", "my data/Test data"),
    ],
)
def test_parts_by_other_names_are_parts(tmp_path, train, test):
    classes_of(tmp_path, ("cat", "dog", "emu"), train)
    classes_of(tmp_path, ("cat", "dog"), test)
    parts = open_dataset(tmp_path)
    assert parts.classes == ("cat", "dog", "emu")
    assert {part: len(data) for part, data in parts.parts.items()} == {"train": 3, "test": 2}


def test_parts_by_other_names_are_said(tmp_path):
    classes_of(tmp_path, ("cat", "dog"), "seg_train/seg_train")
    classes_of(tmp_path, ("cat", "dog"), "seg_test/seg_test")
    tree(tmp_path, "seg_pred/seg_pred/1.png")
    notes = "\n".join(open_dataset(tmp_path).notes)
    assert "seg_train/seg_train/ is read as the train part" in notes and "seg_test/seg_test/ is read as the test part" in notes
    assert "not among the parts, left out: seg_pred" in notes


@pytest.mark.parametrize("valid", ["Valid", "val", "validation", "dev_set", "valid_images"])
def test_validation_has_many_names(tmp_path, valid):
    classes_of(tmp_path, ("cat", "dog"), "train" + ("_images" if "_" in valid else ""))
    classes_of(tmp_path, ("cat", "dog"), valid)
    assert sizes(tmp_path) == {"train": 2, "val": 2}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("seg_train", ("train", "seg")), ("training_set", ("train", "")), ("train_station", ("train", "station")), ("Trainer", None),
        ("test tube", ("test", "tube")), ("trainval", None), ("train_test", None), ("contest", None), ("strain", None), ("cat", None),
        ("Test1", ("test", "")), ("imagesTest", ("test", "")),
    ],
)  # fmt: skip
def test_the_part_in_a_name(name, found):
    assert part_word(name) == found


def test_classes_with_a_word_of_a_part_stay_classes(tmp_path):
    tree(tmp_path, "train_station/1.png", "test_track/1.png", "airport/1.png")
    assert open_dataset(tmp_path).classes == ("airport", "test_track", "train_station")
    assert "read as a class" not in "\n".join(open_dataset(tmp_path).notes)
    tree(tmp_path / "b", "train station/old/1.png", "train station/new/1.png", "test track/old/1.png", "test track/new/1.png")
    assert open_dataset(tmp_path / "b").classes == ("test track", "train station")


@pytest.mark.parametrize("beside", ["unlabelled", "unlabeled_images", "photos", "test", "seg_pred"])
def test_a_flat_folder_beside_train_is_said_and_no_class(tmp_path, beside):
    classes_of(tmp_path, ("cat", "dog"), "train")
    tree(tmp_path, f"{beside}/1.png", f"{beside}/2.png")
    parts = open_dataset(tmp_path)
    assert parts.classes == ("cat", "dog") and list(parts.parts) == ["train"]
    assert beside in "\n".join(parts.notes)


def test_train_among_vehicles_is_a_class_and_said(tmp_path):
    tree(tmp_path, "bus/1.png", "car/1.png", "train/steam/1.png", "train/electric/2.png")
    parts = open_dataset(tmp_path)
    assert parts.classes == ("bus", "car", "train")
    assert "train/ is read as a class" in "\n".join(parts.notes)


def test_a_test_part_among_classes_is_no_class(tmp_path):
    tree(tmp_path, "cat/1.png", "dog/1.png", "test/1.png", "test/2.png")
    parts = open_dataset(tmp_path)
    assert parts.classes == ("cat", "dog")
    assert "test/ holds no class folders and lies among classes: left out" in "\n".join(parts.notes)
    tree(tmp_path / "b", "cat/1.png", "dog/1.png", "test/cat/1.png", "test/dog/2.png")
    with pytest.raises(ClearsightError, match=r"test/ in .* is a test part and lies next to the class folders cat, dog: move those into"):
        open_dataset(tmp_path / "b")


def test_parts_below_the_classes_are_refused(tmp_path):
    tree(tmp_path, *(f"{label}/{part}/1.png" for label in ("cat", "dog") for part in ("train", "test")))
    with pytest.raises(ClearsightError, match="parts inside the class folders"):
        open_dataset(tmp_path)


def test_an_outer_folder_is_entered_and_said(tmp_path):
    tree(tmp_path, "archive/PetImages/cat/1.png", "archive/PetImages/dog/1.png")
    (tmp_path / "archive" / "readme.txt").write_text("x")
    (tmp_path / "Annotations").mkdir()
    parts = open_dataset(tmp_path)
    assert parts.classes == ("cat", "dog")
    assert list(parts.parts["all"].names) == ["archive/PetImages/cat/1.png", "archive/PetImages/dog/1.png"]
    assert parts.parts["all"].source(0).is_file()
    assert "archive/PetImages/ is the only folder with pictures: the folders in it are read" in parts.notes


def test_groups_below_an_outer_folder(tmp_path):
    tree(tmp_path, *(f"outer/{label}/{day}/1.png" for label in ("cat", "dog") for day in ("mon", "tue")))
    assert set(open_dataset(tmp_path, group_by="folder").parts["all"].groups) == {"mon", "tue"}


def test_a_copy_of_the_classes_beside_them_is_left_out(tmp_path):
    tree(tmp_path, "infected/1.png", "healthy/1.png", "cells/infected/1.png", "cells/healthy/1.png")
    parts = open_dataset(tmp_path)
    assert parts.classes == ("healthy", "infected") and len(parts.parts["all"]) == 2
    assert "cells/ holds folders of the same names as those next to it: left out as a copy" in parts.notes


def test_the_same_folders_in_every_class_are_said(tmp_path):
    tree(tmp_path, *(f"{style}/{label}/1.png" for style in ("photo", "sketch") for label in ("cat", "dog")))
    parts = open_dataset(tmp_path)
    assert parts.classes == ("photo", "sketch")
    assert "folders of the same names (cat, dog): if those are the classes" in "\n".join(parts.notes)


@pytest.mark.parametrize("folders", [("train_images", "test_images"), ("images/train", "images/val"), ("train/images", "valid/images")])
def test_parts_without_classes_are_refused_and_the_table_is_named(tmp_path, folders):
    tree(tmp_path, *(f"{folder}/{i}.png" for folder in folders for i in range(2)))
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id,label\n")
    with pytest.raises(UsageError, match=r"(?s)hold no class folders.*tables in the folder: a\.csv, b\.csv\. Where the labels are in one"):
        open_dataset(tmp_path)


def test_a_folder_without_classes_is_read_by_its_table(tmp_path):
    tree(tmp_path, "train_images/1.png", "train_images/2.png", "test_images/1.png", "test_images/2.png")
    (tmp_path / "sample_submission.csv").write_text("id,breed\n1,a\n")
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("id,breed\n1,a\n2,b\n")
    parts = open_dataset(tmp_path)
    assert parts.classes == ("a", "b") and list(parts.parts["all"].names) == ["train_images/1.png", "train_images/2.png"]
    assert parts.notes[0] == "the folder has no classes: the table train.csv in it is read"
    assert parts.notes[1].startswith("tables that are not read: sample_submission.csv, test.csv.")


def test_one_class_with_tables_names_them(tmp_path):
    tree(tmp_path, "images/1.png", "images/2.png")
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("id,label\n")
    assert "Where the labels are in one, give that" in "\n".join(open_dataset(tmp_path).notes)


def test_a_run_in_the_data_is_never_entered(tmp_path):
    tree(tmp_path, "cat/1.png", "dog/1.png", "runs/pets-swift/golden/1.png", "exports/mine/golden/1.png", "exports/mine/report/2.png")
    for name in ("run.json", "recipe.toml"):
        (tmp_path / "runs" / "pets-swift" / name).write_text("x")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "exports" / "mine" / name).write_text("x")
    parts = open_dataset(tmp_path)
    assert parts.classes == ("cat", "dog")
    assert "runs and classifiers of Clearsight left out: exports/mine, runs/pets-swift" in parts.notes
    with pytest.raises(UsageError, match="runs and classifiers of Clearsight left out"):
        open_dataset(tmp_path / "runs" / "pets-swift")


@pytest.mark.parametrize(
    ("folders", "marked"),
    [
        ("images|masks", "masks"),
        ("JPEGImages|SegmentationClass", "SegmentationClass"),
        ("train/img|train/ann_masks|test/img", "train/ann_masks"),
    ],
)
def test_pictures_and_their_masks_are_no_classes(tmp_path, folders, marked):
    for folder in folders.split("|"):
        tree(tmp_path, *(f"{folder}/{i}.png" for i in range(2)))
    with pytest.raises(UsageError, match=f"{marked}/ in .* next to .*: by these names the former hold masks"):
        open_dataset(tmp_path)


def test_a_class_of_masks_is_a_class(tmp_path):
    tree(tmp_path, "mask|no_mask/1.png", "mask|no_mask/2.png")
    assert open_dataset(tmp_path).classes == ("mask", "no_mask")
