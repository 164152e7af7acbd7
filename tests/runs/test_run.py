"""Run folders: found again, numbered when taken, never overwritten; and the time budget."""

import csv
from types import SimpleNamespace

import pytest

from clearsight.base.errors import ClearsightError, Stopped, UsageError
from clearsight.base.files import digest
from clearsight.base.settings import read_toml
from clearsight.recipes.compose import compose
from clearsight.reports.of_run import report_training
from clearsight.runs.run import Run, folder_here, free_folder, open_run
from clearsight.runs.state import reason_of, run_name
from clearsight.training.api import resume, train
from clearsight.training.build import within_budget
from clearsight.training.compute import acceleration
from tests.faults.disk import read_tree
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
    with pytest.raises(ClearsightError, match="cannot make the folder"):
        open_run(str(tmp_path / "file" / "below"), runs, "x", "swift")


def test_what_is_not_sent_to_addresses_refuses_them(tmp_path):
    assert folder_here("mine", str(tmp_path)) == tmp_path / "mine"
    with pytest.raises(UsageError, match=r"only trainings, ensembles and sweeps go to addresses: .* Got s3://bucket/x\."):
        folder_here("s3://bucket/x", "runs")


def test_a_run_folder_says_its_state(tmp_path):
    with open_run(str(tmp_path / "run"), "") as run:
        assert run.state == "running"
        run.begin(compose({}), {"data": "digits"}, "name,label,part\n")
    assert run.state == "interrupted" and Run(tmp_path).state == "empty"
    (run.folder / "config.json").write_text("{}")
    assert run.state == "finished"
    with run.locked():  # a finished run that is resumed
        assert Run(run.folder).state == "running"


def test_a_run_that_ends_with_an_error_says_why_until_it_goes_on(tmp_path):
    with open_run(str(tmp_path / "run"), "") as run:
        run.begin(compose({}), {"data": "digits"}, "name,label,part\n")
    with pytest.raises(ValueError, match="another shape"), run.locked():
        raise ValueError("a tensor\nof another shape")
    assert run.state == "failed" and reason_of(run.folder) == "unexpected ValueError: a tensor of another shape"
    with pytest.raises(ClearsightError), run.locked():
        raise ClearsightError("the disk is full.\nFurther lines.")
    assert reason_of(run.folder) == "the disk is full."
    run.forget_error()
    for end in (Stopped("saved"), KeyboardInterrupt()):  # asked for: no failures
        with pytest.raises(type(end)), run.locked():
            raise end
        assert run.state == "interrupted"


def test_a_folder_in_which_a_run_was_killed_before_it_began_is_taken_again(tmp_path):
    recipe, facts, table = compose({}), {"data": "digits"}, "name,label,part\n"
    with open_run(str(tmp_path / "run"), "") as run:
        run.begin(recipe, facts, table)
    (run.folder / "recipe.toml").unlink()
    (run.folder / ".recipe.toml.0123abcd.tmp").write_text("half")
    (run.folder / ".lock").write_text("process 1 on nowhere\n")  # a kill leaves it, and nobody holds it
    assert not run.begun
    with open_run(str(run.folder), "") as again:
        again.begin(recipe, facts, table)
    assert run.begun and sorted(path.name for path in run.folder.iterdir()) == ["recipe.toml", "run.json", "split.csv"]
    (run.folder / "recipe.toml").unlink()  # of a run that began from trained weights
    (run.folder / "checkpoints").mkdir()
    (run.folder / "checkpoints" / "00000-0000000.checkpoint").write_text("of another run")
    with open_run(str(run.folder), "") as again:
        again.begin(recipe, facts, table)
    assert list(run.checkpoints.iterdir()) == []
    with pytest.raises(UsageError, match="exists already"):
        open_run(str(run.folder), "")


