"""A check in a terminal: counts, findings with examples, and the verdict."""

import io

from PIL import Image
from rich.console import Console

from clearsight.datasets.check import check
from clearsight.datasets.open import open_dataset
from clearsight.reports.check import MOST, tables
from tests.pictures import digit_folder


def printed(folder) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=200)
    for one in tables(check(open_dataset(folder), quiet=True)):
        console.print(one)
    return stream.getvalue()


def test_a_clean_set(tmp_path):
    text = printed(digit_folder(tmp_path / "digits", per_class=4, classes=3))
    assert "12 pictures" in text and "Nothing here would invalidate a result." in text and "problem:" not in text
    counts = [line.split() for line in text.splitlines() if line.split()[:1] in (["zero"], ["one"], ["two"])]
    assert sorted(counts) == [["one", "4"], ["two", "4"], ["zero", "4"]]


def test_findings_with_some_examples(tmp_path):
    folder = digit_folder(tmp_path / "digits", per_class=4, classes=3)
    for i in range(MOST + 3):
        (folder / "one" / f"empty{i}.png").touch()
    Image.open(folder / "two" / "0008.png").save(folder / "one" / "copy.png")
    text = printed(folder)
    assert f"unreadable: {MOST + 3}" in text and "… 3 more (all with --json)" in text
    assert "conflicts: the same picture in two classes: 1" in text and "one/copy.png = two/0008.png" in text
    assert "problem:" in text and "Nothing here would invalidate" not in text


def test_names_are_text(tmp_path):
    folder = digit_folder(tmp_path / "digits", per_class=3, classes=2)
    (folder / "one").rename(folder / "[bold]x")
    assert "[bold]x" in printed(folder)
