"""Services that follow a training: Weights & Biases and MLflow, each imported only where a recipe names it, and offline unless told else.

The run folder's own files do not depend on them: a service that fails is reported once and left out.
"""

import os
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from ...base.errors import UsageError
from ...base.files import read_json, write_json
from ...recipes.recipe import Settings

Numbers = Mapping[str, float]
PROJECT = "clearsight"
KNOWN = "loggers.json"  # in the run folder: by which name each service knows the run


class Logger(Protocol):
    """What follows a training."""

    def begin(self, folder: Path, settings: Settings, known: str) -> str:
        """Begin to follow the run in `folder`, or continue the one `known` before a resume; returns the name to continue it by."""

    def row(self, row: Numbers) -> None:
        """The numbers of an epoch, as in `results.csv`."""

    def end(self, result: Numbers) -> None:
        """The result of a finished training; an empty one for a training that was stopped."""


class WandB:
    """Weights & Biases: files in the run folder, which `wandb sync` uploads, or at once with WANDB_MODE=online."""

    run: Any

    def begin(self, folder: Path, settings: Settings, known: str) -> str:
        """As `Logger`."""
        import wandb

        self.run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            mode=os.environ.get("WANDB_MODE", "offline"),
            name=folder.name,
            dir=str(folder),
            id=known or None,
            resume="allow" if known else None,
            config=settings,
            settings={"silent": True},
        )
        return str(self.run.id)

    def row(self, row: Numbers) -> None:
        """As `Logger`."""
        self.run.log(dict(row), step=int(row["epoch"]))

    def end(self, result: Numbers) -> None:
        """As `Logger`."""
        self.run.summary.update(dict(result))
        self.run.finish(exit_code=0 if result else 1)


class MLflow:
    """MLflow: the database `mlflow.db` next to the run folder, or the server that MLFLOW_TRACKING_URI names."""

    client: Any
    name: str

    def begin(self, folder: Path, settings: Settings, known: str) -> str:
        """As `Logger`."""
        from mlflow import MlflowClient

        uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder.resolve().parent / 'mlflow.db'}"
        self.client = MlflowClient(tracking_uri=uri)
        if known:
            self.name = known
            self.client.update_run(known, status="RUNNING")
            return known
        found = self.client.get_experiment_by_name(PROJECT)
        experiment = found.experiment_id if found else self.client.create_experiment(PROJECT)
        self.name = self.client.create_run(experiment, run_name=folder.name).info.run_id
        for name, value in settings.items():
            self.client.log_param(self.name, name, value)
        return self.name

    def row(self, row: Numbers) -> None:
        """As `Logger`."""
        self._numbers({name: value for name, value in row.items() if name != "epoch"}, int(row["epoch"]))

    def end(self, result: Numbers) -> None:
        """As `Logger`."""
        self._numbers(result, 0)
        self.client.set_terminated(self.name, status="FINISHED" if result else "KILLED")

    def _numbers(self, values: Numbers, step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self.client.log_batch(self.name, metrics=[Metric(name, value, now, step) for name, value in values.items()])


SERVICES: dict[str, Callable[[], Logger]] = {"wandb": WandB, "mlflow": MLflow}


class Loggers:
    """The services that a recipe names, `wandb mlflow`; one that raises is left out from then on, which `log` reports.

    Raises UsageError for a service whose package is not installed.
    """

    def __init__(self, words: str = "", log: Callable[[str], None] = lambda line: None) -> None:
        require_installed(words)
        self.log = log
        self.services = {word: SERVICES[word]() for word in words.split()}

    def begin(self, folder: Path, settings: Settings) -> None:
        """Begin to follow the run in `folder`, or continue after a resume."""
        path = folder / KNOWN
        names: dict[str, str] = {}

        def begin(word: str, service: Logger) -> None:
            names[word] = service.begin(folder, settings, known.get(word, ""))

        known = read_json(path) if self.services and path.is_file() else {}
        self._each(begin)
        if names and names != known:
            write_json(path, names)

    def row(self, row: Numbers) -> None:
        """The numbers of an epoch."""
        self._each(lambda _, service: service.row(row))

    def end(self, result: Numbers) -> None:
        """The result; an empty one for a training that was stopped."""
        self._each(lambda _, service: service.end(result))
        self.services = {}

    def _each(self, tell: Callable[[str, Logger], None]) -> None:
        for word, service in list(self.services.items()):
            try:
                tell(word, service)
            except Exception as error:  # of any kind: it must not end a training
                first = next(iter(str(error).splitlines()), "")
                self.log(f"{word} does not follow from here, the training goes on: {type(error).__name__} {first:.160}".rstrip())
                del self.services[word]


def require_installed(words: str) -> None:
    """Raise UsageError for a service whose package is not installed."""
    for word in words.split():
        if find_spec(word) is None:
            raise UsageError(f"--loggers {word} needs its package: pip install 'clearsight[{word}]'. Or leave it out.")
