"""docs/how-to/next-to.md is what the results and the words say, and steps are counted as it says."""

import json
import tomllib

import pytest
import side_by_side
from beside import page as made
from beside.steps import Steps

WORDS = tomllib.loads((side_by_side.ROOT / "benchmarks" / "beside" / "words.toml").read_text(encoding="utf-8"))
CELL = {"steps": ["command: clearsight studio runs/b", "drop: a.png"], "seconds": [4.0, 6.0], "sees": "a map", "load": 12.0}
KEPT = {
    "cells": {"Clearsight studio": {"runs": CELL}, "TensorBoard": {"runs": {**CELL, "steps": CELL["steps"][:1], "seconds": [9.0]}}},
    "versions": {"TensorBoard": "2"},
    "hardware": {"processor": "P", "cores": 2},
}


def test_page_is_current():
    kept = json.loads(side_by_side.RESULT.read_text(encoding="utf-8"))
    assert side_by_side.PAGE.read_text(encoding="utf-8") == made.page(kept, side_by_side.ABLE), "python benchmarks/side_by_side.py --page"


def test_a_quicker_program_is_named_first_and_a_whole_answer_stands_before_a_part():
    said = made.page(KEPT, {"Netron": ["layer"]})
    first, rest = said.split("## Why this answer?")
    assert "Which of two runs is better? 1 step, the studio 2 (for a part of the answer)." in first
    assert "9 s" not in first  # in seconds it is not ahead
    rows = [line for line in rest.split("## Which of two runs")[1].split("## What")[0].splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:4]] == ["| Clearsight studio", "| TensorBoard"]
    assert "| 2 | 5 (4 to 6) | a map |" in rows[2] and "[documentation](https://" in rows[3]
    assert "- Clearsight studio, which of two runs is better: command `clearsight studio runs/b` → drop a.png." in said
    layer = said.split("## What does")[1]
    assert "| Netron | – | – | not run |" in layer and "| Gradio | – | – | it cannot |" in layer
    assert "P, 2 cores; n = 1 to 2 a task; TensorBoard 2." in said


@pytest.mark.parametrize("program", WORDS)
def test_every_program_has_words_for_every_task(program):
    about = WORDS[program]
    assert about["better"]
    able = side_by_side.ABLE.get(program, set())
    for task in made.TASKS:
        assert about[task]["source"].startswith("https://")
        assert about[task].get("lacks") or task in able or about[task]["steps"]  # who cannot says why


def test_each_line_of_a_script_is_a_step(tmp_path):
    file = tmp_path / "x.py"
    file.write_text('"""What it is\nfor."""\n\nimport a\n# why\nb(\n    1,\n)\n')
    steps = Steps(None)
    steps.wrote(file)
    assert steps.done == ["line: import a", "line: b(", "line: 1,", "line: )"]


def test_programs_and_tasks_are_chosen_by_name():
    assert side_by_side.asked(["netron", "studio:why", "studio:runs"]) == {"netron": ["layer"], "studio": ["why", "runs"]}
    assert set(side_by_side.asked([])) == set(side_by_side.PROGRAMS)
