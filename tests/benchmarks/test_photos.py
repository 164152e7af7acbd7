"""Photographs beside the peers' guides: the division is everyone's, the figures are right, a stopped run goes on, the table pairs."""

import json
import math

import numpy as np
import photos
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path):
    """Two classes of ten pictures: `cat` as they are, `dog` two in each of five folders, one with transparency, one as WebP."""
    for i in range(10):
        for path in (tmp_path / "set" / "cat" / f"{i}.png", tmp_path / "set" / "dog" / f"g{i // 2}" / f"{i}.png"):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (12, 8), (i, i, i)).save(path)
    Image.new("RGBA", (12, 8), (9, 9, 9, 0)).save(tmp_path / "set" / "cat" / "0.png")
    Image.new("RGB", (12, 8)).save(tmp_path / "set" / "cat" / "10.webp")
    return tmp_path / "set"


@pytest.fixture
def pictures(folder, tmp_path):
    return photos.prepared(folder, tmp_path / "prepared")


def test_pictures_that_are_read_in_several_ways_become_rgb_png_on_white(pictures, folder):
    assert {name: len(paths) for name, paths in pictures.items()} == {"cat": 11, "dog": 10}
    for paths in pictures.values():
        for path in paths:
            with Image.open(path) as picture:
                assert (picture.mode, picture.format) == ("RGB", "PNG")
    transparent = next(path for path in pictures["cat"] if path.name == "0.png.png")
    assert np.asarray(Image.open(transparent)).min() == 255
    assert pictures["cat"][1].resolve() == folder / "cat" / "1.png"


@pytest.mark.parametrize("labels", ["1", "2", "all"])
def test_a_division_is_stratified_by_groups_and_the_same_each_time(pictures, labels):
    train, test = photos.division(pictures, 3, labels)
    assert (train, test) == photos.division(pictures, 3, labels)
    assert test == photos.division(pictures, 3, "5")[1] != photos.division(pictures, 4, labels)[1]
    assert not set(train) & set(test)
    counts = [sum("cat" in path.parts for path in part) for part in (train, test)]
    assert counts == [9 if labels == "all" else int(labels), 2]
    groups = [{path.parent for path in part if "dog" in path.parts} for part in (train, test)]
    assert not groups[0] & groups[1] and len(groups[1]) == 1
    if labels == "1":
        assert set(train) < set(photos.division(pictures, 3, "2")[0])


def test_everyone_gets_the_same_folder(pictures, tmp_path):
    parts = photos.division(pictures, 0, "all")
    made = photos.laid_out(tmp_path / "prepared", parts, tmp_path / "division")
    for part, paths in zip(("train", "test"), parts, strict=True):
        lines = (made / f"{part}.txt").read_text().splitlines()
        assert [(made / line).resolve() for line in lines] == [path.resolve() for path in paths]
        assert len([path for path in (made / part).rglob("*") if path.is_file()]) == len(lines)


def test_figures_of_answers(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "train" / name).mkdir(parents=True)
    (tmp_path / "test.txt").write_text("test/a/1.png\ntest/b/1.png\ntest/b/2.png\n")
    found = photos.judged(np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]), tmp_path)
    assert found["accuracy"] == pytest.approx(200 / 3)
    assert found["nll"] == pytest.approx(-(math.log(0.9) + math.log(0.8) + math.log(0.3)) / 3)
    assert found["tested"] == 3 and 0 < found["ece"] < 100
    assert photos.judged(np.array([[1.0, 0.0]] * 3), tmp_path)["nll"] == pytest.approx(2 / 3 * -math.log(1e-12))


def row(who: str, number: int, accuracy: float, **more) -> dict:
    figures = {"accuracy": accuracy, "nll": accuracy / 100, "ece": 5.0, "process_s": 2.0, "cpu_s": 1.0, "others_cores": 0.0}
    return {"set": "gc", "division": number, "labels": "all", "contestant": who, "network": "efficientnet_lite0+stages", **figures, **more}


def test_rows_that_are_there_are_read_and_a_line_cut_short_is_not(tmp_path):
    file = tmp_path / "rows.jsonl"
    assert photos.measured(file) == {}
    file.write_text(json.dumps(row("keras", 0, 90.0)) + "\n" + json.dumps(row("keras", 1, 91.0))[:40])
    assert list(photos.measured(file)) == [("gc", 0, "all", "keras")]


def test_the_table_pairs_by_division():
    rows = [row(photos.OURS, 0, 90.0), row(photos.OURS, 1, 95.0), row("keras", 1, 92.0), row("keras", 2, 50.0)]
    ours, keras = photos.summary({photos.key(one): one for one in rows}).splitlines()[1:]
    assert ours.split()[:5] == ["gc", "all", "clearsight", "2", "92.5"]
    assert keras.split()[:4] == ["gc", "all", "keras", "2"] and keras.split()[-2:] == ["+3.000", "+0.030"]  # of division 1 alone


def test_what_the_table_cannot_show_is_said():
    rows = [row(photos.OURS, 0, 90.0, network="efficientnet_lite2+stages", others_cores=1.5), row("tutorial", 0, 90.0, best_epoch=94.0)]
    notes = photos.remarks({photos.key(one): one for one in rows})
    assert len(notes) == 3 and "lite2" in notes[0] and "upper bounds" in notes[1] and "4.0 points" in notes[2]
    assert photos.remarks({}) == []


def test_peers_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setattr(photos.peers, "versions", lambda: {"timm": "1", "keras": "3"})
    names, missing = photos.taking_part([photos.OURS, "tutorial", "fastai-3", "keras"])
    assert names == [photos.OURS, "keras"]
    assert [line.partition(" ")[0] for line in missing] == ["torchvision", "fastai"]
