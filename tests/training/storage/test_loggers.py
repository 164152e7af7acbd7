"""Services that follow a training: what stubs of their modules are told, and MLflow's own database; their failures are harmless."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import pytest

from clearsight.base.errors import UsageError
from clearsight.base.files import read_json
from clearsight.recipes.compose import compose
from clearsight.training import loop
from clearsight.training.api import resume, train
from clearsight.training.storage import loggers
from clearsight.training.storage.loggers import Loggers
from tests.pictures import digit_arrays

DATA = digit_arrays(12, 2)
GIVEN = {"model": "pixels", "epochs": 2, "speed": "plain", "quiet": True}


def stub(monkeypatch, name, **content):
    """Put a module of this name and content where an import finds it."""
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, name, module)


class Told:
    """A run of Weights & Biases that notes what it is told."""

    def __init__(self, **given):
        self.given, self.rows, self.summary, self.ended, self.id = given, [], {}, None, given["id"] or "made7"

    def log(self, row, step):
        self.rows.append((step, row))

    def finish(self, exit_code):
        self.ended = exit_code


@pytest.fixture
def wandb(monkeypatch):
    """The runs that a stub of Weights & Biases began."""
    runs = []
    for name in ("WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)

    def init(**given):
        runs.append(Told(**given))
        return runs[-1]

    stub(monkeypatch, "wandb", init=init)
    return runs


def test_weights_and_biases_is_told_settings_rows_and_the_result_and_stays_offline(wandb, tmp_path, monkeypatch):
    made = train(DATA, out=str(tmp_path / "run"), loggers="wandb", **GIVEN)
    (run,) = wandb
    assert (run.given["project"], run.given["mode"], run.given["name"], run.given["dir"]) == (
        "clearsight", "offline", "run", str(tmp_path / "run"),
    )  # fmt: skip
    assert (run.given["config"]["epochs"], run.given["config"]["model"]) == (made.epochs, "pixels")
    rows = [dict(zip(line[0], map(float, line[1]), strict=True)) for line in _table(tmp_path / "run/results.csv")]
    assert [step for step, _ in run.rows] == [1, 2] and [row for _, row in run.rows] == rows
    assert run.summary["top1"] == made.validation["top1"]["value"] and run.summary["parameters"] == made.parameters
    assert run.ended == 0
    monkeypatch.setenv("WANDB_MODE", "online")
    train(DATA, out=str(tmp_path / "online"), loggers="wandb", **GIVEN)
    assert wandb[-1].given["mode"] == "online"


def _table(path):
    head, *lines = [line.split(",") for line in path.read_text().splitlines()]
    return [(head, line) for line in lines]


def test_a_resumed_run_is_continued_by_its_name(wandb, tmp_path, monkeypatch):
    step = loop._step
    with monkeypatch.context() as patch:

        def failed(*words):
            if words[0].state.counters.epoch:
                raise KeyboardInterrupt
            return step(*words)

        patch.setattr(loop, "_step", failed)
        with pytest.raises(KeyboardInterrupt):
            train(DATA, out=str(tmp_path / "run"), loggers="wandb", **GIVEN)
    assert wandb[0].ended == 1 and read_json(tmp_path / "run/loggers.json") == {"wandb": "made7"}
    resume(tmp_path / "run", data=DATA, quiet=True)
    first, second = wandb
    assert (first.given["id"], second.given["id"], second.given["resume"]) == (None, "made7", "allow")
    assert [step for step, _ in second.rows] == [2] and second.ended == 0


@pytest.mark.parametrize("where", ["begin", "row", "end"])
def test_a_service_that_fails_is_reported_once_and_the_training_goes_on(where, tmp_path, monkeypatch, capsys):
    calls = []

    def fail(self, *words):
        calls.append(words)
        raise OSError("no route\nto host")

    kept = SimpleNamespace(rows=[])
    works = {"begin": lambda *_: "x", "row": lambda *_: None, "end": lambda *_: None}
    monkeypatch.setattr(loggers, "find_spec", lambda name: True)
    monkeypatch.setitem(loggers.SERVICES, "wandb", type("Broken", (), {**works, where: fail}))
    monkeypatch.setitem(loggers.SERVICES, "mlflow", type("Whole", (), {**works, "row": lambda self, row: kept.rows.append(row)}))
    made = train(DATA, out=str(tmp_path / "run"), loggers="wandb mlflow", **{**GIVEN, "quiet": False})
    assert made.epochs == len(kept.rows) and len(calls) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if "wandb" in line]
    assert said == ["wandb does not follow from here, the training goes on: OSError no route"]


def test_a_package_that_is_not_there_is_one_line_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"^--loggers mlflow needs its package: pip install 'clearsight\[mlflow\]'"):
        train("nowhere", loggers="mlflow")
    with pytest.raises(UsageError, match=r"no logger is called 'wandbb'\. Did you mean wandb"):
        compose({"loggers": "wandbb"})


def test_nothing_is_imported_and_written_unless_asked(tmp_path):
    before = set(sys.modules)
    Loggers().begin(tmp_path, {})
    assert not {"wandb", "mlflow"} & (set(sys.modules) - before) and not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore")  # of its dependencies
def test_mlflows_own_database_has_the_run(tmp_path, monkeypatch):
    if importlib.util.find_spec("mlflow") is None:
        pytest.skip("MLflow is not installed")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    made = train(DATA, out=str(tmp_path / "run"), loggers="mlflow", **GIVEN)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("clearsight").experiment_id
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FINISHED" and run.info.run_name == "run"
    assert run.data.params["model"] == "pixels" and run.data.params["epochs"] == str(made.epochs)
    assert run.data.metrics["top1"] == made.validation["top1"]["value"]
    history = client.get_metric_history(run.info.run_id, "val_loss")
    expected = [float(line[head.index("val_loss")]) for head, line in _table(tmp_path / "run/results.csv")]
    assert [(one.step, one.value) for one in history] == list(enumerate(expected, 1))
