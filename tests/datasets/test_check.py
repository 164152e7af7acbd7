"""`check` finds what was planted: copies, leaks, contradictions, re-encoded and resized pictures; and lets clean data pass."""

import dataclasses
from collections import Counter
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL
import pytest
from benchmarks.planted_duplicates import windows
from benchmarks.scaled_decodes import whole
from PIL import Image
from rich.console import Console

from clearsight.datasets import check as module_of_check
from clearsight.datasets.check import CheckResult, check
from clearsight.datasets.open import open_dataset
from clearsight.datasets.survey import Survey
from clearsight.images import decode as module
from clearsight.images import jpeg
from clearsight.images.deep import PLAIN
from clearsight.reports.check import tables

FILES = whole()
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in PHOTOS:
        for i, picture in enumerate(windows(96, 12, (name,))):
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
    assert any("test pictures are in another part" in line for line in report.poisonous)
    assert any("same as one of another class" in line for line in report.poisonous)


def saved(picture: Image.Image, format: str, quality: int) -> Image.Image:
    stream = BytesIO()
    picture.save(stream, format=format, quality=quality)
    return Image.open(BytesIO(stream.getvalue()))


def variants(picture: Image.Image) -> dict[str, Image.Image]:
    """What happens to a picture on its way through the web."""
    made = {f"jpeg{quality}": saved(picture, "JPEG", quality) for quality in (30, 60, 90)}
    made |= {f"size{factor}": picture.resize((int(picture.width * factor), int(picture.height * factor))) for factor in (0.5, 0.75, 2)}
    return made | {"webp50": saved(picture, "WEBP", 50), "half, jpeg60": saved(made["size0.5"], "JPEG", 60), "grey": picture.convert("L")}


def test_saved_again_or_resized_copies_are_found_and_lead_to_the_part(folder):
    planted = {}
    for name in PHOTOS:
        for kind, changed in variants(Image.open(folder / "train" / name / "03.png")).items():
            changed.save(folder / "test" / name / f"{kind}.png")
            planted[f"test/{name}/{kind}.png"] = f"train/{name}/03.png"
    report = looked(folder)
    groups = [set(group) for group in report.near_leaks]
    assert all(any({copy, original} <= group for group in groups) for copy, original in planted.items())
    assert (report.duplicates, report.poisonous) == ([], [])
    assert any("near duplicates across parts" in line for line in report.warnings)


def test_every_planted_leak_is_named():
    pictures = np.random.default_rng(0).integers(0, 256, (3000, 8, 8), dtype=np.uint8)
    copies = np.arange(0, 2000, 7)
    test = np.concatenate([pictures[2000:], pictures[copies]])
    report = check(open_dataset(((pictures[:2000], np.arange(2000) % 2), (test, np.arange(len(test)) % 2))), quiet=True)
    assert sorted(report.leaks) == sorted([f"train/{i}", f"test/{1000 + k}"] for k, i in enumerate(copies))


@pytest.mark.parametrize("name", ["SOF3", "SOF3 grey"])
def test_what_fails_only_when_it_is_decoded_smaller_is_found(folder, name, monkeypatch):
    (folder / "train" / "coffee" / "lossless.jpg").write_bytes(FILES[name])
    assert looked(folder).unreadable == []
    if int(PIL.__version__.partition(".")[0]) < 13:
        return  # Pillow 12 writes past the end of its buffer when it is asked for what follows
    monkeypatch.setattr(jpeg, "simplejpeg", None)
    monkeypatch.setattr(jpeg, "scalable", lambda data: True)  # as it was before lossless ones were known
    ((source, reason),) = looked(folder).unreadable
    assert source == "train/coffee/lossless.jpg" and reason.startswith("JPEG, cut off or damaged")


