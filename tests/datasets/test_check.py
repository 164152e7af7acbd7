"""`check` finds what was planted: copies, leaks, contradictions, re-encoded and resized pictures; and lets clean data pass."""

from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from skimage import data as photographs
from sklearn.datasets import load_sample_images

from clearsight.datasets import fingerprint
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
    assert any("look alike across parts" in line for line in report.warnings)


def test_copies_are_told_from_other_windows_of_the_same_photograph():
    scenes = [getattr(photographs, name)() for name in PHOTOS] + list(load_sample_images().images)
    tiles = [
        Image.fromarray(photo[top : top + 96, left : left + 96])
        for photo in scenes
        for top in range(0, photo.shape[0] - 96, 96)
        for left in range(0, photo.shape[1] - 96, 96)
    ]
    tiles = [tile for tile in tiles if np.asarray(tile.convert("L")).std() > 8]  # bare sky is bare sky

    def points(pictures):
        return torch.stack([fingerprint._of_file(picture).thumbnail for picture in pictures])

    originals = points(tiles)
    copies = [points(kind) for kind in zip(*(variants(tile).values() for tile in tiles[::2]), strict=True)]
    distances = torch.stack([(copy - originals[::2]).norm(dim=1) for copy in copies])
    assert len(tiles) > 100
    assert (distances < fingerprint.NEAR).float().mean() >= 0.99
    apart = torch.pdist(originals)
    assert (apart < fingerprint.NEAR).float().mean() < 1e-3


def test_near_groups_are_those_of_all_pairs():
    draw = np.random.default_rng(0)
    points = torch.from_numpy(draw.normal(size=(300, 256))).float()
    points = torch.cat([points, points[:90] + 0.003 * torch.randn(90, 256, generator=torch.Generator().manual_seed(0))])
    points = (points / points.norm(dim=1, keepdim=True))[torch.from_numpy(draw.permutation(390))]
    pairs = torch.nonzero((torch.cdist(points, points) < fingerprint.NEAR).triu(1)).tolist()
    for block in (512, 7):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fingerprint, "_BLOCK", block)
            assert sorted(map(sorted, fingerprint.alike(points, quiet=True))) == pairs
    assert len(pairs) == 90


def test_a_chain_is_one_group():
    points = torch.zeros(5000, 256)
    points[:, 0] = torch.linspace(0, 1, 5000)
    (group,) = fingerprint.alike(points[torch.randperm(5000)], quiet=True)
    assert len(group) == 5000


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
    assert any("exact copies" in line for line in report.poisonous)
    report = check(open_dataset((pictures[10:], np.zeros(20, int))), quiet=True)
    assert any("only one class" in line for line in report.poisonous)
