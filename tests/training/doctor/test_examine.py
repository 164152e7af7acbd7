"""The doctor as a whole: a healthy training is all good, planted faults are named, and the training after it is the same, bit for bit."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from clearsight.base.errors import ClearsightError
from clearsight.recipes.compose import built_in
from clearsight.training import api
from clearsight.training.doctor import examine as module
from clearsight.training.doctor.diagnosis import Diagnosis, Finding
from clearsight.training.doctor.examine import before_long, examine, is_long
from clearsight.training.optim import optimizer

from .conftest import SMALL, pictures

CHECKS = [
    "inputs", "memory", "labels", "first loss", "layers", "units", "learning rate", "one batch", "bottleneck", "time", "cache", "disk",
]  # fmt: skip
QUICK = [name for name in CHECKS if name not in ("learning rate", "one batch")]
HEALTHY = {**SMALL, "model": "lenet5", "quiet": True}


def test_a_healthy_training_is_all_good():
    found = api.doctor(pictures(), **HEALTHY, lr=5e-3)
    assert [finding.check for finding in found.findings] == CHECKS
    assert {finding.check: finding.words for finding in found.findings if finding.verdict != "good"} == {}
    assert found.range_test.lr == 5e-3 and found.verdict == "good"


def test_no_trace_is_left(put_together, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    context, objective, splits = put_together(model="resnet18", size=16, batch=16, dropout=0.2)
    values = {name: value.clone() for name, value in context.state.model.state_dict().items()}
    modes = [module.training for module in context.state.model.modules()]
    drawn, numbers = torch.get_rng_state(), np.random.get_state()[1].copy()
    examine(context, objective, splits, tmp_path, seconds=2)
    assert all(torch.equal(value, values[name]) for name, value in context.state.model.state_dict().items())
    assert [module.training for module in context.state.model.modules()] == modes
    assert all(p.grad is None for p in context.state.model.parameters()) and not context.state.optimizer.state
    assert torch.equal(drawn, torch.get_rng_state()) and (np.random.get_state()[1] == numbers).all()
    assert context.state.counters.step == 0 and not list(tmp_path.iterdir())


def test_the_training_after_it_is_the_same(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "LONG", 0.0)
    monkeypatch.setattr(module, "FEW", 1)
    settings = {**HEALTHY, "quiet": False, "augment": "crop:2", "dropout": 0.3, "model": "convnet", "epochs": 1}
    examined = api.train(pictures(60), out=str(tmp_path / "a"), **settings)
    assert "doctor: about" in capsys.readouterr().err
    api.doctor(pictures(60), **{**settings, "quiet": True})
    plain = api.train(pictures(60), out=str(tmp_path / "b"), doctor=False, **settings)
    assert "doctor" not in capsys.readouterr().err
    assert (examined.run / "model.safetensors").read_bytes() == (plain.run / "model.safetensors").read_bytes()


def test_a_quick_training_is_not_examined(put_together, tmp_path, monkeypatch):
    context, objective, _ = put_together()
    monkeypatch.setattr(module, "examine", lambda *_, **__: pytest.fail("examined"))
    before_long(context, objective, tmp_path, print)
    assert not is_long(context, objective)


@pytest.mark.parametrize(("seconds", "minutes", "long"), [(0.01, 0, False), (1.0, 0, True), (1.0, 5, False), (1.0, 20, True)])
def test_what_is_long(put_together, monkeypatch, seconds, minutes, long):
    """About 86 pictures in 20 epochs are 1,700 steps of a picture; ten minutes are 600 s."""
    context, objective, _ = put_together(epochs=20, minutes=0)
    object.__setattr__(context.recipe, "minutes", float(minutes))
    monkeypatch.setattr(module, "picture_seconds", lambda *_: seconds)
    assert is_long(context, objective) is long


def plant(context, fault):
    model = context.state.model
    with torch.no_grad():
        if fault == "nan":
            next(model.parameters()).view(-1)[0] = float("nan")
        elif fault == "unused":
            model.unused = nn.Linear(3, 3)


@pytest.mark.parametrize(
    ("fault", "settings", "check", "verdict"),
    [
        ("nan", {}, "layers", "stop"),
        ("unused", {}, "layers", "look at this"),
        ("lr", {"lr": 1000.0, "optimizer": "sgd"}, "one batch", "stop"),
    ],
)
def test_a_planted_fault_is_named(put_together, tmp_path, fault, settings, check, verdict):
    context, objective, splits = put_together(**settings)
    plant(context, fault)
    found = examine(context, objective, splits, tmp_path, seconds=30)
    assert found[check].verdict == verdict and (found.verdict == "stop") is (verdict == "stop")


@pytest.mark.parametrize(
    ("data", "check", "verdict"),
    [
        ((np.zeros((90, 12, 12), np.uint8), np.arange(90) % 3), "inputs", "stop"),
        ((pictures()[0], np.random.default_rng(1).permutation(pictures()[1])), "labels", "look at this"),
    ],
)
def test_a_fault_of_the_data_is_named(put_together, tmp_path, data, check, verdict):
    context, objective, splits = put_together(data=data)
    assert examine(context, objective, splits, tmp_path, short=True)[check].verdict == verdict


def test_a_training_that_would_fail_does_not_begin(put_together, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LONG", 0.0)
    monkeypatch.setattr(module, "FEW", 1)
    context, objective, _ = put_together()
    plant(context, "nan")
    said: list[str] = []
    with pytest.raises(ClearsightError, match=r"would fail: layers: weights are not finite .* --no-doctor"):
        before_long(context, objective, tmp_path, said.append)
    assert any("stop: layers" in line for line in said)


def test_the_quick_checks(put_together, tmp_path):
    context, objective, splits = put_together()
    found = examine(context, objective, splits, tmp_path, short=True)
    assert [finding.check for finding in found.findings] == QUICK and found.range_test is None


OWN = {
    "fixmatch": {"labels": "10", "strong": "erase:0.25", "model": "lenet5"},
    "neocognitron": {"model": "neocognitron"},
    "lecun1989": {"model": "lecun1989", "size": 16},
    "strong": {"size": 16},
    "solved": {"model": "hog"},
    "swift-95": {"model": "swift-slim"},
}  # fmt: skip


@pytest.mark.parametrize("recipe", [name for name in built_in() if name not in ("simclr", "tune")])
def test_every_recipe_can_be_examined(recipe, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 2.0)
    settings = {"model": "swift-slim" if recipe.startswith("swift") else "lenet5", "augment": "", **OWN.get(recipe, {})}
    found = api.doctor(pictures(90), recipe=recipe, quiet=True, **settings)
    names = [finding.check for finding in found.findings]
    assert names == (["inputs", "layers", "labels", "memory", *CHECKS[-4:]] if recipe == "solved" else CHECKS)
    assert found["layers"].verdict == "good" and found.verdict != "stop", [(one.check, one.words) for one in found.findings]


@pytest.mark.parametrize("settings", [{"perturb": "fgsm:0.1"}, {"mix": "mixup:0.4"}, {"optimizer": "lars"}, {"accumulate": 4}])
def test_every_way_to_learn_can_be_examined(put_together, tmp_path, settings):
    context, objective, splits = put_together(**settings)
    assert examine(context, objective, splits, tmp_path, seconds=2)["layers"].verdict == "good"
    assert isinstance(context.state.optimizer, optimizer.Optimizer)


def test_tuning_trained_weights_can_be_examined(tmp_path):
    run = api.train(pictures(90), out=str(tmp_path / "first"), **{**HEALTHY, "epochs": 1}).run
    for tune in ("all", "gradual", "head"):
        found = api.doctor(pictures(90, seed=1), from_=str(run), tune=tune, resize_head=tune != "head", quiet=True, size=28)
        assert found["layers"].verdict == "good" and found.verdict != "stop"


@pytest.mark.parametrize(
    ("recipe", "n", "world", "seconds", "tried"),
    [
        ({}, 2000, 1, 0.016, 32),  # 2000 pictures, 20 epochs: 640 s
        ({}, 2000, 1, 0.015, 0),  # 600 s
        ({"epochs": 1}, 1000, 1, 0.61, 5),  # no more than a 200th
        ({"epochs": 1}, 399, 1, 10.0, 0),  # of which a look at two pictures takes more
        ({"epochs": 1}, 400, 1, 10.0, 2),
        ({"batch": 8}, 2000, 1, 1.0, 8),
        ({"epochs": 2000}, 10, 1, 1.0, 10),
        ({"minutes": 10.0}, 2000, 1, 1.0, 0),
        ({"minutes": 10.1}, 2000, 1, 1.0, 32),
        ({"optimizer": "lbfgs"}, 2000, 1, 1.0, 0),
        ({}, 2000, 2, 1.0, 0),
    ],
)
def test_the_bounds_of_a_long_training(monkeypatch, recipe, n, world, seconds, tried):
    """Found by a step on so many pictures; 0 where it is not long."""
    sizes = []
    monkeypatch.setattr(module, "picture_seconds", lambda context, objective, size: sizes.append(size) or seconds)
    plain = {"optimizer": "sgd", "epochs": 20, "batch": 64, "minutes": 0.0, **recipe}
    context = SimpleNamespace(recipe=SimpleNamespace(**plain), train=range(n), group=SimpleNamespace(world=world))
    assert is_long(context, SimpleNamespace(repeats=1)) is bool(tried)
    assert not tried or sizes == [tried]


def test_what_runs_out_of_memory_at_once_is_examined(monkeypatch):
    monkeypatch.setattr(module, "picture_seconds", lambda *_: torch.empty(2**60))
    recipe = SimpleNamespace(optimizer="sgd", epochs=20, batch=64, minutes=0.0)
    assert is_long(SimpleNamespace(recipe=recipe, train=range(2000), group=SimpleNamespace(world=1)), SimpleNamespace(repeats=1))


def looked(monkeypatch, *, seconds, a_picture=1.0, largest=4096, batch=64, rate=100.0, n=1000, **recipe):
    """An examination whose checks find nothing wrong and note how many pictures, and seconds, they were given."""
    notes, good = {}, Finding("check", "good", "words", figures={"largest": largest})

    def noting(name, found):
        def note(context, *given):
            notes[name] = given[-1]
            return found

        return note

    told = SimpleNamespace(**{"batch": batch, "optimizer": "sgd", "lr": 0.1, "unlabelled": "", "teacher": "", **recipe})
    parts = {"train": range(900), "unlabelled": range(50), "val": range(100)}
    context = SimpleNamespace(recipe=told, train=range(n), class_weights=range(3))
    monkeypatch.setattr(module.data, "inputs", noting("inputs", good))
    monkeypatch.setattr(module.data, "labels", noting("labels", good))
    monkeypatch.setattr(module.layers, "weights", lambda context: None)
    monkeypatch.setattr(module.layers, "gradients", noting("gradients", None))
    monkeypatch.setattr(module.layers, "judge_gradients", lambda *_: good)
    monkeypatch.setattr(module.layers, "units", noting("units", good))
    monkeypatch.setattr(module.memory, "memory", lambda *_, tries: notes.update(tries=tries) or good)
    monkeypatch.setattr(module.memory, "features_memory", noting("features", good))
    monkeypatch.setattr(module, "picture_seconds", lambda context, objective, size: notes.update(timed=size) or a_picture)
    monkeypatch.setattr(module.pace, "measure", noting("pace", None))
    measured = notes.setdefault("measured", [])
    monkeypatch.setattr(module.pace, "measure_features", lambda context, size: measured.append(size) or SimpleNamespace(network=rate))
    monkeypatch.setattr(module._Examination, "_first_loss", lambda self, size: notes.update(first=size) or good)
    monkeypatch.setattr(module._Examination, "_features", lambda self, size: notes.update(finite=size) or good)
    monkeypatch.setattr(module._Examination, "_costs", lambda self, rates: iter(()))
    return module._Examination(context, None, SimpleNamespace(parts=parts), None, True, seconds), notes


@pytest.mark.parametrize(
    ("given", "sizes", "labels", "timed"),
    [
        ({"a_picture": 0.001}, 64, 512, 8),  # there is time for all: as many as a batch has
        ({"a_picture": 0.001, "batch": 200}, 128, 512, 8),
        ({"a_picture": 0.001, "largest": 16}, 16, 512, 8),
        ({"a_picture": 0.001, "largest": 0}, 2, 512, 2),
        ({"a_picture": 0.09}, 20, 160, 8),  # 3 % of the minute, and three times 8 %
        ({"a_picture": 10.0}, 8, 64, 8),
        ({"a_picture": 10.0, "batch": 4}, 4, 64, 4),
    ],
)
def test_how_many_pictures_a_minute_allows(monkeypatch, given, sizes, labels, timed):
    examined, notes = looked(monkeypatch, seconds=60.0, **given)
    assert len(list(examined.trained())) == 6
    assert [notes[name] for name in ("first", "gradients", "units", "pace")] == [sizes] * 4
    assert (notes["labels"], notes["timed"], notes["inputs"]) == (labels, timed, min(128, given.get("batch", 64)))
    assert notes["tries"] is False  # a short examination


@pytest.mark.parametrize(("rate", "size", "measured"), [(100.0, 512, 32), (10.0, 240, 32), (2.5, 60, 15), (0.1, 20, 5)])
def test_how_many_features_a_minute_allows(monkeypatch, rate, size, measured):
    examined, notes = looked(monkeypatch, seconds=60.0, rate=rate)
    assert len(list(examined.solved())) == 4
    assert (notes["labels"], notes["finite"], notes["measured"]) == (size, min(32, size), [4, measured])
    assert (notes["inputs"], notes["features"]) == (128, 1000)


@pytest.mark.parametrize("what", [{}, {"unlabelled": "fixmatch"}, {"teacher": "runs/a"}])
def test_pictures_without_a_label_count_where_they_are_learnt_from(monkeypatch, what):
    assert looked(monkeypatch, seconds=60.0, **what)[0]._pictures() == (950 if what else 900, 100)


@pytest.mark.parametrize(
    ("a_picture", "fitted", "suggestion", "pictures", "fits"),
    [
        (0.001, True, 0.05, 32, 2),
        (0.01, True, 0.05, 12, 2),  # 60 steps in 12 % of the minute
        (1.0, True, 0.05, 4, 2),
        (0.01, False, 0.05, 12, 3),
        (0.01, False, None, 12, 2),
    ],
)
def test_the_time_of_the_checks_by_steps(monkeypatch, a_picture, fitted, suggestion, pictures, fits):
    examined, _ = looked(monkeypatch, seconds=60.0)
    tested, asked, found = SimpleNamespace(suggestion=suggestion), [], []

    def fit(context, objective, lr, seconds, *, pictures, shuffled=False):
        found.append((lr, seconds, pictures, shuffled))
        return SimpleNamespace(fitted=fitted)

    monkeypatch.setattr(module.dataclasses, "replace", lambda recipe, batch: batch)
    monkeypatch.setattr(module.learning_rate, "affordable", lambda *given: asked.append(given) or (16, 30))
    monkeypatch.setattr(module.learning_rate, "range_test", lambda context, objective, *given: asked.append(given) or tested)
    monkeypatch.setattr(module.learning_rate, "judge_rate", lambda tested: "rate")
    monkeypatch.setattr(module.one_batch, "fit", fit)
    monkeypatch.setattr(module.one_batch, "judge_fit", lambda *given: given)
    rate, (_, _, again, last) = examined._by_steps(a_picture, 48)
    assert asked == [(a_picture, 18.0, 48), (16, 30, 36.0)] and examined.tested is last is tested
    expected = [(0.1, 14.4, pictures, False), (0.1, 7.2, pictures, True), (suggestion, 7.2, pictures, False)][:fits]
    assert found == [pytest.approx(one) for one in expected]
    assert (rate, again is not None) == ("rate", fits == 3)


def test_what_is_not_good_is_logged_before_a_long_training(monkeypatch, tmp_path):
    findings = (
        Finding("time", "good", "about 2 h"),
        Finding("inputs", "look at this", "dark", "--range"),
        Finding("labels", "stop", "wrong"),
    )
    said = []
    monkeypatch.setattr(module, "is_long", lambda *_: True)
    monkeypatch.setattr(module, "examine", lambda *_, short: Diagnosis("set", "net", "quick", findings, 1.0))
    with pytest.raises(ClearsightError, match=r"this training would fail: labels: wrong\. Change the data, "):
        before_long(SimpleNamespace(splits=None), None, tmp_path, said.append)
    assert said == [
        "doctor: about 2 h; 1 of 3 quick checks good",
        "doctor: look at this: inputs: dark (--range)",
        "doctor: stop: labels: wrong",
    ]
