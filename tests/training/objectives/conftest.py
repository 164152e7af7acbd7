"""A teacher and a short training, made once for all objectives."""

import pytest

from clearsight.classifier import save
from clearsight.training.api import train
from tests.training.objectives.made import DATA, SETTINGS


@pytest.fixture(scope="session")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    trained = train(DATA, out=str(folder / "run"), model="pixels", recipe="solved", size=28, quiet=True).classifier
    trained.temperature = 2.0
    save(trained, folder / "warm", [])
    return folder / "warm"


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    return train(DATA, out=str(tmp_path_factory.mktemp("begun") / "run"), **{**SETTINGS, "seed": 5, "epochs": 1}).run
