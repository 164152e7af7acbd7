"""`clearsight attack`: the JSON that other programs rely on, pictures that fool from the disk, mistakes that are named."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pictures import is_dark_slide

SLIDE = ("--size", "slide", "--theme", "dark")

ROAD = ("--model", "pixels", "--epochs", "6", "--lr", "0.02", "--speed", "plain")


@pytest.fixture
def run(trained_once, scans, tmp_path):
    trained_once(tmp_path, scans, *ROAD, "--out", "first", "--quiet")
    return "runs/first"


def test_data_json(clearsight, run, scans):
    said = clearsight("attack", run, scans, "--method", "fgsm", "--epsilon", "0.1", "--n", "20", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert {"n", "clean", "robust", "after_uint8", "epsilon", "norm", "median_minimal_epsilon", "preflight"} <= set(found)
    assert (found["n"], found["epsilon"], found["norm"]) == (20, 0.1, "linf")
    for name in ("clean", "robust", "after_uint8", "after_png", "after_jpeg"):
        assert 0 <= found[name]["low"] <= found[name]["value"] <= found[name]["high"] <= 1
    assert found["robust"]["value"] < found["clean"]["value"] and found["after_png"] == found["after_uint8"]
    assert all(set(row) == {"check", "ok", "says"} for row in found["preflight"]) and len(found["preflight"]) >= 10
    values = [row["value"] for row in found["curve"]]
    assert values[0] == found["clean"]["value"] and values == sorted(values, reverse=True)
    at = {row["epsilon"]: row["value"] for row in found["curve"]}
    assert at[0.1] == found["robust"]["value"]
    assert 0 < found["median_minimal_epsilon"] < 0.2
    said = clearsight("attack", run, "--method", "fgsm", "--n", "5", "--epsilon", "8/255").out
    assert "right; after fgsm" in said and "white box: the network's own gradient" in said


def test_attacks_are_in_the_report(clearsight, run, scans, tmp_path):
    report = tmp_path / run / "report.html"
    before = report.read_text()
    said = clearsight("attack", run, scans, "--method", "fgsm", "--epsilon", "0.1", "--n", "20", "--json")
    page, found = report.read_text(), json.loads(said.out)
    assert "Adversarial" not in before and page.count("<h2>Adversarial robustness") == 1
    assert "fgsm, ε 0.1" in page and f"{100 * found['robust']['value']:.1f}" in page
    clearsight("attack", run, scans, "--method", "noise", "--epsilon", "0.2", "--n", "20")
    page = report.read_text()
    assert page.count("<h2>Adversarial robustness") == 1 and "fgsm, ε 0.1" in page and "noise, ε 0.2" in page
    assert set(json.loads((tmp_path / run / "attack.json").read_text())) == {"fgsm, ε 0.1", "noise, ε 0.2"}
    assert clearsight("evaluate", run, "--quiet").code == 0
    page = report.read_text()
    assert "Calibration" in page and "noise, ε 0.2" in page, "a new evaluation keeps what was found"


def test_picture_fools_from_the_disk(clearsight, run, scans):
    source = sorted((scans / "three").glob("*.png"))[0]
    said = clearsight("attack", run, source, "--epsilon", "60/255", "--lattice", "--out", "made/panda.png", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["survives"]["png"] and found["before"]["label"] != found["after"]["label"]
    answer = json.loads(clearsight("classify", run, "made/panda-picture.png", "--speed", "plain", "--json").out)[0]
    assert answer["label"] == found["after"]["label"]
    assert answer["confidence"] == pytest.approx(found["after"]["confidence"], abs=1e-5)
    change = np.asarray(Image.open("made/panda-picture.png")).astype(int)
    assert change.shape == (16, 16) and found["largest_change"] <= 60 / 255 + 1e-6
    with Image.open("made/panda.png") as sheet:
        assert sheet.mode == "RGB" and sheet.width > 2 * sheet.height
    said = clearsight("attack", run, source, "--epsilon", "0.2", *SLIDE).out
    assert clearsight("attack", run, source, "--epsilon", "0.2", "--out", "made/live.html").code == 0
    assert "\nattack(document" in Path("made/live.html").read_text(encoding="utf-8")
    refused = clearsight("attack", run, source, "--epsilon", "0.2", "--method", "pgd", "--out", "made/live.html")
    assert refused.code == 2 and "--method must be fgsm" in refused.err
    assert "still misclassified when saved" in said and "fgsm, ε = 0.2 (51 of 255 levels), 16×16 px; white box" in said
    assert is_dark_slide("attack.png")


def test_a_figure_that_cannot_be_written_leaves_no_picture_behind(clearsight, run, scans):
    source = sorted((scans / "three").glob("*.png"))[0]
    Path("taken.png").mkdir()
    said = clearsight("attack", run, source, "--epsilon", "0.2", "--out", "taken.png")
    assert said.code == 1 and "cannot write taken.png" in said.err and not Path("taken-picture.png").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--epsilon", "8"), "between 0 and 1"),
        (("--epsilon", "-1"), "at least 0"),
        (("--epsilon", "8/0"), "such as 0.03"),
        (("--epsilon", "much"), "such as 0.03"),
        (("--method", "fgms"), "Did you mean fgsm"),
        (("--target", "thre"), "Did you mean three"),
        (("--n", "0"), "x>=1"),
    ],
)
def test_mistakes_are_one_line(clearsight, run, words, says):
    said = clearsight("attack", run, *words)
    assert said.code == 2 and said.out == "" and says in said.err and len(said.err.strip().splitlines()) == 1


def test_target_transfer_and_list(clearsight, run, scans):
    assert clearsight("train", scans, *ROAD, "--seed", "1", "--out", "second", "--quiet").code == 0
    own, other = (
        json.loads(clearsight("attack", run, "--method", "fgsm", "--epsilon", "0.1", *more, "--json", "--quiet").out)["robust"]["value"]
        for more in ((), ("--transfer", "runs/second"))
    )
    assert own <= other < 1
    source = sorted((scans / "three").glob("*.png"))[0]
    said = clearsight("attack", run, source, "--target", "one", "--epsilon", "0.4", "--json")
    assert json.loads(said.out)["after"]["label"] == "one"
    assert "fgsm" in clearsight("attack", run, "--method", "list").out


def test_what_has_no_gradient_says_so(clearsight, scans):
    assert clearsight("train", scans, "--model", "histogram", "--out", "h", "--quiet").code == 0
    said = clearsight("attack", "runs/h", "--method", "fgsm", "--json", "--quiet")
    assert said.code == 2 and "no gradient" in said.err and "square" in said.err
    said = clearsight("attack", "runs/h", "--method", "square", "--steps", "20", "--epsilon", "0.1", "--json", "--quiet")
    found = json.loads(said.out)
    assert [row["ok"] for row in found["preflight"] if row["check"] == "gradients"] == [False]


def test_certify(clearsight, run, scans):
    said = clearsight("attack", run, scans, "--certify", "0.25", "--samples", "200", "--n", "12", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert (found["n"], found["sigma"], found["samples"]) == (12, 0.25, 200)
    values = [row["value"] for row in found["certified"]]
    assert values == sorted(values, reverse=True) and values[0] == found["clean"]["value"] > 0.3
    assert "certified" in clearsight("attack", run, scans, "--certify", "0.25", "--samples", "100", "--n", "3").out
    assert clearsight("attack", run, scans, "--certify", "-1", "--n", "3").code == 2


def test_the_picture_and_somebodys_report_are_not_written_over(clearsight, run, scans, tmp_path):
    source = sorted((scans / "three").glob("*.png"))[0]
    for name, words in (("attack.png", ()), ("attack-picture.png", ()), ("x.png", ("--out", "x.png"))):
        (tmp_path / name).write_bytes(source.read_bytes())
        said = clearsight("attack", run, name, *words, "--method", "fgsm")
        assert said.code == 2 and "would be written over" in said.err and (tmp_path / name).read_bytes() == source.read_bytes()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html").write_text("<p>of another program</p>")
    said = clearsight("evaluate", run, "--out", "./mine", "--quiet")
    assert said.code == 2 and "report.html was not written by Clearsight" in said.err
    assert (tmp_path / "mine" / "report.html").read_text() == "<p>of another program</p>"
    assert clearsight("evaluate", run, "--quiet").code == clearsight("evaluate", run, "--quiet").code == 0, "our own is made again"
