"""`clearsight stress`: the JSON that other programs rely on, files that lie where they are said to, mistakes that are named."""

import json

import pytest

from tests.pictures import is_dark_slide

ROAD = ("--model", "pixels", "--epochs", "6", "--lr", "0.02", "--augment", "crop:1", "--speed", "plain")


@pytest.fixture
def run(trained_once, scans, tmp_path):
    trained_once(tmp_path, scans, *ROAD, "--out", "first", "--quiet")
    return "runs/first"


def test_json_and_files(clearsight, run, scans, tmp_path):
    said = clearsight("stress", run, scans, "--json", "--n", "20", "--out", "card")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert {"n", "clean", "corruptions", "challenges", "mce"} <= set(found)
    assert set(found["clean"]) == {"value", "low", "high", "n"} and found["clean"]["n"] == found["n"] == 20
    assert all(set(row) == {"name", "severity", "top1", "low", "high", "n"} for row in found["corruptions"])
    assert all(set(row) == {"name", "strength", "top1", "low", "high", "n"} for row in found["challenges"])
    assert all(0 <= row["low"] <= row["top1"] <= row["high"] <= 1 for row in (*found["corruptions"], *found["challenges"]))
    assert len(found["corruptions"]) == 18 * 5 and found["mean_corruption_error"]["over"] == 15
    assert found["mce"] == found["mean_corruption_error"]["value"]
    assert [row["probe"] for row in found["shortcuts"]] == ["file size", "border", "background"]
    assert found["overlaps"] == [{"augmentation": "crop", "tests": ["translation"]}]
    left = {path.name for path in (tmp_path / "runs" / "card").iterdir()}
    assert left == {"scorecard.png", "scorecard.html", "stress.json"}
    kept = json.loads((tmp_path / "runs" / "card" / "stress.json").read_text(encoding="utf-8"))
    assert {key: kept[key] for key in found} == found


def test_for_people(clearsight, run, tmp_path):
    said = clearsight("stress", run, "--only", "weather,rotation", "--severity", "3,5", "--n", "10", "--size", "slide", "--theme", "dark")
    assert said.code == 0, said.err
    assert "right as they are" in said.out and "rotation" in said.out and "snow" in said.out and "gaussian" not in said.out
    assert "mean corruption error" in said.out and "over 3 corruptions" in said.out and "practised in training (crop" in said.out
    assert is_dark_slide(tmp_path / run / "scorecard.png")
    again = clearsight("stress", run, "--only", "weather,rotation", "--severity", "3,5", "--n", "10", "--batch", "3")
    assert again.out == said.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--only", "rotatoin"), "Did you mean rotation"),
        (("--severity", "6"), "from 1 to 5"),
        (("--severity", "much"), "as in 1,3,5"),
        (("--n", "0"), "x>=1"),
    ],
)
def test_mistakes_are_one_line(clearsight, run, words, says):
    said = clearsight("stress", run, *words)
    assert said.code == 2 and said.out == "" and says in said.err and len(said.err.strip().splitlines()) == 1


def test_stress_is_in_the_report(clearsight, run, tmp_path):
    report = tmp_path / run / "report.html"
    assert "<h2>Common corruptions" not in report.read_text(encoding="utf-8")
    assert clearsight("stress", run, "--only", "rotation", "--n", "10", "--quiet").code == 0
    page = report.read_text(encoding="utf-8")
    assert page.count("<h2>Common corruptions") == 1 and 'alt="scorecard" src="data:image/png;base64,' in page
