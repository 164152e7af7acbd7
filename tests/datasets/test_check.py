"""`check` finds what was planted: copies, leaks, contradictions, re-encoded and resized pictures; and lets clean data pass."""

from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.planted_duplicates import KINDS, found, planted, windows
from benchmarks.scaled_decodes import whole
from PIL import Image
from rich.console import Console
from scipy.sparse.csgraph import connected_components

from clearsight.datasets import fingerprint
from clearsight.datasets.check import check
from clearsight.datasets.open import open_dataset
from clearsight.images import decode as module
from clearsight.images import jpeg
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
    assert any("look the same across parts" in line for line in report.warnings)


@pytest.mark.parametrize("side", [96, 48, 32])
def test_copies_are_found_and_told_from_other_windows_of_the_same_photograph(side):
    originals = windows(side, 6, ("camera", "coffee", "astronaut", "chelsea", "grass"))
    kinds = KINDS if side == 32 else ("exact", "JPEG 30", "WebP 50", "× 0.5", "× 2", "mirrored", "mirrored, × 0.5, JPEG 60")
    hits, alarms = zip(*(found(check(planted(originals, KINDS[kind]), quiet=True)) for kind in kinds), strict=True)
    assert len(originals) >= 30 and hits[0] == len(originals)
    assert sum(hits) >= 0.99 * len(kinds) * len(originals)
    assert sum(alarms) == 0


def test_every_planted_leak_is_named():
    pictures = np.random.default_rng(0).integers(0, 256, (3000, 8, 8), dtype=np.uint8)
    copies = np.arange(0, 2000, 7)
    test = np.concatenate([pictures[2000:], pictures[copies]])
    report = check(open_dataset(((pictures[:2000], np.arange(2000) % 2), (test, np.arange(len(test)) % 2))), quiet=True)
    assert sorted(report.leaks) == sorted([f"train/{i}", f"test/{1000 + k}"] for k, i in enumerate(copies))


def mirrored(points: np.ndarray) -> np.ndarray:
    return points * np.where(np.arange(points.shape[1]) < fingerprint._EVEN, 1, -1).astype(np.float32)


def by_the_rule(points: np.ndarray) -> list[list[int]]:
    """The groups by the rule at `fingerprint.NEAR`, from the table of all distances."""
    table = torch.from_numpy(points), torch.from_numpy(mirrored(points))
    distances = torch.minimum(torch.cdist(table[0], table[0]), torch.cdist(*table)).fill_diagonal_(9).numpy()
    crowd = ((distances < fingerprint.FAR) & (distances >= fingerprint.NEAR)).sum(1)
    chance = fingerprint.FAR * (fingerprint.CHANCE / np.maximum(crowd, 1e-9)) ** (1 / fingerprint.GROWTH)
    reach = np.minimum(chance, fingerprint.NEAR)
    _, label = connected_components(distances < np.minimum(reach[:, None], reach))
    groups = [np.flatnonzero(label == k).tolist() for k in range(label.max() + 1)]
    return sorted(group for group in groups if len(group) > 1)


def test_near_groups_are_those_of_all_pairs():
    draw = np.random.default_rng(0)
    f = len(fingerprint._BASIS)
    centres = draw.normal(size=(30, 1, f)) / np.sqrt(f)
    points = (centres + draw.normal(size=(30, 20, f)) * draw.uniform(0.001, 0.025, (30, 20, 1))).reshape(-1, f).astype(np.float32)
    points[::3] = mirrored(points[::3])
    expected = by_the_rule(points)
    assert len(expected) > 20 and any(len(group) > 2 for group in expected) and sum(map(len, expected)) < 500
    for rows, columns in ((512, 1024), (7, 5)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fingerprint, "_ROWS", rows)
            patch.setattr(fingerprint, "_COLUMNS", columns)
            assert sorted(fingerprint.alike(points, quiet=True)) == expected


def test_a_chain_is_one_group():
    points = np.zeros((5000, len(fingerprint._BASIS)), dtype=np.float32)
    points[:, 0] = np.random.default_rng(0).permutation(np.linspace(0, 1, 5000))
    assert [len(group) for group in fingerprint.alike(points, quiet=True)] == [5000]


def test_in_a_crowd_only_the_nearest_are_alike():
    draw = np.random.default_rng(0)
    steps = draw.normal(size=(2002, len(fingerprint._BASIS))).astype(np.float32)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    alone, near = np.zeros_like(steps[:1]), 0.06 * steps[:1]
    crowd = 0.15 * steps[2:]
    assert fingerprint.alike(np.concatenate([alone, near])) == [[0, 1]]
    assert [0, 1] not in fingerprint.alike(np.concatenate([alone, near, crowd]), quiet=True)
    assert [0, 1] in fingerprint.alike(np.concatenate([alone, near / 10, crowd]), quiet=True)


def test_a_print_is_small_and_holds_no_picture():
    pictures = np.random.default_rng(0).integers(0, 256, (100, 300, 300), dtype=np.uint8)
    prints = fingerprint.prints([open_dataset((pictures, np.arange(100) % 2)).parts["all"]], quiet=True)
    arrays = [value for value in vars(prints).values() if isinstance(value, np.ndarray)]
    assert sum(value.nbytes for value in arrays) <= 300 * len(pictures)
    assert all(value.base is None for value in arrays)


@pytest.mark.parametrize("shape", [(300, 300), (300, 300, 3), (140, 2000)])
def test_a_page_with_a_thin_stroke_is_not_blank(shape):
    page = np.full(shape, 250, np.uint8)
    assert fingerprint._blank(page[None]).tolist() == [True]
    page[101, 5:] = 0  # between the rows that are looked at first
    assert fingerprint._blank(page[None]).tolist() == [False]
    rough = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert fingerprint._deviation(rough) == pytest.approx(rough.std(axis=(0, 1)).max(), rel=1e-9)


@pytest.mark.parametrize("name", ["SOF3", "SOF3 grey"])
def test_what_fails_only_when_it_is_decoded_smaller_is_found(folder, name, monkeypatch):
    (folder / "train" / "coffee" / "lossless.jpg").write_bytes(FILES[name])
    assert looked(folder).unreadable == []
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
    assert any("unreadable" in line for line in report.poisonous)
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
    assert any("3 groups of pictures look the same" in line and "--copies near" in line for line in report.warnings)


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


def test_light_does_not_change_where_a_picture_is():
    """The mean grey level is no part of a print: a picture and itself made lighter are at one place."""
    picture = np.random.default_rng(2).integers(40, 180, (1, 24, 24), dtype=np.uint8)
    parts = open_dataset((np.concatenate([picture, picture + 40]), np.array([0, 1])))
    first, second = fingerprint.prints([parts.parts["all"]], quiet=True).points
    np.testing.assert_allclose(first, second, atol=1e-4)