def test_what_fails_takes_only_its_own_away(tmp_path):
    def broken(after, folder):
        with open_run(str(folder), "") as run:
            after(run)
            raise KeyError

    def fail(after, folder=tmp_path / "a" / "b" / "run"):
        with pytest.raises(KeyError):
            broken(after, folder)
        return folder

    assert not fail(lambda run: run.keep_division({}, "")).parent.parent.exists()  # the folders above were made for it
    begun = fail(lambda run: run.begin(compose({}), {"data": "x"}, ""))
    assert Run(begun).begun and not (begun / ".lock").exists()
    with pytest.raises(KeyError), Run(begun).locked():
        raise KeyError
    assert Run(begun).begun
    (begun / "recipe.toml").unlink()
    (begun / "run.json").rename(begun / "notes.txt")
    for name in ("notes.txt", "split.csv"):  # a table that is called like ours is somebody's
        assert (begun / name).exists()
        with pytest.raises(UsageError, match="exists already"):
            open_run(str(begun), "")
        (begun / "notes.txt").unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["checkpoints", "events", "golden", "members", "run.json", "split.csv"])
def test_a_new_run_takes_no_folder_with_a_link_in_it(tmp_path, name):
    target = tmp_path / "work" if "." not in name else tmp_path / "work" / "thesis.txt"
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("years of work")
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / name).symlink_to(target)
    with pytest.raises(UsageError, match="exists already and is left as it is"):
        train(digit_arrays(20), out=str(tmp_path / "trap"), model="pixels", epochs=1, quiet=True)
    assert read_tree(tmp_path) == {
        "work": None, "work/thesis.txt": b"years of work", "trap": None, f"trap/{name}": target.read_bytes() if "." in name else None
    }  # fmt: skip


@pytest.mark.parametrize("name", ["checkpoints", "events", "golden", "members"])
def test_a_folder_of_a_run_that_became_a_link_is_written_and_removed_in_by_nobody(tmp_path, name):
    made = train(digit_folder(tmp_path / "data", per_class=20, classes=2), out=str(tmp_path / "run"), model="pixels", epochs=1, quiet=True)
    (made.run / "members").mkdir()
    (made.run / name).rename(tmp_path / "elsewhere")
    (made.run / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / ".x.0123abcd.tmp").write_text("half a thesis")
    (tmp_path / "elsewhere" / "00099-0000000.checkpoint").write_text("years of work")
    before = read_tree(tmp_path)
    with pytest.raises(ClearsightError, match=f"{name} is a link, and a run writes and removes nothing through links"):
        resume(made.run, quiet=True)
    assert read_tree(tmp_path) == before


