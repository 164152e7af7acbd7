"""Features without labels: what a step minimises, that no label is looked at, resuming, pictures without classes, the road to `train`."""

import json
import signal
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import clearsight
from clearsight.base.errors import InUse, UsageError
from clearsight.base.lock import hold
from clearsight.base.settings import read_toml
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.heads import lbfgs
from clearsight.training import loop
from clearsight.training import pretrain as module
from clearsight.training.api import train
from clearsight.training.interrupt import Interrupted
from clearsight.training.objectives.simclr import augmentation
from clearsight.training.pretrain import pretrain, resume
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=24)
SETTINGS = {"epochs": 2, "batch": 32, "speed": "channels-last", "seed": 3, "size": 28, "model": "swift-slim", "quiet": True, "val": 0.1}


def body(run):
    """The weights below the head."""
    return {name: value for name, value in load_file(run / "model.safetensors").items() if not name.startswith("fc.")}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    return pretrain(DATA, out=str(tmp_path_factory.mktemp("runs") / "features"), **SETTINGS)


def test_an_artefact_like_any_other(pretrained):
    rows = (pretrained.run / "results.csv").read_text().splitlines()
    names = rows[0].split(",")
    assert len(rows) == 3
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "linear_accuracy", "knn_accuracy"} <= set(names)
    assert pretrained.classifier.facts["pretrained"] == "simclr"
    assert pretrained.classifier.facts["knn_accuracy"] == f"{float(rows[-1].split(',')[names.index('knn_accuracy')]):.4f}"
    loaded = clearsight.load(pretrained.run)
    assert loaded.classify(np.asarray(DATA[0])[0]).label in loaded.classes
    assert pretrained.validation["top1"]["value"] > 0.3  # ten classes: its head was solved, not left at random
    recipe = read_toml(pretrained.run / "recipe.toml")
    assert recipe["augment"] == augmentation(28, 1, pretrained.classifier.classes)
    # a mean over views: at most all similarities are 1 but the partner's, which is -1
    most = np.log(2 * len(pretrained.parts.parts["val"])) + 2 / recipe["temperature"]
    assert all(0 < float(row.split(",")[names.index("val_loss")]) < most for row in rows[1:])


def test_no_label_is_looked_at(pretrained, tmp_path):
    pictures, labels = DATA
    others = np.random.default_rng(0).permutation(labels)
    # stratified parts follow the labels, so the same parts are given here
    parts = pretrained.parts.parts
    names = {name: i for i, name in enumerate(clearsight.open_dataset(DATA).parts["all"].names)}
    rows = np.array([names[name] for part in ("train", "val", "test") for name in parts[part].names])
    again = pretrain(with_parts(pictures[rows], labels[rows], parts), out=str(tmp_path / "same"), **SETTINGS)
    blind = pretrain(with_parts(pictures[rows], others[rows], parts), out=str(tmp_path / "shuffled"), **SETTINGS)
    assert same(body(again.run), body(pretrained.run))
    assert same(body(blind.run), body(again.run))
    head = [load_file(run / "model.safetensors")["fc.weight"] for run in (again.run, blind.run)]
    assert not torch.equal(*head)


def with_parts(pictures, labels, parts):
    """The same pictures, in the same parts, with other labels."""
    from dataclasses import replace

    made, start = {}, 0
    for part in ("train", "val", "test"):
        stop = start + len(parts[part])
        made[part] = replace(parts[part], pictures=pictures[start:stop], labels=labels[start:stop].astype(np.int64))
        start = stop
    return clearsight.datasets.dataset.Parts("digits", parts["train"].classes, made)


def test_stopped_anywhere_it_ends_the_same(pretrained, tmp_path, monkeypatch):
    run, step, count = tmp_path / "stopped", loop._step, [0]

    def counted(*given):
        count[0] += 1
        if count[0] in (3, 8):
            given[-1].asked = signal.SIGTERM
        return step(*given)

    monkeypatch.setattr(loop, "_step", counted)
    with pytest.raises(Interrupted, match="clearsight pretrain --resume"):
        pretrain(DATA, out=str(run), **SETTINGS)
    with pytest.raises(Interrupted):
        resume(run, data=DATA, quiet=True)
    resume(run, data=DATA, quiet=True)
    assert (run / "model.safetensors").read_bytes() == (pretrained.run / "model.safetensors").read_bytes()


def test_many_features_are_probed_in_place(tmp_path, monkeypatch):
    monkeypatch.setattr(lbfgs, "EXACT", 0)  # as wide networks have it
    found = pretrain(DATA, out=str(tmp_path / "features"), **SETTINGS | {"epochs": 1, "augment": "crop:2"})
    assert found.validation["top1"]["value"] > 0.3
    assert read_toml(found.run / "recipe.toml")["augment"] == "crop:2"


