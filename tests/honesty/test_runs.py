"""What a run folder, and what is stored in it, says of the pictures it is about: of now, of before, moved and damaged."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.honesty.conftest import BY_HEART, call, noise, write
from tests.honesty.test_random_labels import VERBS, honest, judge
from tests.honesty.variations import VARIATIONS, pictures

BEFORE = Path(__file__).parent / "before"  # trained at b5457f2, which knew pictures by name only
DAMAGES = {
    "bytes": lambda text: b"\x00\xff\xfe" * 50,
    "nothing": lambda text: b"",
    "other columns": lambda text: b"x,y\n1,2\n",
    "a part": lambda text: text.replace(b",train", b",trian"),
    "digests": lambda text: text.replace(b",train,", b",train,zz") if b"name" in text else text.replace(b"\n", b"\nzz"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("table", ["split.csv", "ancestors.csv"])
def test_a_damaged_table_is_said_and_judged_by_no_one(trained, table, damage):
    if not (trained / "runs/child").exists():
        assert call("train", "noise", "--from", "runs/A", "--tune", "head", "--out", "child", "--quiet").code == 0
    folder = trained / "runs" / f"damaged-{table}-{damage}"
    shutil.copytree(trained / "runs/child", folder)
    (folder / table).write_bytes(DAMAGES[damage]((folder / table).read_bytes()))
    data = trained / "renamed"
    if not data.exists():
        VARIATIONS["renamed"](pictures(trained / "noise"), data, np.random.default_rng(2))
    said = judge("evaluate", data, str(folder))
    assert honest(said) == "refused" and table in said.err


def test_a_moved_run_still_knows_its_pictures(trained):
    shutil.copytree(trained / "runs/A", trained / "elsewhere/run")
    assert honest(judge("evaluate", None, "elsewhere/run")) == "judged"
    (trained / "elsewhere/run/split.csv").unlink()
    assert "split.csv" in judge("evaluate", "noise", "elsewhere/run").err


@pytest.mark.parametrize("verb", VERBS)
def test_results_name_data_weights_part_precision_and_time(trained, verb):
    said = judge(verb, None, "runs/A", "runs/A")
    found, on = said.json, said.json["judged_on"]
    assert on["part"] == "test" and on["n"] == 60 and len(on["digest"]) == 64
    assert found["precision"] and found["when"].startswith("20")
    assert all(len(weights) == 64 for weights in np.atleast_1d(found["weights"]))
    copy = trained / "digest-of-a-copy"
    if not copy.exists():
        VARIATIONS["copied"](pictures(trained / "noise"), copy, np.random.default_rng(2))
    assert judge(verb, copy, "runs/A", "runs/A").json["judged_on"]["digest"] == on["digest"]  # by content, not by name


def test_other_data_leave_the_runs_own_report(trained):
    assert call("evaluate", "runs/A").code == 0
    own = [(trained / "runs/A" / name).read_bytes() for name in ("evaluation.json", "report.html")]
    rng = np.random.default_rng(4)
    write(trained / "others", noise(rng, 50), rng.integers(0, 2, 50))
    assert honest(judge("evaluate", "others")) == "judged"
    assert [(trained / "runs/A" / name).read_bytes() for name in ("evaluation.json", "report.html")] == own
    assert json.loads(next((trained / "runs/A/judged").rglob("evaluation.json")).read_text())["n"] == 50


def test_resume_refuses_pictures_that_have_changed_and_names_them(trained):
    data = write(trained / "changing", noise(np.random.default_rng(6), 60), np.random.default_rng(7).integers(0, 2, 60))
    assert call("train", data, *BY_HEART, "--out", "changing", "--quiet").code == 0
    path = sorted(data.rglob("*.png"))[0]
    Image.fromarray(noise(np.random.default_rng(9), 1)[0]).save(path)
    said = call("train", "--resume", "runs/changing")
    assert honest(said) == "refused" and path.name in said.err and "content" in said.err


def test_a_run_of_before_is_read_and_what_it_cannot_know_is_said(trained):
    rng = np.random.default_rng(1)
    for at in range(40):
        path = trained / "oldnoise" / "ab"[int(rng.integers(2))] / f"{at:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(path)
    shutil.copytree(BEFORE, trained / "runs/before")
    assert call("train", "--resume", "runs/before").code == 0
    for verb in ("evaluate", "compare"):
        said = judge(verb, "oldnoise", "runs/before", "runs/before")
        assert honest(said) == "judged" and "older version" in said.err and said.json["n"] == 12
