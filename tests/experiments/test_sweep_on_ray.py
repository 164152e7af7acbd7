"""A sweep whose trials Ray trains at the same time finds what one in turn does."""

import sys

import pytest

from clearsight.base.errors import MissingExtra
from clearsight.experiments.sweep import search

SETTINGS = {"model": "pixels", "epochs": 3, "speed": "plain", "quiet": True}


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.tune", None)
    with pytest.raises(MissingExtra, match="pip install"):
        search("digits", {"lr": [1e-3]}, on="ray", out=str(tmp_path / "s"), **SETTINGS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ray_trains_the_same_trials(tmp_path, ray):
    found = search("digits", {"lr": [1e-5, 3e-2, 1e-3]}, on="ray", out=str(tmp_path / "s"), **SETTINGS)
    assert found.trials[0].settings == {"lr": 3e-2} and found.trials[0].finished and found.test["value"] > 0.7
    assert all(trial.epochs >= 1 and not trial.failed for trial in found.trials)
