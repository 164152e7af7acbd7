"""`check` finds what was planted: copies, leaks, contradictions, re-encoded and resized pictures; and lets clean data pass."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from clearsight.datasets.check import check
from clearsight.datasets.check_view import tables
from clearsight.datasets.open import open_dataset

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")


def windows(per_photo: int, side: int = 96) -> dict[str, list[Image.Image]]:
    """Windows of real photographs that do not overlap by much."""
    draw = np.random.default_rng(0)
    cut = {}
    for name in PHOTOS:
        photo = getattr(photographs, name)()
        tops = draw.permutation(np.arange(0, photo.shape[0] - side, side // 2))
        lefts = draw.permutation(np.arange(0, photo.shape[1] - side, side // 2))
        spots = [(int(t), int(x)) for t in tops for x in lefts]
        chosen = [spots[i] for i in draw.choice(len(spots), per_photo, replace=False)]
        cut[name] = [Image.fromarray(photo[t : t + side, x : x + side]) for t, x in chosen]
    return cut


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, pictures in windows(12).items():
        for i, picture in enumerate(pictures):
            path = tmp_path / "photos" / ("train" if i < 8 else "test") / name / f"{i:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    return tmp_path / "photos"


def looked(folder: Path):
    return check(open_dataset(folder), quiet=True)


def test_clean_photographs_pass(folder):
    report = looked(folder)
    assert (report.pictures, report.poisonous, report.duplicates, report.leaks) == (48, [], [], [])
    assert report.sizes["median"] == [96, 96]


def test_a_planted_leak_and_a_contradiction_poison(folder):
    picture = Image.open(folder / "train" / "coffee" / "00.png")
    picture.save(folder / "test" / "coffee" / "copy.bmp")  # another container, the same pixels
    picture.save(folder / "train" / "rocket" / "wrong.png")
    report = looked(folder)
    expected = {"test/coffee/copy.bmp", "train/coffee/00.png", "train/rocket/wrong.png"}
    assert [set(group) for group in report.leaks] == [expected] == [set(group) for group in report.conflicts]
    assert any("test pictures stand in another part" in line for line in report.poisonous)
    assert any("same as one of another class" in line for line in report.poisonous)


def variants(picture: Image.Image) -> dict[str, Image.Image]:
    """What happens to a picture on its way through the web."""
    made = {}
    for quality in (30, 60, 90):
        stream = BytesIO()
        picture.save(stream, format="JPEG", quality=quality)
        made[f"jpeg{quality}"] = Image.open(BytesIO(stream.getvalue()))
    for factor in (0.5, 0.75, 2):
        made[f"size{factor}"] = picture.resize((int(picture.width * factor), int(picture.height * factor)))
    return made


def test_saved_again_or_resized_copies_look_alike(folder):
    planted = []
    for name in PHOTOS:
        for i in range(8):
            picture = Image.open(folder / "train" / name / f"{i:02d}.png")
            for kind, changed in variants(picture).items():
                changed.save(folder / "test" / name / f"{i:02d}-{kind}.png")
                planted.append((f"train/{name}/{i:02d}.png", f"test/{name}/{i:02d}-{kind}.png"))
    groups = [set(group) for group in looked(folder).near_leaks]
    found = sum(any({a, b} <= group for group in groups) for a, b in planted)
    assert found / len(planted) >= 0.99


def test_the_small_ones_are_named(folder):
    (folder / "train" / "coffee" / "empty.png").touch()
    Image.new("RGB", (40, 40), "red").save(folder / "train" / "coffee" / "red.png")
    Image.fromarray(np.arange(36, dtype=np.uint8).reshape(6, 6) * 7).save(folder / "train" / "coffee" / "small.png")
    report = looked(folder)
    assert [source for source, _ in report.unreadable] == ["train/coffee/empty.png"]
    assert (report.blank, report.tiny) == (["train/coffee/red.png"], ["train/coffee/small.png"])
    assert any("unreadable" in line for line in report.poisonous)
    assert len(tables(report)) > 4


def test_one_class_and_copies_in_undivided_data(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (30, 12, 12), dtype=np.uint8)
    pictures[5:10] = pictures[0]
    report = check(open_dataset((pictures, np.arange(30) % 2)), quiet=True)
    assert any("exact copies" in line for line in report.poisonous)
    report = check(open_dataset((pictures[10:], np.zeros(20, int))), quiet=True)
    assert any("only one class" in line for line in report.poisonous)
