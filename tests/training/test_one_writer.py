"""Who comes while a folder is being written gets one line and removes nothing: at the moments that matter, one after the other."""

import subprocess
import sys
from pathlib import Path

import pytest

from clearsight.base.errors import ClearsightError, InUse, UsageError
from clearsight.base.lock import REPORT, hold
from clearsight.classifier import load
from clearsight.classifier.artefact import verify
from clearsight.evaluation.held_out import choose
from clearsight.experiments.label_curve import draw_curve
from clearsight.experiments.ladder import climb
from clearsight.reports import findings
from clearsight.reports.of_run import report_folder
from clearsight.runs.run import open_run
from clearsight.training import api as module
from clearsight.training.api import resume, train
from clearsight.training.ensemble import join_runs
from clearsight.training.pretrain import pretrain
from clearsight.training.storage import checkpoint
from tests.faults.disk import read_tree
from tests.pictures import digit_folder

SETTINGS = {"model": "pixels", "epochs": 2, "speed": "plain", "quiet": True}
SWEEPER = """
import sys
from pathlib import Path
from clearsight.runs.run import Run
print("here", flush=True)
Run(Path(sys.argv[1])).sweep()
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return str(digit_folder(tmp_path_factory.mktemp("data") / "digits", per_class=20, classes=2))


def meanwhile(monkeypatch, where, name, do):
    """Do it once, in the middle of the function `name` of `where`."""
    real, done = getattr(where, name), []

    def both(*words, **named):
        if not done:
            done.append(None)
            do()
        return real(*words, **named)

    monkeypatch.setattr(where, name, both)
    return done


def others(data, folder, other):
    """Everybody who could want this folder."""
    return [
        lambda: train(data, out=str(folder), **SETTINGS),
        lambda: train(data, out=str(folder), ensemble=2, **SETTINGS),
        lambda: pretrain(data, out=str(folder), model="convnet", size=16, epochs=1, quiet=True),
        lambda: climb(data, out=str(folder), rungs=["majority"], quiet=True),
        lambda: draw_curve(data, out=str(folder), methods=["scratch"], amounts=["5"], seeds=1, quiet=True),
        lambda: join_runs([other, other], out=str(folder)),
    ]


@pytest.mark.parametrize("moment", ["load", "start_run"])
def test_a_training_that_has_not_begun_is_left_alone(data, tmp_path, monkeypatch, moment):
    other = train(data, out=str(tmp_path / "other"), **SETTINGS).run

    def come():
        before = read_tree(tmp_path / "run")
        for do in others(data, tmp_path / "run", other):
            with pytest.raises(InUse, match="run is in use: process"):
                do()
        assert read_tree(tmp_path / "run") == before

    assert meanwhile(monkeypatch, module, moment, come) == []
    made = train(data, out=str(tmp_path / "run"), **SETTINGS)
    assert verify(made.run).ok and not list(made.run.glob(".*"))
    assert (made.run / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()


def test_a_run_that_runs_is_resumed_by_nobody_and_judged_by_anybody(data, tmp_path, monkeypatch):
    made = train(data, out=str(tmp_path / "run"), **SETTINGS)
    before = read_tree(made.run / "checkpoints")

    def come():
        for do in (lambda: resume(made.run, quiet=True), *others(data, made.run, made.run)):
            with pytest.raises(ClearsightError, match=r"in use|exists already|is not empty"):
                do()
        assert load(made.run).classes == made.classifier.classes and verify(made.run).ok
        findings.keep(made.run, "note", "judged", {"right": 1})

    meanwhile(monkeypatch, module, "run_to_end", come)
    assert resume(made.run, quiet=True).epochs == 2
    assert read_tree(made.run / "checkpoints") == before and (made.run / "note.json").is_file()


def test_the_members_of_a_running_ensemble_are_taken_too(data, tmp_path, monkeypatch):
    def come():
        for folder in (tmp_path / "run", tmp_path / "run" / "members" / "1"):
            with pytest.raises(InUse):
                resume(folder, quiet=True)

    done = meanwhile(monkeypatch, module, "run_to_end", come)
    assert train(data, out=str(tmp_path / "run"), ensemble=2, **SETTINGS) and done


def test_a_checkpoint_that_another_removed_is_one_line(data, tmp_path, monkeypatch):
    real = checkpoint.prune

    def remove_and_prune(folder, newest):
        newest.unlink()
        real(folder, newest)

    monkeypatch.setattr(checkpoint, "prune", remove_and_prune)
    with pytest.raises(ClearsightError, match="was removed while its run was trained: something else writes"):
        train(data, out=str(tmp_path / "run"), **SETTINGS)


def test_a_folder_that_is_locked_is_passed_by_where_none_was_named(tmp_path):
    with open_run("", str(tmp_path), "digits", "swift") as first, open_run("", str(tmp_path), "digits", "swift") as second:
        assert (first.folder.name, second.folder.name) == ("digits-swift", "digits-swift-2")


def test_a_sweep_waits_for_a_report_that_is_being_written(tmp_path):
    half = tmp_path / ".report.html.0123abcd.tmp"
    report = hold(tmp_path, REPORT)
    half.write_text("half")
    with subprocess.Popen([sys.executable, "-c", SWEEPER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "here\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        half.rename(tmp_path / "report.html")
        report.release()
        assert process.wait(30) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_an_evaluation_leaves_the_report_of_another_run(data, tmp_path):
    made, other = (train(data, out=str(tmp_path / name), **SETTINGS).run for name in ("run", "other"))
    before = read_tree(made)
    with (
        pytest.raises(UsageError, match="it is the run of another classifier, whose report stays"),
        report_folder(str(other), choose(str(other), None, "test", quiet=True), str(made)),
    ):
        pytest.fail("computed")
    assert read_tree(made) == before


def test_a_race_of_each_of_six_kinds_leaves_one_whole_run():
    script = Path(__file__).parents[2] / "benchmarks" / "races.py"
    done = subprocess.run([sys.executable, str(script), "--races", "6", "--seed", "1"], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert '"races": 6, "broken": 0' in done.stdout