def test_the_last_epoch_is_kept_whatever_validation_says(pretrained):
    assert pretrained.classifier.facts["best_epoch"] == 2


def test_averaged_weights_are_the_published_ones(pretrained, tmp_path):
    """The steps are the same; what is kept is another mean of them."""
    averaged = pretrain(DATA, out=str(tmp_path / "averaged"), **SETTINGS | {"ema": 0.9})
    ours, last = body(averaged.run), body(pretrained.run)
    assert not any(torch.equal(ours[name], last[name]) for name in ours if name.endswith("conv1.weight"))


def test_each_verb_says_whose_run_it_is(pretrained, tmp_path):
    labelled = train(DATA, out=str(tmp_path / "labelled"), **{**SETTINGS, "epochs": 1})
    with pytest.raises(UsageError, match="train --resume"):
        resume(labelled.run, data=DATA, quiet=True)
    from clearsight.training.api import resume as resume_training

    with pytest.raises(UsageError, match="pretrain --resume"):
        resume_training(pretrained.run, data=DATA, quiet=True)


def test_a_training_begins_with_the_features_and_a_new_head(pretrained, tmp_path):
    trained = train(DATA, out=str(tmp_path / "probe"), from_=str(pretrained.run), recipe="solved", labels="5", quiet=True)
    assert same(body(trained.run), body(pretrained.run))
    assert len(trained.parts.parts["train"]) == 50
    assert trained.classifier.facts["trained_from"] == str(pretrained.run)


def test_a_folder_without_classes_gets_clusters(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, picture in enumerate(DATA[0][:60]):
        Image.fromarray(picture).save(folder / f"{i}.png")
    trained = pretrain(folder, out=str(tmp_path / "run"), **{**SETTINGS, "epochs": 1})
    assert trained.classifier.classes == tuple(f"cluster {k}" for k in range(1, 11))
    assert "not labels" in trained.classifier.facts["classes"] and "knn_accuracy" not in trained.classifier.facts
    assert "test" not in trained.parts.parts
    facts = json.loads((trained.run / "config.json").read_text())
    assert facts["classes"][0] == "cluster 1"
    resumed = resume(trained.run, quiet=True)
    assert resumed.validation == trained.validation


def test_classes_may_be_called_clusters(tmp_path):
    for i, picture in enumerate(DATA[0][:40]):
        folder = tmp_path / "pictures" / ("cluster of stars", "galaxy")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{i}.png")
    trained = pretrain(tmp_path / "pictures", out=str(tmp_path / "run"), **{**SETTINGS, "epochs": 1})
    assert trained.classifier.classes == ("cluster of stars", "galaxy") and "knn_accuracy" in trained.classifier.facts


def test_too_few_pictures_without_classes(tmp_path):
    for i in range(4):
        Image.fromarray(DATA[0][i]).save(tmp_path / f"{i}.png")
    with pytest.raises(UsageError, match="at least 10 pictures"):
        pretrain(tmp_path, out=str(tmp_path / "run"), **SETTINGS)


def test_settings_that_look_at_labels_are_refused(tmp_path):
    with pytest.raises(UsageError, match="looks at no label"):
        pretrain(DATA, out=str(tmp_path / "run"), label_smoothing=0.1, **SETTINGS)
    with pytest.raises(UsageError, match="lbfgs"):
        pretrain(DATA, out=str(tmp_path / "run"), optimizer="lbfgs", **SETTINGS)


def test_a_run_in_use_is_not_resumed(pretrained):
    with hold(pretrained.run), pytest.raises(InUse):
        resume(pretrained.run, data=DATA, quiet=True)


@pytest.mark.parametrize(("n", "classes", "table"), [(10, 1, True), (9, 1, False), (2, 2, None)])
def test_ten_clusters_take_the_place_of_classes(monkeypatch, n, classes, table):
    """Where there are pictures enough, and only where there are none."""
    names = tuple("ab"[:classes])
    data = Dataset(names, np.arange(n) % classes, objects(map(str, range(n))), pictures=np.zeros((n, 4, 4), np.uint8))
    monkeypatch.setattr(module, "known_pictures", lambda *_, **__: Parts("set", names, {"train": data}))
    with pytest.raises(UsageError, match=r"need at least 10 pictures\. set has 9") if table is False else nullcontext():
        found = module._opened(None, None, None, True)
        assert found.classes == found["train"].classes == (tuple(f"cluster {k}" for k in range(1, 11)) if table else names)
        assert module._labelled(found) is not table and bool(found.notes) is bool(table)


@pytest.mark.parametrize(("settings", "name"), [({}, "simclr"), ({"recipe": "auto"}, "simclr"), ({"recipe": "mine.toml"}, "mine.toml")])
def test_the_recipe_is_simclr_unless_another_is_named(settings, name):
    assert module._named(settings) == name
