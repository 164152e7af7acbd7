"""What people write into a run folder or an environment by hand, and what a newer Clearsight writes: one clear line."""

import dataclasses
import json

import pytest
from torch import nn

from clearsight.base.errors import ClearsightError, CorruptFile, UsageError
from clearsight.recipes.compose import compose
from clearsight.recipes.recipe import LAST_SEED
from clearsight.runs.run import Run
from clearsight.training.api import resume, train
from clearsight.training.optim.optimizer import SGD
from clearsight.training.storage import checkpoint
from tests.pictures import digit_folder


@pytest.fixture
def run(tmp_path):
    folder = digit_folder(tmp_path / "digits", per_class=20, classes=2)
    return Run(train(folder, out=str(tmp_path / "run"), model="pixels", epochs=2, quiet=True).run)


def edit(run, old, new):
    path = run.folder / "recipe.toml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("epochs = 2", "epochs = 3"), ('"adamw"', '"sgd"'), ('model = "pixels"', 'model = "lenet5"')])
def test_an_edited_recipe_is_refused_by_name(run, old, new):
    before = {path: path.read_bytes() for path in run.checkpoints.iterdir()}
    edit(run, old, new)
    with pytest.raises(UsageError, match=r"recipe.toml was edited \((epochs|optimizer|model) is .*, was .*\), and settings cannot be"):
        resume(run.folder, quiet=True)
    edit(run, new, old)
    edit(run, "# The recipe of this run", "# my notes")  # a comment settles nothing
    assert resume(run.folder, quiet=True).epochs == 2
    assert {path: path.read_bytes() for path in run.checkpoints.iterdir()} == before


def test_a_run_of_before_is_resumed_and_another_network_is_one_line(run):
    facts = json.loads((run.folder / "run.json").read_text())
    del facts["recipe"]
    (run.folder / "run.json").write_text(json.dumps(facts))
    assert resume(run.folder, quiet=True).epochs == 2
    edit(run, 'model = "pixels"', 'model = "lenet5"')
    with pytest.raises(ClearsightError, match=r"the state of another network than recipe\.toml describes"):
        resume(run.folder, quiet=True)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("results.csv", "epoch,loss\n1,abc\n", "results.csv is not the rows of a run"),
        ("results.csv", "epoch,loss\n1\n", "results.csv is not the rows of a run"),
        ("results.csv", "epoch,loss\n1,2,3\n", "results.csv is not the rows of a run"),
        ("results.csv", b"epoch,loss\n\xff,2\n", "results.csv is not the rows of a run"),
        ("split.csv", b"name,label,part\n\xff,a,train\n", "split.csv is not the division of a run"),
        ("split.csv", None, "cannot read .*split.csv"),
        ("run.json", "[1]", "run.json is not that of a run"),
        ("run.json", '{"data": 3}', "run.json is not that of a run"),
        ("run.json", '{"data": "x", "recipe": 3}', "run.json is not that of a run"),
    ],
)
def test_a_file_that_was_edited_badly_is_named(tmp_path, name, text, says):
    run = Run(tmp_path)
    run.begin(compose({}), {"data": "digits"}, "name,label,part\n")
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ClearsightError, match=says):
        run.rows() if name == "results.csv" else run.reopen()


def test_a_checkpoint_of_a_newer_clearsight_says_so(run, monkeypatch):
    path = checkpoint.checkpoints(run.checkpoints)[0]

    @dataclasses.dataclass
    class Newer(checkpoint.Counters):
        laps: int = 0

    def written(**changed):
        """The newest checkpoint again, as a Clearsight wrote it that was `changed`."""
        with monkeypatch.context() as patch:
            for name, value in changed.items():
                patch.setattr(checkpoint, name, value)
            model = nn.Linear(2, 2)
            state = checkpoint.State(model, SGD([]), counters=Newer(epoch=2))
            return checkpoint.save(state, run.checkpoints)

    assert written() == path
    with pytest.raises(ClearsightError, match=r"counts laps, which this Clearsight does not know\. If a newer Clearsight wrote it"):
        resume(run.folder, quiet=True)
    written(VERSION="2")
    with pytest.raises(ClearsightError, match=r"has checkpoint version '2'; this Clearsight reads 1\. If a newer Clearsight wrote it"):
        resume(run.folder, quiet=True)


@pytest.mark.parametrize("said", ["{", "[]", '{"epoch": "2"}', '{"rows": 3}', "null"])
def test_counters_of_another_kind_are_a_damaged_checkpoint(tmp_path, said):
    with pytest.raises(CorruptFile, match="is not a checkpoint"):
        checkpoint._counters(tmp_path, {"counters": said})


def test_seeds_of_members_are_checked_before_anything_is_trained(tmp_path):
    assert compose({"ensemble": 2, "seed": LAST_SEED - 1}).ensemble == 2
    with pytest.raises(UsageError, match=f"over {LAST_SEED}"):
        train("digits", out=str(tmp_path / "run"), ensemble=2, seed=LAST_SEED, quiet=True)
    assert not (tmp_path / "run").exists()