def test_check_reads_a_file_whole_and_smaller_and_says_what_its_header_does(tmp_path, monkeypatch):
    asked, decode = [], module.decode
    monkeypatch.setattr(module, "decode", lambda source, **options: asked.append(options) or decode(source, **options))
    for name, smaller in (("SOF0", 12), ("SOF2 grey", 12), ("SOF0 turned", 12), ("SOF3", 12)):
        (tmp_path / "picture.jpg").write_bytes(FILES[name])
        asked.clear()
        facts, picture = module.examined(tmp_path / "picture.jpg")
        assert facts == module.picture_facts(tmp_path / "picture.jpg") and asked == [{"min_side": smaller}]
        assert np.array_equal(picture, decode(tmp_path / "picture.jpg"))
    for kind in ("png", "tiff", "webp"):
        picture = Image.fromarray(np.arange(300, dtype=np.uint8).reshape(15, 20))
        picture.save(tmp_path / f"picture.{kind}", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")
        facts, pixels = module.examined(tmp_path / f"picture.{kind}")
        assert facts == module.picture_facts(tmp_path / f"picture.{kind}") and pixels.shape[:2] == (facts.height, facts.width)


def test_the_small_ones_are_named(folder):
    (folder / "train" / "coffee" / "empty.png").touch()
    Image.new("RGB", (40, 40), "red").save(folder / "train" / "coffee" / "red.png")
    Image.new("L", (40, 40), 9).save(folder / "train" / "coffee" / "\x1b[31mred.png")
    Image.fromarray(np.arange(36, dtype=np.uint8).reshape(6, 6) * 7).save(folder / "train" / "coffee" / "small.png")
    report = looked(folder)
    assert [source for source, _ in report.unreadable] == ["train/coffee/empty.png"]
    assert sorted(report.blank) == ["train/coffee/\x1b[31mred.png", "train/coffee/red.png"]
    assert (report.tiny, report.near_duplicates) == (["train/coffee/small.png"], [])
    assert any("1 unreadable (first: train/coffee/empty.png)" in row["finding"] for row in report.rows())
    console = Console(record=True, file=StringIO(), width=200)
    for table in tables(report):
        console.print(table)
    shown = console.export_text()
    assert "train/coffee/empty.png: it is empty (0 bytes)" in shown
    assert "[31mred.png" in shown and "\x1b" not in shown


def test_grey_stored_as_colour_is_the_same_picture(folder):
    grey = Image.open(folder / "train" / "coffee" / "00.png").convert("L")
    grey.save(folder / "train" / "coffee" / "grey.png")
    grey.convert("RGB").save(folder / "test" / "coffee" / "grey.png")
    assert looked(folder).leaks == [["train/coffee/grey.png", "test/coffee/grey.png"]]


@pytest.mark.parametrize(("planted", "poisonous"), [(1, False), (3, True)])
def test_a_leak_poisons_from_one_in_a_thousand(planted, poisonous):
    pictures = np.random.default_rng(0).integers(0, 256, (4000, 8, 8), dtype=np.uint8)
    pictures[2000 : 2000 + planted] = pictures[:planted]
    labels = np.arange(2000) % 2
    report = check(open_dataset(((pictures[:2000], labels), (pictures[2000:], labels))), quiet=True)
    assert [len(report.duplicates), len(report.leaks), len(report.conflicts)] == [planted, planted, 0]
    assert bool(report.poisonous) == poisonous != bool(report.warnings)


def test_one_class_and_copies_in_undivided_data(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (30, 12, 12), dtype=np.uint8)
    pictures[5:10] = pictures[0]
    report = check(open_dataset((pictures, np.arange(30) % 2)), quiet=True)
    assert any("5 exact copies: a split keeps them in one part, but each counts again" in line for line in report.poisonous)
    report = check(open_dataset((pictures[10:], np.zeros(20, int))), quiet=True)
    assert any("only one class" in line for line in report.poisonous)


def test_near_copies_in_undivided_data_are_warned_of(tmp_path):
    draw = np.random.default_rng(0)
    for i in range(12):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        image = Image.fromarray(draw.integers(0, 256, (8, 8), dtype=np.uint8)).resize((64, 64), Image.Resampling.BICUBIC)
        image.save(folder / f"{i}.png")
        if i < 3:
            image.save(folder / f"again-{i}.jpg", quality=85)
    report = check(open_dataset(tmp_path), quiet=True)
    assert any("3 groups of near duplicates" in line and "--copies near" in line for line in report.warnings)


def test_a_group_of_alike_pictures_names_every_exact_copy(tmp_path):
    draw = np.random.default_rng(1)
    for i in range(12):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        image = Image.fromarray(draw.integers(0, 256, (8, 8), dtype=np.uint8)).resize((64, 64), Image.Resampling.BICUBIC)
        image.save(folder / f"{i}.png")
        if i == 0:
            image.save(folder / "copy.png")
            image.save(folder / "saved again.jpg", quality=85)
    report = check(open_dataset(tmp_path), quiet=True)
    assert [sorted(group) for group in report.near_duplicates] == [["a/0.png", "a/copy.png", "a/saved again.jpg"]]


def test_fine_patterns_are_no_copies_of_one_another(tmp_path):
    """Far from blank, but a thumbnail shows the same even grey of each."""
    rows, columns = np.mgrid[:64, :64]
    for i, place in enumerate((rows, columns, rows + columns, rows // 2 + columns)):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray((place % 2 * 255).astype(np.uint8)).save(tmp_path / "ab"[i % 2] / f"{i}.png")
    report = check(open_dataset(tmp_path), quiet=True)
    assert (report.blank, report.near_duplicates, report.duplicates) == ([], [], [])


@pytest.mark.parametrize(("pictures", "poisonous"), [(100, False), (99, True)])
def test_copies_in_undivided_data_poison_from_more_than_one_in_a_hundred(pictures, poisonous):
    levels = np.random.default_rng(0).integers(0, 256, (pictures, 8, 8), dtype=np.uint8)
    levels[1] = levels[0]
    report = check(open_dataset((levels, np.zeros(pictures, int) + np.arange(pictures) // 2 % 2)), quiet=True)
    assert any("1 exact copies" in line for line in report.poisonous) == poisonous


EMPTY = CheckResult(
    name="set", pictures=1000, counts={"all": {"a": 500, "b": 500}}, unreadable=[], duplicates=[], leaks=[], near_duplicates=[],
    near_leaks=[], conflicts=[], blank=[], tiny=[], sizes={}, modes={}, formats={}, imbalance=1.0, notes=(), poisonous=[], warnings=[],
    several=[],
)  # fmt: skip
TWO = {"a": 500, "b": 500}


@pytest.mark.parametrize(
    ("found", "leaked", "copies", "poisonous", "words"),
    [
        ({}, {}, 0, None, ""),
        ({"unreadable": [("x.png", "cut off")]}, {}, 0, True, "1 unreadable (first: x.png)"),
        ({"conflicts": [["x"]]}, {}, 0, False, "1 pictures are the same as one of another class"),
        ({"conflicts": [["x", "y"]]}, {}, 0, True, "2 pictures are the same"),
        ({}, {}, 10, False, "10 exact copies"),
        ({}, {}, 11, True, "11 exact copies"),
        ({"near_duplicates": [["x", "y"]]}, {}, 0, False, "1 groups of near duplicates may be split"),
        ({"near_leaks": [["x", "y"]]}, {}, 0, False, "1 groups of near duplicates across parts"),
        ({"imbalance": 9.99}, {}, 0, None, ""),
        ({"imbalance": 10.0}, {}, 0, False, "10 times the pictures"),
        ({"blank": ["x"]}, {}, 0, False, "1 pictures are blank"),
        ({"tiny": ["x"]}, {}, 0, False, "1 pictures are under 8 px"),
        ({"counts": {"all": {"a": 3, "b": 997}}}, {}, 0, None, ""),
        ({"counts": {"all": {"a": 2, "b": 998}}}, {}, 0, True, "fewer than three pictures of a:"),
        ({"counts": {"all": {"a": 0, "b": 1000}}}, {}, 0, True, "no picture to learn a from in all"),
        ({"counts": {"train": {"a": 0, "b": 5}}}, {}, 0, True, "no picture to learn a from in train"),
        ({"counts": {"train": {"a": 1, "b": 5}, "val": {"a": 0, "b": 5}}}, {}, 0, False, "no val picture of a:"),
        ({"counts": {"train": TWO, "test": TWO}}, {"test": 1}, 0, False, "0.10% of the test pictures"),
        ({"counts": {"train": TWO, "val": TWO}}, {"val": 2}, 0, True, "0.20% of the val pictures"),
        ({"counts": {"train": TWO, "val": TWO}}, {"train": 9}, 0, None, ""),
        ({"counts": {"train": TWO, "val": TWO}, "near_duplicates": [["x", "y"]]}, {}, 50, None, ""),  # only undivided data are split
    ],
)
def test_the_bounds_of_findings(found, leaked, copies, poisonous, words):
    """Of a thousand pictures: one finding with its words, and whether it would invalidate a result; None without one."""
    report = dataclasses.replace(EMPTY, poisonous=[], warnings=[], **found)
    parts = SimpleNamespace(classes=("a", "b"), parts={part: range(1000) for part in report.counts})
    module_of_check._judge(report, parts, Counter(leaked), copies)
    assert (len(report.poisonous), len(report.warnings)) == (poisonous is True, poisonous is False)
    assert words in "".join([*report.poisonous, *report.warnings])


@pytest.mark.parametrize(("classes", "poisonous"), [(("a",), 1), (("a", "b"), 0)])
def test_one_class_is_too_few(classes, poisonous):
    report = dataclasses.replace(EMPTY, poisonous=[], warnings=[])
    module_of_check._judge(report, SimpleNamespace(classes=classes, parts={}), Counter(), 0)
    assert len(report.poisonous) == poisonous


@pytest.mark.parametrize(
    ("bands", "channels", "kind", "words"),
    [
        ({1: 5, 3: 5}, 0, "", ""),
        ({4: 5}, 0, "warning", "4 bands each, and all of them are read"),
        ({4: 5, 6: 7}, 0, "problem", "pictures differ in their bands (7 of 6, 5 of 4)"),
        ({1: 5, 4: 7}, 0, "problem", "pictures differ in their bands (7 of 4, 5 of 1)"),
        ({4: 5, 6: 7}, 3, "", ""),  # chosen
    ],
)
def test_pictures_of_several_bands(bands, channels, kind, words):
    report = dataclasses.replace(EMPTY, poisonous=[], warnings=[])
    learnt = Survey(Counter(bands))
    module_of_check._judge_values(report, {"all": learnt}, learnt, PLAIN, channels)
    assert [row["kind"] for row in report.rows()] == [kind] * bool(kind)
    assert words in "".join(row["finding"] for row in report.rows())


@pytest.mark.parametrize(
    ("low", "high", "deep", "words"),
    [
        (0, 100, 9, []),
        (-1, 100, 9, ["values of val go from -1 to 100"]),
        (0, 101, 9, ["values of val go from 0 to 101"]),
        (0, 100, 8, ["8 of 9 pictures have more than 8 bits"]),
    ],
)
def test_values_beyond_black_and_white(low, high, deep, words):
    report = dataclasses.replace(EMPTY, poisonous=[], warnings=[])
    found = Survey(Counter({1: 9}), deep=deep, low=low, high=high)
    module_of_check._judge_values(report, {"val": found}, found, dataclasses.replace(PLAIN, levels=(0.0, 100.0)), 0)
    assert len(report.warnings) == len(words) and all(map(str.startswith, report.warnings, words))


def test_the_largest_group_comes_first_with_its_part_where_names_are_ambiguous():
    named = module_of_check._Names(["x", "y", "x"], ["train", "train", "test"])
    assert named.groups([[1], [0, 2]]) == [["train/x", "test/x"], ["train/y"]]
    assert module_of_check._Names(["x", "y"], ["train", "test"]).groups([[0], [1]]) == [["x"], ["y"]]


def test_sizes_are_the_smallest_the_median_and_the_largest():
    sizes = module_of_check._sizes(np.array([[8, 30], [10, 20], [12, 10], [40, 20]], np.int32))
    assert sizes == {"smallest": [8, 10], "median": [11, 20], "largest": [40, 30]}
    assert module_of_check._sizes(np.zeros((0, 2), np.int32)) == {}
