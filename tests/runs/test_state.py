"""The state and rows of a run folder, without torch."""

import os
import socket
import subprocess
import sys

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.lock import hold
from clearsight.runs.state import reason_of, rows_of, state_of


def test_the_states(tmp_path):
    assert state_of(tmp_path) == "empty"
    (tmp_path / "recipe.toml").write_text("")
    assert state_of(tmp_path) == "interrupted" and reason_of(tmp_path) == ""
    (tmp_path / "error.json").write_text('{"error": "the disk is\\nfull"}')
    assert state_of(tmp_path) == "failed" and reason_of(tmp_path) == r"the disk is\nfull"
    (tmp_path / "config.json").write_text("{}")
    assert state_of(tmp_path) == "finished"
    with hold(tmp_path):
        assert state_of(tmp_path) == "running"


def test_a_training_on_another_machine_runs_while_its_files_change(tmp_path):
    (tmp_path / "recipe.toml").write_text("")
    (tmp_path / ".lock").write_text("process 12 on another-machine (clearsight train photos)\n")
    assert state_of(tmp_path) == "running"
    for file in tmp_path.iterdir():
        os.utime(file, (1, 1))
    assert state_of(tmp_path) == "interrupted"  # quiet for long: it was killed there
    (tmp_path / ".lock").write_text(f"process 12 on {socket.gethostname()} (clearsight train photos)\n")
    assert state_of(tmp_path) == "interrupted"  # it would hold the lock


@pytest.mark.parametrize("content", ["", "[1]", "{}", "\x00"])
def test_a_reason_that_says_nothing(content, tmp_path):
    (tmp_path / "error.json").write_text(content)
    assert state_of(tmp_path) == "empty" and reason_of(tmp_path) == ""


def test_rows_are_numbers(tmp_path):
    assert rows_of(tmp_path) == []
    (tmp_path / "results.csv").write_text("epoch,loss\n1,0.5\n2,nan\n")
    first, second = rows_of(tmp_path)
    assert first == {"epoch": 1.0, "loss": 0.5} and second["loss"] != second["loss"]
    (tmp_path / "results.csv").write_text("epoch,loss\n1,much\n")
    with pytest.raises(ClearsightError, match=r"results\.csv"):
        rows_of(tmp_path)


def test_a_list_of_runs_needs_no_torch():
    code = "import sys; from clearsight.studio.runs import Runs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
