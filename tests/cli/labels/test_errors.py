"""`clearsight labels errors`: the JSON that other programs rely on, tables and sheets, mistakes that are named."""

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


def test_errors(clearsight, folder, tmp_path):
    said = clearsight("labels", "errors", folder, "--folds", "3", "--most", "8", "--out", "suspects", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert {"n", "classes", "folds", "seed", "by", "features", "l2", "score", "agreement", "estimated_errors", "flagged", "joint"} <= set(
        found
    )
    assert found["n"] == 60 and len(found["ranking"]) == 8 and found["by"] == "head" and found["features"] == "hog"
    assert set(found["ranking"][0]) == {"rank", "picture", "given", "likely", "p_given", "p_likely", "flagged", "part"}
    assert {"given": "two", "likely": "zero"}.items() <= found["ranking"][0].items() and found["ranking"][0]["picture"] == "two/planted.png"
    assert set(found["estimated_errors"]) == {"n", "share"} and len(found["noise_matrix"]) == 3
    with (tmp_path / found["files"]["table"]).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60 and rows[0]["picture"] == "two/planted.png" and [row["rank"] for row in rows] == [str(i) for i in range(1, 61)]
    with Image.open(tmp_path / found["files"]["sheet"]) as image:
        assert image.width > 8 * 112
    text = clearsight("labels", "errors", folder, "--folds", "3", "--out", "again", "--rank", "margin", "--quiet", *SLIDE)
    assert is_dark_slide(tmp_path / "runs" / "again" / "errors.png")
    assert (
        text.code == 0 and text.err == "" and "planted.png" in text.out and "Estimate:" in text.out and "as good as the model" in text.out
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("error",), "Did you mean errors"),
        (("errors",), "Missing argument"),
        (("errors", "digits", "--folds", "1"), "x>=2"),
        (("errors", "digits", "--folds", "50"), "at least 50 groups"),
        (("errors", "digits", "--part", "tset"), "Did you mean test"),
        (("errors", "digits", "--rank", "entropy"), "margin"),
        (("errors", "digits", "--from", "x", "--model", "swift"), "leave one out"),
        (("errors", "nowhere"), "nowhere"),
        (("next", "nowhere", "digits"), "no classifier at nowhere"),
    ],
)
def test_mistakes_are_one_line(clearsight, words, says):
    said = clearsight("labels", *words)
    assert said.code in (1, 2) and said.out == "" and says in said.err.strip().splitlines()[-1], said.err


def test_no_table_is_a_formula(clearsight, tmp_path):
    """Classes and files called like formulas: every CSV that is written has none, and is read again as what it was."""

    from clearsight.datasets.open import open_dataset

    digit_folder(tmp_path / "data", per_class=6, classes=3)
    for plain, name in (("zero", "=1+1!cmd"), ("one", "@b"), ("two", "-c")):
        (tmp_path / "data" / plain).rename(tmp_path / "data" / name)
    files = sorted((tmp_path / "data").glob("*/*.png"))
    for file in files[::2]:
        file.rename(file.with_name(f"+{file.name}"))
    road = ("--model", "pixels", "--epochs", "2", "--speed", "plain", "--out", "run", "--quiet")
    assert clearsight("train", "data", *road).code == 0
    assert clearsight("evaluate", "runs/run", "--table", "answers.csv", "--quiet").code == 0
    assert clearsight("labels", "errors", "data", "--folds", "2", "--out", "there", "--quiet").code == 0
    assert clearsight("labels", "next", "runs/run", "data", "--out", "there", "--quiet").code in (0, 2), "all have a label already"
    for table in ("answers.csv", "runs/there/errors.csv"):
        with (tmp_path / table).open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert "'=1+1!cmd" in cells
    with (tmp_path / "runs/there/errors.csv").open(newline="") as file:
        rows = [(row["picture"], row["given"]) for row in csv.DictReader(file)]
    with (tmp_path / "data" / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label"), *rows])
    again = open_dataset(tmp_path / "data" / "labels.csv")
    assert again.classes == open_dataset(tmp_path / "data").classes and len(again.parts["all"]) == 18
    assert clearsight("evaluate", "runs/run", "--json", "--quiet").code == 0, "split.csv is not changed, and fits"


def test_data_are_read_as_in_train(clearsight, folder, tmp_path):
    rows = [f"{path.relative_to(folder)},{path.parent.name},x" for path in sorted(folder.rglob("*.png"))]
    (folder / "t.csv").write_text("\n".join(["file,breed,kind", *rows]))
    (tmp_path / "out.txt").write_text("two/planted.png\n")
    words = ("--columns", "path=file,label=breed", "--leave-out", "out.txt", "--folds", "3", "--json", "-q")
    said = clearsight("labels", "errors", folder / "t.csv", *words)
    assert said.code == 0 and json.loads(said.out)["n"] == 59, said.err
    (folder / "t.csv").unlink()
