"""A file that goes away between the scan and the reading: one clear line that names it, exit code 1, nothing put in its place."""

import csv
import json
import os
import shutil
from pathlib import Path

import pytest

from clearsight.cli.classify import expand
from clearsight.datasets import open as opening
from clearsight.datasets.split import split
from tests.pictures import digit_folder

ROAD = ("--model", "pixels", "--epochs", "2", "--lr", "0.02", "--speed", "plain")


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    return digit_folder(tmp_path_factory.mktemp("digits") / "scans", per_class=12, classes=3)


@pytest.fixture
def folder(scans, tmp_path):
    return shutil.copytree(scans, tmp_path / "scans")


def vanish_after_scan(monkeypatch, path):
    """`path` is there when the folder is listed and gone when its pictures are read."""
    real = opening.open_dataset

    def scan(*given, **more):
        parts = real(*given, **more)
        path.unlink()
        return parts

    for module in ("clearsight.runs.splits", "clearsight.evaluation.held_out"):
        monkeypatch.setattr(f"{module}.open_dataset", scan)


def assert_named(said, path):
    lines = said.err.strip().splitlines()
    assert said.code == 1 and said.out == "" and "Traceback" not in said.err
    assert lines[-1].startswith(f"clearsight: cannot read {path}: there is no such file"), said.err


@pytest.mark.parametrize("cache", ["memory", "disk", "off"])
def test_train(clearsight, folder, monkeypatch, tmp_path, cache):
    gone = split(opening.open_dataset(folder)).parts["train"].source(5)
    vanish_after_scan(monkeypatch, gone)
    assert_named(clearsight("train", folder, *ROAD, "--cache", cache, "--out", "run", "--quiet"), gone)
    assert not list((tmp_path / "runs").rglob("model.safetensors"))


def test_evaluate(clearsight, folder, monkeypatch):
    assert clearsight("train", folder, *ROAD, "--out", "run").code == 0
    with Path("runs/run/split.csv").open(encoding="utf-8", newline="") as file:
        gone = folder / [row["name"] for row in csv.DictReader(file) if row["part"] == "test"][3]
    vanish_after_scan(monkeypatch, gone)
    said = clearsight("evaluate", "runs/run")  # what is judged is known by its content: a file that is gone is a picture less
    text = " ".join((said.out + said.err).split())
    assert said.code == 0 and "1 of the test pictures of runs/run are gone, or have other content now" in text


def test_classify_answers_for_the_others(clearsight, folder, monkeypatch):
    assert clearsight("train", folder, *ROAD, "--out", "run").code == 0
    gone = folder / "one" / "0014.png"
    real = expand

    def scan(*words):
        sources = list(real(*words))
        gone.unlink()
        return sources

    monkeypatch.setattr("clearsight.cli.classify.expand", scan)
    said = clearsight("classify", "runs/run", folder, "--json")
    answers = {answer["source"]: answer for answer in json.loads(said.out)}
    assert said.code == 1 and len(answers) == 36
    assert answers.pop(str(gone)) == {"source": str(gone), "error": "there is no such file"}
    assert all("label" in answer for answer in answers.values())


def test_odd_names_cost_no_answer_and_no_second_line(clearsight, folder):
    assert clearsight("train", folder, *ROAD, "--out", "run").code == 0
    strange = [Path("scans") / "one" / name for name in ("[red].png", "a\nb.png", "\x1b[31mc.png", os.fsdecode(b"\xff.png"), "חתול 🐱.png")]
    for path in strange:
        shutil.copy(folder / "one" / "0015.png", path)
    said = clearsight("classify", "runs/run", *strange)
    assert said.code == 0 and "\x1b" not in said.out
    assert all(shown in said.out for shown in ("[red].png", r"a\nb.png", r"\x1b[31mc.png", r"\udcff.png", "חתול 🐱.png"))
    answers = json.loads(clearsight("classify", "runs/run", *strange, "--json").out)
    assert [answer["source"] for answer in answers] == [str(path) for path in strange]
    said = clearsight("classify", "runs/run", *(path.with_suffix(".jpg") for path in strange))
    assert said.code == 1 and len(said.err.strip().splitlines()) == len(strange)
    assert all(line.startswith("clearsight: cannot read ") for line in said.err.strip().splitlines())
    assert clearsight("check", folder, "--json").code == 1  # five copies
    assert "\x1b" not in clearsight("check", folder).out


def test_a_taken_out_is_refused_before_the_data_are_read(clearsight, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    said = clearsight("train", "nowhere/at/all", "--out", "./mine")
    assert said.code == 2 and "mine exists already and is left as it is" in said.err