def test_a_file_of_a_run_that_became_a_link_is_replaced_and_not_written_through(tmp_path):
    folder = digit_folder(tmp_path / "data", per_class=20, classes=2)
    made = train(folder, out=str(tmp_path / "run"), model="pixels", epochs=1, quiet=True)
    files = [path for path in made.run.rglob("*") if path.is_file() and path.suffix not in (".checkpoint", ".png")]
    for path in files:
        path.rename(tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
    report_training(resume(made.run, quiet=True), quiet=True)
    (tmp_path / "behind").write_text("years of work")
    for path in (made.run / "report.html", made.run / "evaluation.json"):
        path.unlink()
        path.symlink_to(tmp_path / "behind")
    report_training(resume(made.run, quiet=True), quiet=True)
    assert (tmp_path / "behind").read_text() == "years of work"
    assert all((tmp_path / path.name).is_file() for path in files)


def test_what_begin_wrote_reopen_reads(tmp_path):
    run, recipe = Run(tmp_path), compose({"augment": 'flip "crop:1"', "epochs": 3})
    run.begin(recipe, {"data": "digits"}, "name,label,part\n")
    facts = {"data": "digits", "recipe": read_toml(run.folder / "recipe.toml"), "tables": {"split.csv": digest(b"name,label,part\n")}}
    assert run.reopen() == (recipe, facts, "name,label,part\n")
    run.write_rows([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    assert run.rows() == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]


def test_a_run_that_never_began_leaves_nothing(tmp_path):
    folder = digit_folder(tmp_path / "scans", per_class=6, classes=2)
    next(folder.rglob("*.png")).write_bytes(b"rubbish")
    with pytest.raises(ClearsightError):
        train(folder, runs=str(tmp_path / "runs"), model="pixels", epochs=1, quiet=True)
    assert not (tmp_path / "runs").exists()


def test_a_budget_cuts_the_epochs_and_the_recipe_says_so(tmp_path):
    trained = train(digit_arrays(20), out=str(tmp_path / "run"), model="lenet5", epochs=500, minutes=0.002, speed="plain", quiet=True)
    assert 1 <= trained.epochs < 500
    assert trained.epochs == Run(trained.run).reopen()[0].epochs


def test_a_budget_is_spent_on_training_and_a_third_as_much_on_each_validation_picture(monkeypatch):
    """19 of 20 parts of 2 minutes at 100 pictures a second are 11,400: 10 epochs of 1,000 and a third of 300."""
    monkeypatch.setattr(acceleration, "rate", lambda *_: 100.0)
    group = SimpleNamespace(is_main=True, world=1, broadcast=lambda value: value)
    context = SimpleNamespace(
        recipe=compose({"minutes": 2.0, "epochs": 500, "channels": 1, "size": 8}), group=group, train=range(1000), val=range(300),
        class_weights=[1], device=None, speed=None, state=SimpleNamespace(model=None), log=lambda line: None,
    )  # fmt: skip
    found = [within_budget(context, SimpleNamespace(cost=cost)).epochs for cost in (1, 2, 100)]
    assert found == [10, 5, 1]
    context.recipe = compose({"minutes": 2.0, "epochs": 500, "keep": "last"})
    context.val = range(3000)  # as many as there are to train on at most
    assert within_budget(context, SimpleNamespace(cost=1)).epochs == 8


def test_patience_stops_early_and_the_log_has_a_row_per_epoch(tmp_path):
    settings = {"model": "pixels", "epochs": 200, "patience": 2, "lr": 0.05, "schedule": "constant", "warmup": 0.0}
    trained = train(digit_arrays(60), out=str(tmp_path / "run"), quiet=True, **settings)
    assert trained.epochs < 200
    with (trained.run / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(1, trained.epochs + 1))
    best = max(float(row["val_accuracy"]) for row in rows)
    assert trained.validation["top1"]["value"] == pytest.approx(best)
    kept = trained.classifier.facts["best_epoch"]
    assert float(rows[kept - 1]["val_accuracy"]) == pytest.approx(best)
    pictures = trained.epochs * len(trained.parts.parts["train"])
    assert trained.pictures_per_second * trained.seconds == pytest.approx(pictures, rel=0.2)  # seconds have three digits


def test_the_log_has_the_learning_rate_of_the_last_step_of_each_epoch(tmp_path):
    settings = {"model": "pixels", "epochs": 3, "batch": 40, "lr": 0.05, "schedule": "triangle", "warmup": 0.0, "speed": "plain"}
    trained = train(digit_arrays(20), out=str(tmp_path / "run"), quiet=True, **settings)
    assert len(trained.parts.parts["train"]) == 144  # 4 steps
    with (trained.run / "results.csv").open(newline="") as file:
        found = [float(row["lr"]) for row in csv.DictReader(file)]
    assert found == pytest.approx([0.05 * (1 - (epoch + 3 / 4) / 3) for epoch in range(3)], rel=1e-4)


def test_a_taken_folder_is_refused_before_anything_is_read(tmp_path):
    assert free_folder("new", str(tmp_path)) == tmp_path / "new"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="exists already"):
        free_folder(str(tmp_path / "file"), "")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "picture.png").write_text("")
    with pytest.raises(UsageError):
        free_folder("full", str(tmp_path))


@pytest.mark.parametrize(
    ("data", "model", "name"),
    [
        ("photos", "@mynets:TinyNet", "photos-TinyNet"),
        ("/a/photos.csv", "@my.nets:Zoo.Net", "photos-Zoo.Net"),
        ("digits", "3-@mynets:TinyNet", "digits-3-TinyNet"),
        ("digits", "resnet18", "digits-resnet18"),
    ],
)
def test_the_folder_is_called_by_data_and_network(data, model, name):
    assert run_name(data, model) == name


def test_a_run_is_its_folder_and_not_its_writer(tmp_path):
    with open_run(str(tmp_path / "run"), "") as run:
        assert run.lock and run.made and run == Run(run.folder) and repr(run) == repr(Run(run.folder))
