"""A head on trained weights whose readout cross-validation chooses: the road of a training, its report, its resume."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

from clearsight.base.errors import UsageError
from clearsight.classifier import load
from clearsight.classifier.artefact import verify
from clearsight.cli import main as cli
from clearsight.heads.choice import Choice
from clearsight.recipes.compose import compose
from clearsight.recipes.compose import saved as run_recipe
from clearsight.runs.held_out import FILE, read
from clearsight.training.api import resume, train
from clearsight.training.transfer import readouts

WAY = {"tune": "head", "keep": "last", "val": 0.0, "quiet": True}


@pytest.fixture(scope="module")
def data():
    pictures, labels = load_digits(return_X_y=True)
    return np.round(pictures.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8).repeat(4, 1).repeat(4, 2)[:300], labels[:300]


@pytest.fixture(scope="module")
def start(data, tmp_path_factory):
    """A network that has seen some digits of the first five classes."""
    pictures, labels = data
    few = labels < 5
    folder = tmp_path_factory.mktemp("start") / "run"
    train((pictures[few], labels[few]), out=str(folder), model="lenet5", epochs=2, batch=32, speed="plain", quiet=True)
    return str(folder)


def new(data):
    pictures, labels = data
    return pictures[labels >= 5], labels[labels >= 5] - 5


@pytest.fixture(scope="module")
def run(data, start, tmp_path_factory):
    return train(new(data), out=str(tmp_path_factory.mktemp("run") / "run"), from_=start, readout="auto", **WAY)


def test_the_artefact_answers_as_its_head_was_solved(run, data):
    classifier = load(run.run)
    assert classifier.architecture in ("lenet5+plain", "lenet5+unit", "lenet5+stages") and verify(run.run).ok
    network, images = classifier.model, torch.from_numpy(new(data)[0][:20])[:, None]
    with torch.no_grad():
        inputs = classifier.preprocessing.normalise(images)
        torch.testing.assert_close(network(inputs), F.linear(network.features(inputs), network.head.weight, network.head.bias))
    assert "val" not in run.parts.parts and classifier.temperature == 1


def test_the_estimate_is_of_pictures_held_out_and_says_so(run):
    held_out = read(run.run)
    assert held_out is not None and run.validation["by"] == "cross-validation"
    assert load(run.run).facts["cross_validation"] == load(run.run).facts["validation"]
    assert run.validation["n"] == len(held_out.labels) == len(run.parts.parts["train"])
    right = float((held_out.logits.argmax(1) == held_out.labels).float().mean())
    assert run.validation["top1"]["value"] == pytest.approx(right) and run.validation["top1"]["low"] < right
    assert right < 1 or load(run.run).facts["validation"]["top1"]["high"] == 1  # training accuracy is 100 %
    np.testing.assert_array_equal(held_out.labels.numpy(), run.parts.parts["train"].labels[held_out.places.numpy()])


def test_a_resumed_run_ends_the_same_and_keeps_its_estimate(run, data, start, tmp_path):
    folder = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clearsight.training.api.run_to_end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(new(data), out=str(folder), from_=start, readout="auto", **WAY)
    assert (folder / FILE).is_file() and not (folder / "model.safetensors").is_file()
    again = resume(folder, data=new(data), quiet=True)
    assert (folder / "model.safetensors").read_bytes() == (run.run / "model.safetensors").read_bytes()
    assert again.validation == run.validation


@pytest.mark.parametrize("readout", ["plain", "unit", "stages"])
def test_a_readout_may_be_named(readout, data, start, tmp_path):
    run = train(new(data), out=str(tmp_path / "run"), from_=start, readout=readout, **WAY)
    assert run.classifier.architecture == f"lenet5+{readout}"
    assert np.isfinite(run.validation["top1"]["value"])


def test_a_run_with_a_readout_is_a_start_as_well(run, data, tmp_path):
    again = train(new(data), out=str(tmp_path / "run"), from_=str(run.run), readout="unit", **WAY)
    assert again.classifier.architecture == "lenet5+unit"
    before, after = load(run.run).model.net.state_dict(), again.classifier.model.net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_one_label_of_each_class_trains_and_promises_nothing(data, start, tmp_path):
    run = train(new(data), out=str(tmp_path / "run"), from_=start, readout="auto", labels="1", **WAY)
    assert run.validation is None and "validation" not in load(run.run).facts and not (run.run / FILE).exists()
    assert verify(run.run).ok


def test_pictures_without_a_label_have_a_part_in_the_head(data, start, tmp_path, capsys):
    way = WAY | {"from_": start, "readout": "unit", "labels": "1", "unlabelled": "means", "quiet": False}
    run = train(new(data), out=str(tmp_path / "run"), **way)
    others = len(run.parts.parts["unlabelled"])
    assert f"{others} pictures without a label got the class of the nearest mean" in capsys.readouterr().err
    assert run.validation is None and run.classifier.facts["training_pictures"] == 5 + others and verify(run.run).ok
    assert run_recipe(run.run / "recipe.toml").unlabelled == "means"


@pytest.mark.parametrize("worse", [False, True])
def test_a_run_with_class_means_is_resumed_to_the_same(worse, data, start, tmp_path, monkeypatch):
    if worse:  # all held-out pictures are said to be of one class
        monkeypatch.setattr(readouts, "out_of_fold", lambda *_: torch.full((15, 5), 0.0).index_fill(1, torch.tensor([0]), 9.0))
    way = WAY | {"from_": start, "readout": "unit", "labels": "3", "unlabelled": "means"}
    whole = train(new(data), out=str(tmp_path / "whole"), **way)
    with monkeypatch.context() as patch:
        patch.setattr("clearsight.training.api.run_to_end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(new(data), out=str(tmp_path / "cut"), **way)
    again = resume(tmp_path / "cut", data=new(data), quiet=True)
    assert again.validation == whole.validation and whole.validation["n"] == 15
    assert (tmp_path / "cut" / "model.safetensors").read_bytes() == (whole.run / "model.safetensors").read_bytes()


def test_the_choice_weighs_classes_as_training_does(data, start, tmp_path, monkeypatch):
    pictures, labels = new(data)
    kept = (labels > 0) | (np.arange(len(labels)) % 4 == 0)  # a rare class
    weighed = []
    choose = readouts.choose
    monkeypatch.setattr(readouts, "choose", lambda *given, **named: weighed.append(named["counts"]) or choose(*given, **named))
    run = train((pictures[kept], labels[kept]), out=str(tmp_path / "run"), from_=start, readout="unit", class_weights="balanced", **WAY)
    known = run.parts.parts["train"].labels
    np.testing.assert_allclose(weighed[0].numpy(), len(known) / (5 * np.bincount(known))[known], rtol=1e-6)


def test_the_report_shows_the_held_out_answers(data, start, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pictures, labels = new(data)
    np.savez("new.npz", x=pictures, y=labels)
    words = ["train", "new.npz", "--from", start, "--tune", "head", "--readout", "auto", "--keep", "last", "--val", "0", "--out", "r"]
    monkeypatch.setattr("sys.argv", ["clearsight", *words])
    with pytest.raises(SystemExit) as ended:
        cli()
    assert not ended.value.code
    out, log = capsys.readouterr()
    assert "cross-validated accuracy" in out and "chosen by cross-validation of" in log
    stored = json.loads((tmp_path / "runs" / "r" / "evaluation.json").read_text())
    assert stored["part"] == "cross-validation" and stored["n"] == len(read(tmp_path / "runs" / "r").labels)
    page = (tmp_path / "runs" / "r" / "report.html").read_text()
    assert (
        "Report on cross-validation" in page
        and "each judged by a head that had not learnt from it" in page
        and "with reading them" not in page
    )


@pytest.mark.parametrize("given", [{"model": "pixels"}, {"tune": "head"}, {"tune": "head", "readout": "auto", "keep": "best"}])
def test_only_a_cross_validated_head_goes_without_validation_pictures(given, data, start, tmp_path):
    begun = {} if "model" in given else {"from_": start}
    with pytest.raises(UsageError, match="without validation pictures only a head can be judged"):
        train(new(data), out=str(tmp_path / "run"), val=0.0, quiet=True, **begun, **given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from_": "x", "tune": "all", "readout": "unit"}, "only that reads --readout 'unit'"),
        ({"from_": "x", "tune": "head", "readout": "unit", "head": "svm"}, "leave out --head 'svm'"),
        ({"readout": "unit"}, "--from which trained weights are meant by --readout 'unit'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given, said):
    with pytest.raises(UsageError, match=said):
        compose(given)


def test_a_choice_from_a_sample_keeps_the_vectors_of_all(data, start, tmp_path, monkeypatch):
    monkeypatch.setattr(readouts, "SAMPLE", 60)
    found = train(new(data), out=str(tmp_path / "run"), from_=start, readout="auto", **WAY)
    assert len(read(found.run).labels) == 60


@pytest.mark.parametrize(("sure", "used"), [(4.0, True), (2.0, True), (1.9, False), (None, True)])
def test_class_means_are_used_unless_the_loss_held_out_is_higher(sure, used, monkeypatch):
    known, said = torch.arange(6) % 2, []
    found = Choice("unit", 1e-3, torch.empty(0, 2) if sure is None else 2.0 * torch.eye(2)[known])
    monkeypatch.setattr(readouts, "out_of_fold", lambda *_: sure * torch.eye(2)[known])
    train, table = SimpleNamespace(labels=torch.cat([known, torch.tensor([-1, -1])])), torch.randn(8, 3)
    loaded = SimpleNamespace(train=train, splits=SimpleNamespace(classes=("a", "b")))
    made = readouts._by_means(found, "unit", table, SimpleNamespace(seed=0), loaded, torch.arange(6), said.append)
    assert (made is not None) is used and said[0].endswith("they are not used") is not used
    assert len(said) == 1 and said[0].startswith("2 pictures without a label got the class of the nearest mean")
    assert ("log loss of labels held out" in said[0]) is (sure is not None)
    assert made is None or (made.name == "unit" and len(made.logits) == len(found.logits))
