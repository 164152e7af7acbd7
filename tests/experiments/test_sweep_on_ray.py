"""A sweep whose trials Ray trains at the same time finds what one in turn does."""

import sys
from types import SimpleNamespace

import pytest

from clearsight.base.errors import MissingExtra
from clearsight.base.remote import store
from clearsight.classifier import load
from clearsight.experiments import sweep_on_ray
from clearsight.experiments.sweep import search

SETTINGS = {"model": "pixels", "epochs": 3, "speed": "plain", "quiet": True}


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.tune", None)
    with pytest.raises(MissingExtra, match="pip install"):
        search("digits", {"lr": [1e-3]}, on="ray", out=str(tmp_path / "s"), **SETTINGS)


def test_trials_in_a_store_are_collected_from_there(s3, tmp_path, monkeypatch):
    """Tune as a loop over the trials, each with the cache of another machine: the store is all that they have in common."""

    class Tuner:
        def __init__(self, train, *, param_space, run_config, **more) -> None:
            self.train, self.trials, self.kept = train, param_space["trial"], run_config.storage_path

        def fit(self):
            for k in self.trials:
                with monkeypatch.context() as patch:
                    patch.setenv("CLEARSIGHT_CACHE", str(tmp_path / f"machine-{k}"))
                    self.train({"trial": k})
            assert "://" not in self.kept
            return [SimpleNamespace(config={"trial": k}, error=None, metrics={"failed": ""}) for k in self.trials]

    tune = SimpleNamespace(Tuner=Tuner, grid_search=list, report=lambda row: None, RunConfig=SimpleNamespace, TuneConfig=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "ray.tune", tune)
    monkeypatch.setitem(sys.modules, "ray.tune.schedulers", SimpleNamespace(AsyncHyperBandScheduler=lambda *words, **more: None))
    monkeypatch.setattr(sweep_on_ray, "join_ray", lambda extra: None)
    out = f"{s3.folder}/sweep"
    found = search("digits", {"lr": [1e-5, 3e-2]}, on="ray", out=out, **{**SETTINGS, "epochs": 1})
    assert found.chosen == "002-lr=0.03" and [trial.run for trial in found.trials] == [f"{out}/002-lr=0.03", f"{out}/001-lr=1e-05"]
    assert found.test["value"] > 0.5 and all(trial.finished for trial in found.trials)
    left = [file.address for file in store.listing(f"{out}/")]
    assert f"{out}/sweep.json" in left and not any(".lock" in name or "/ray/" in name for name in left)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", ["folder", "store"])
def test_ray_trains_the_same_trials(place, tmp_path, s3, ray):
    out = str(tmp_path / "s") if place == "folder" else f"{s3.folder}/sweep"
    found = search("digits", {"lr": [1e-5, 3e-2, 1e-3]}, on="ray", out=out, **SETTINGS)
    assert found.trials[0].settings == {"lr": 3e-2} and found.trials[0].finished and found.test["value"] > 0.7
    assert all(trial.epochs >= 1 and not trial.failed and trial.run.startswith(f"{out}/") for trial in found.trials)
    assert load(found.trials[0].run).facts["epochs"] == 3
    if place == "store":
        left = [file.address for file in store.listing(f"{out}/")]
        assert f"{out}/sweep.json" in left and not any(".lock" in name or "/ray/" in name for name in left)
