"""Run folders: found again, numbered when taken, never overwritten; and the time budget."""

import csv

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.train.recipe import compose
from clearsight.train.run import Run, open_run
from clearsight.train.train import train
from tests.pictures import digit_arrays, digit_folder


def test_a_default_name_is_numbered_and_a_given_one_is_taken_at_its_word(tmp_path):
    runs = str(tmp_path / "runs")
    assert [open_run("", runs, "my pets.csv", "swift").folder.name for _ in range(3)] == [
        "my-pets-swift",
        "my-pets-swift-2",
        "my-pets-swift-3",
    ]
    assert open_run("mine", runs, "x", "swift").folder == tmp_path / "runs" / "mine"
    assert open_run(str(tmp_path / "else" / "where"), runs, "x", "swift").folder == tmp_path / "else" / "where"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="exists already"):
        open_run(str(tmp_path / "file"), runs, "x", "swift")
    with pytest.raises(ClearsightError, match="cannot make the run folder"):
        open_run(str(tmp_path / "file" / "below"), runs, "x", "swift")


def test_a_folder_in_which_a_run_was_killed_before_it_began_is_taken_again(tmp_path):
    run, recipe = open_run(str(tmp_path / "run"), "", "x", "swift"), compose({})
    run.begin(recipe, {"data": "digits"}, "name,label,part\n")
    (run.folder / "recipe.toml").unlink()
    (run.folder / ".recipe.toml.0123abcd.tmp").write_text("half")
    assert not run.begun
    open_run(str(run.folder), "", "x", "swift").begin(recipe, {"data": "digits"}, "name,label,part\n")
    assert run.begun and sorted(path.name for path in run.folder.iterdir()) == ["recipe.toml", "run.json", "split.csv"]
    (run.folder / "recipe.toml").unlink()  # of a run that began from trained weights
    (run.folder / "checkpoints").mkdir()
    (run.folder / "checkpoints" / "00000-0000000.checkpoint").write_text("of another run")
    open_run(str(run.folder), "", "x", "swift").begin(recipe, {"data": "digits"}, "name,label,part\n")
    assert list(run.checkpoints.iterdir()) == []
    run.checkpoints.rmdir()
    run.abandon()  # it has begun: it stays
    with pytest.raises(UsageError, match="exists already"):
        open_run(str(run.folder), "", "x", "swift")
    (run.folder / "recipe.toml").unlink()
    (run.folder / "run.json").rename(run.folder / "notes.txt")
    run.abandon()
    for name in ("notes.txt", "split.csv"):  # a table that is called like ours is somebody's
        assert (run.folder / name).exists()
        with pytest.raises(UsageError, match="exists already"):
            open_run(str(run.folder), "", "x", "swift")
        (run.folder / "notes.txt").unlink(missing_ok=True)


def test_what_begin_wrote_reopen_reads(tmp_path):
    run, recipe = Run(tmp_path), compose({"augment": 'flip "crop:1"', "epochs": 3})
    run.begin(recipe, {"data": "digits"}, "name,label,part\n")
    assert run.reopen() == (recipe, {"data": "digits"}, "name,label,part\n")
    run.write_rows([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    assert run.rows() == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]


def test_a_run_that_never_began_leaves_nothing(tmp_path):
    folder = digit_folder(tmp_path / "scans", per_class=6, classes=2)
    next(folder.rglob("*.png")).write_bytes(b"rubbish")
    with pytest.raises(ClearsightError):
        train(folder, runs=str(tmp_path / "runs"), model="pixels", epochs=1, quiet=True)
    assert not list((tmp_path / "runs").iterdir())


def test_a_budget_cuts_the_epochs_and_the_recipe_says_so(tmp_path):
    trained = train(digit_arrays(20), out=str(tmp_path / "run"), model="lenet5", epochs=500, minutes=0.002, speed="plain", quiet=True)
    assert 1 <= trained.epochs < 500
    assert trained.epochs == Run(trained.run).reopen()[0].epochs


def test_patience_stops_early_and_the_log_has_a_row_per_epoch(tmp_path):
    settings = {"model": "pixels", "epochs": 200, "patience": 2, "lr": 0.05, "schedule": "constant", "warmup": 0.0}
    trained = train(digit_arrays(20), out=str(tmp_path / "run"), quiet=True, **settings)
    assert trained.epochs < 200
    with (trained.run / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(1, trained.epochs + 1))
    best = max(float(row["val_accuracy"]) for row in rows)
    assert trained.validation["top1"]["value"] == pytest.approx(best)
