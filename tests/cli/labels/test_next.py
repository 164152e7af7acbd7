"""`clearsight labels next`: which pictures to label, in a table that is there to be filled in."""

import csv
import json

import pytest
from PIL import Image

from tests.pictures import digit_folder, is_dark_slide

SLIDE = ("--size", "slide", "--theme", "dark")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = digit_folder(tmp_path_factory.mktemp("digits") / "scans", per_class=20, classes=3)
    (root / "zero" / "0001.png").rename(root / "two" / "planted.png")
    return root


def test_next(clearsight, folder, tmp_path):
    assert clearsight("train", folder, "--model", "pixels", "--epochs", "3", "--out", "few", "--quiet").code == 0
    pool = tmp_path / "pool"
    pool.mkdir()
    for i, path in enumerate(sorted(digit_folder(tmp_path / "more", per_class=5).rglob("*.png"))):
        path.rename(pool / f"{i}.png")
    said = clearsight("labels", "next", "runs/few", pool, "--n", "12", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert set(found) == {"pool", "labelled_already", "wanted", "unreadable", "notes", "files"}
    assert (found["pool"], found["labelled_already"]) == (35, 15), "the run's own pictures are known under other names"
    assert len(found["wanted"]) == 12 and not found["unreadable"]
    assert set(found["wanted"][0]) == {"rank", "path", "guess", "confidence", "second", "margin", "why"}
    with (tmp_path / "runs" / "pool-next" / "next.csv").open() as file:
        assert [row["path"] for row in csv.DictReader(file)] == [row["path"] for row in found["wanted"]]
    with Image.open(tmp_path / "runs" / "pool-next" / "next.png") as image:
        assert image.width > 8 * 112
    (pool / "broken.png").write_text("no picture")
    said = clearsight("labels", "next", "runs/few", pool, "--n", "3", "--out", "other", "--quiet", *SLIDE)
    assert is_dark_slide(tmp_path / "runs" / "other" / "next.png")
    assert said.code == 1 and "cannot read broken.png" in said.err and "3 of 35 pictures" in said.out
    said = clearsight("labels", "next", "runs/few", pool, "--n", "3", "--out", "less", "--leave-out", "unreadable")
    assert said.code == 0 and "1 pictures left out: broken.png" in said.err


def test_labels_that_somebody_wrote_into_the_table_stay(clearsight, tmp_path):
    """next.csv is there to be filled in: a second ranking does not take its place."""
    digit_folder(tmp_path / "data", per_class=6, classes=3)
    digit_folder(tmp_path / "pool", per_class=9, classes=2)
    assert clearsight("train", "data", "--model", "pixels", "--epochs", "1", "--speed", "plain", "--out", "run", "--quiet").code == 0
    again = ("labels", "next", "runs/run", "pool", "--n", "3", "--out", "there", "--quiet")
    assert clearsight(*again).code == clearsight(*again).code == 0
    table = tmp_path / "runs" / "there" / "next.csv"
    filled = "\n".join(f"{line},label" for line in table.read_text().splitlines())
    table.write_text(filled)
    said = clearsight(*again)
    assert said.code == 2 and "next.csv was not written by Clearsight" in said.err and table.read_text() == filled
