"""A search by successive halving: what continues, that a paused run is resumed, that test pictures choose nothing."""

import json

import pytest

from clearsight import load
from clearsight.base.errors import UsageError
from clearsight.base.remote import store
from clearsight.experiments import sweep as module
from clearsight.experiments import trial
from clearsight.experiments.sweep import allowed_names, combinations, search
from clearsight.runs.run import Run
from clearsight.training.api import train
from tests.pictures import digit_folder

SETTINGS = {"model": "pixels", "epochs": 3, "batch": 32, "speed": "plain", "quiet": True}
OVER = {"lr": ["1e-5", "3e-2"], "label-smoothing": [0.0, 0.1]}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return str(digit_folder(tmp_path_factory.mktemp("data") / "digits", per_class=40, classes=3, side=8))


@pytest.fixture(scope="module")
def swept(data, tmp_path_factory):
    said = []
    folder = tmp_path_factory.mktemp("sweep") / "found"
    return search(data, OVER, out=str(folder), say=said.append, **SETTINGS), said, folder


def test_a_third_continues_and_the_best_is_judged_on_the_test_part(swept):
    found, said, folder = swept
    assert [one.epochs for one in found.trials] == [3, 1, 1, 1] and [one.finished for one in found.trials] == [True, *[False] * 3]
    assert found.trials[0].settings["lr"] == 0.03 and found.chosen == found.trials[0].name
    assert len(said) == 5 and said[-1].startswith("rung 2/2  1/1  lr=0.03")
    assert found.tested > 0 and found.test["low"] < found.test["value"] <= found.test["high"]
    assert found.to_json()["trials"][0]["accuracy"]["low"] is not None
    assert {path.name for path in folder.iterdir()} == {"sweep.json", *(one.name for one in found.trials)}
    assert [row["epochs"] for row in found.rows()] == ["3/3", "1/3", "1/3", "1/3"]


def test_what_was_paused_has_the_weights_of_an_unbroken_training(swept, data, tmp_path):
    found = swept[0].trials[0]
    train(data, out=str(tmp_path / "whole"), **SETTINGS, **found.settings)
    assert (tmp_path / "whole" / "model.safetensors").read_bytes() == (
        Run(module.Path(found.run)).folder / "model.safetensors"
    ).read_bytes()


def test_the_same_call_continues_and_computes_nothing_again(swept, data, monkeypatch):
    found, _, folder = swept
    for where, name in ((trial, "train"), (trial, "resume"), (module, "evaluate")):
        monkeypatch.setattr(where, name, lambda *_, **__: pytest.fail("it was there"))
    assert search(data, OVER, out=str(folder), **SETTINGS) == found
    with pytest.raises(UsageError, match="Name another folder with --out"):
        search(data, {"lr": ["1e-5"]}, out=str(folder), **SETTINGS)


def test_a_sweep_in_a_store_is_continued_on_another_machine(s3, data, tmp_path, monkeypatch):
    address, over, given = f"{s3.folder}/sweep", {"lr": [1e-3, 3e-2]}, {**SETTINGS, "epochs": 1}
    with monkeypatch.context() as patch:
        patch.setattr(module, "_judged", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(module.Interrupted):
            search(data, over, out=address, **given)
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "another-machine"))
    with monkeypatch.context() as patch:
        for name in ("train", "resume"):
            patch.setattr(trial, name, lambda *_, **__: pytest.fail("it was there"))
        found = search(data, over, out=address, **given)
    assert found.tested and sorted(one.run for one in found.trials) == [f"{address}/001-lr=0.001", f"{address}/002-lr=0.03"]
    stored = json.loads(store.read_all(f"{address}/sweep.json"))
    assert stored["folder"] == address and stored["test"] == found.test and stored["trials"] == found.to_json()["trials"]
    assert load(found.trials[0].run).facts["epochs"] == 1
    assert not any(".lock" in file.name for file in store.listing(f"{address}/"))
    with pytest.raises(UsageError, match=r"has a sweep of .* Name another folder"):
        search(data, {"lr": [1e-3]}, out=address, **given)
    with pytest.raises(UsageError, match=r"none is sweep\.json"):
        search(data, over, out=found.trials[0].run, **given)


def test_a_trial_that_fails_is_a_row(data, tmp_path):
    with pytest.raises(module.ClearsightError, match="no trial could be trained"):
        search(data, {"lr": [1e30]}, out=str(tmp_path / "s"), **{**SETTINGS, "model": "lenet5", "epochs": 1})


def test_ctrl_c_between_two_trainings_leaves_a_sweep_that_continues(data, tmp_path, monkeypatch):
    def pressed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_halved", pressed)
        with pytest.raises(module.Interrupted, match=r"stopped by SIGINT; .* Resume with: the same command") as stopped:
            search(data, {"lr": [1e-3]}, out=str(tmp_path / "s"), **{**SETTINGS, "epochs": 1})
    assert stopped.value.exit_code == 130
    assert search(data, {"lr": [1e-3]}, out=str(tmp_path / "s"), **{**SETTINGS, "epochs": 1}).tested


def test_combinations_are_typed_and_refused():
    assert combinations({"lr": ["1e-3"], "clip": ["0", "1"], "resize-head": ["false"]}, {}) == [
        {"lr": 1e-3, "clip": clip, "resize_head": False} for clip in (0.0, 1.0)
    ]
    many = {"lr": [f"{i}e-4" for i in range(1, 10)]}
    some = combinations(many, {"seed": 1}, 4)
    assert len(some) == 4 and some == combinations(many, {"seed": 1}, 4) != combinations(many, {"seed": 2}, 4)
    for over, settings, says in [
        ({}, {}, "needs settings to search over"),
        ({"lrr": ["1"]}, {}, "no setting to search over is called 'lrr'. Did you mean lr"),
        ({"xyzzy": ["1"]}, {}, "no setting to search over is called 'xyzzy'. A sweep can be over: recipe, model, "),
        ({"lrr": ["1"]}, {}, "weight-decay"),
        ({"val": ["0.1"]}, {}, "--over cannot take val. It is the same for all trials: give --val. A sweep can be over: "),
        ({"checkpoint-minutes": ["1"]}, {}, "--over cannot take checkpoint-minutes. It is the same for all trials"),
        ({"lr": ["fast"]}, {}, "--over lr takes numbers, separated by commas. Got 'fast'"),
        ({"resize_head": ["x"]}, {}, "true or false"),
        ({"lr": []}, {}, "needs values"),
        ({"lr": ["1"]}, {"lr": 1.0}, "searched over and given for all"),
        ({"optimizer": ["sdg"]}, {}, "sgd"),
    ]:
        with pytest.raises(UsageError) as error:
            combinations(over, settings)
        assert says in str(error.value)
    assert {"lr", "model", "augment", "seed"} <= set(allowed_names()) and not {"val", "split_seed", "epochs"} & set(allowed_names())


def test_data_and_place_are_checked():
    with pytest.raises(UsageError, match="no place to run trials"):
        search("digits", OVER, on="spark")
    with pytest.raises(UsageError, match="can be opened again"):
        search((1, 2), OVER)
