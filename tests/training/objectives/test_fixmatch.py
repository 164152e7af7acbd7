"""Learning from pictures without labels: the losses are the papers', no label is read that is not there, and a stop changes nothing."""

import dataclasses

import numpy as np
import pytest
import torch

from clearsight.base.errors import ClearsightError
from clearsight.base.randomness import key
from clearsight.datasets.split import with_labels
from clearsight.runs import splits
from clearsight.runs.run import Run
from clearsight.training import loop
from clearsight.training.api import resume, train
from clearsight.training.compute.training_model import TrainingModel
from clearsight.training.interrupt import Interrupted
from clearsight.training.objectives.fixmatch import RATIO
from tests.training.objectives.made import DATA, FIXMATCH, SETTINGS, kinds, made_of, views
from tests.training.test_session import columns, stop_after, weights


@pytest.mark.parametrize("sure", ["all", "half", "none"])
def test_the_loss_is_fixmatchs(sure):
    """Sohn et al., equations 3 and 4, picture by picture."""
    context, objective = made_of(**{**FIXMATCH, "label_smoothing": 0.0})
    model, index = context.state.model, torch.arange(20, 62)
    pictures = context.train.batch(index)
    confidence = model.train()(views(context, "crop:1", pictures, index, 3)).softmax(1).amax(1).detach()
    threshold = {"all": 0.0, "half": float(confidence.sort().values[20:22].mean()), "none": 0.999}[sure]
    objective.threshold = threshold
    net = TrainingModel(model, context.speed, context.device)
    net.begin()
    loss, _ = objective.loss(context, net, index, pictures)
    loss.backward()
    net.end()
    got = [p.grad.clone() for p in model.parameters()]

    drawn = key(3, "labelled", 0, 20)
    known, _ = objective._labelled(context, index)
    assert len(known) == len(index) // RATIO and int(known.max()) < 30 and len(set(known.tolist())) == len(known)
    labelled = model(views(context, "crop:1", context.train.batch(known), known, drawn)).log_softmax(1)
    mild = model(views(context, "crop:1", pictures, index, 3)).softmax(1).detach()
    strong = model(views(context, "crop:1 rand:2 erase:0.2", pictures, index, key(3, "strong"))).log_softmax(1)
    supervised = sum(-row[context.train.labels[i]] for row, i in zip(labelled, known, strict=True)) / len(known)
    kept = [i for i in range(len(index)) if mild[i].max() >= threshold]
    assert len(kept) == {"all": 42, "half": 21, "none": 0}[sure]
    unsupervised = sum((-strong[i, mild[i].argmax()] for i in kept), torch.zeros(())) / len(index)
    wanted = len(index) * (supervised + unsupervised)
    torch.testing.assert_close(loss, wanted, rtol=1e-5, atol=1e-4)
    model.zero_grad()
    wanted.backward()
    for mine, p in zip(got, model.parameters(), strict=True):
        torch.testing.assert_close(mine, p.grad, rtol=1e-4, atol=1e-4)


def test_each_step_sees_other_labelled_pictures_in_other_views():
    context, objective = made_of(**{**FIXMATCH, "labels": "1"})  # 10 labelled ones, of which a batch of 160 wants 22
    index = torch.arange(160)
    known, inputs = objective._labelled(context, index)
    assert sorted(known.bincount().tolist()) == [2] * 8 + [3] * 2
    twice = [inputs[known == k] for k in range(10)]
    assert any(not torch.equal(some[0], some[1]) for some in twice)
    context.state.counters.step = 1
    later, others = objective._labelled(context, index)
    assert not torch.equal(known, later)
    first = {int(k): inputs[known == k][0] for k in range(10)}
    assert any(not torch.equal(first[int(k)], view) for k, view in zip(later, others, strict=True))


def shuffled(part, with_labels=with_labels):
    """As `with_labels`, but that the pictures of a part swap their labels."""

    def worse(parts, wanted, seed):
        found = with_labels(parts, wanted, seed)
        data = found.parts[part]
        labels = np.random.default_rng(0).permutation(data.labels)
        assert (labels != data.labels).any()
        return dataclasses.replace(found, parts=found.parts | {part: dataclasses.replace(data, labels=labels)})

    return worse


@pytest.mark.parametrize("part", ["unlabelled", "val"])
@pytest.mark.parametrize("kind", ["fixmatch", "teacher", "spread", "few", "solved"])
def test_labels_that_are_not_there_are_not_read(kind, part, teacher, begun, tmp_path, monkeypatch):
    settings = kinds(teacher, begun)[kind]
    straight = train(DATA, out=str(tmp_path / "straight"), **settings)
    monkeypatch.setattr(splits, "with_labels", shuffled(part))
    other = train(DATA, out=str(tmp_path / "other"), **settings)
    assert (other.run / "split.csv").read_bytes() != (straight.run / "split.csv").read_bytes()
    assert weights(other.run) == weights(straight.run)
    assert other.classifier.temperature == straight.classifier.temperature == 1
    # by chance as many of few may be right; the loss is another
    losses = [[row["val_loss"] for row in Run(made.run).rows()] for made in (straight, other)]
    assert (losses[0] == losses[1]) == (part == "unlabelled")


def test_labels_that_are_there_are_read(tmp_path, monkeypatch):
    settings = {**SETTINGS, **FIXMATCH}
    straight = train(DATA, out=str(tmp_path / "straight"), **settings)
    monkeypatch.setattr(splits, "with_labels", shuffled("train"))
    assert weights(train(DATA, out=str(tmp_path / "other"), **settings).run) != weights(straight.run)


@pytest.mark.parametrize("kind", ["fixmatch", "teacher", "spread"])
def test_stopped_after_every_step_it_ends_the_same(kind, teacher, begun, tmp_path, monkeypatch):
    settings, run = kinds(teacher, begun)[kind], tmp_path / "stopped"
    straight = train(DATA, out=str(tmp_path / "straight"), **settings)
    assert (run / "split.csv").exists() is False
    stops = 0
    while stops < 50:
        with monkeypatch.context() as patch:
            stop_after(patch, 1)
            try:
                resume(run, data=DATA, quiet=True) if stops else train(DATA, out=str(run), **settings)
                break
            except Interrupted:
                stops += 1
    assert stops == 6  # 3 batches in each of 2 epochs
    assert weights(run) == weights(straight.run) and columns(run) == columns(straight.run)
    assert {line.split(",")[2] for line in (run / "split.csv").read_text().splitlines()[1:]} == {"train", "unlabelled", "val", "test"}


def test_fixmatch_learns_more_than_its_labels_say(tmp_path):
    """Real digits, 3 labels of each class."""
    settings = {"model": "lenet5", "size": 28, "labels": "3", "seed": 1, "speed": "plain", "quiet": True, "batch": 112}
    alone = train("digits", out=str(tmp_path / "alone"), epochs=60, **settings)
    semi = train("digits", out=str(tmp_path / "semi"), recipe="fixmatch", epochs=12, **settings)
    assert semi.validation["top1"]["value"] > alone.validation["top1"]["value"] + 0.02


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"unlabelled": "fixmatsh:0.9"}, "fixmatch"),
        ({"unlabelled": "fixmatch:1"}, "at least 0 and below 1"),
        ({"unlabelled": "fixmatch:nan"}, "at least 0 and below 1"),
        ({"unlabelled": "fixmatch:x"}, "as in fixmatch:0.95"),
        ({"unlabelled": "fixmatch", "strong": "rand:x"}, "rand"),
        ({"unlabelled": "fixmatch", "mix": "mixup"}, "--mix 'mixup' goes without --unlabelled"),
        ({"unlabelled": "fixmatch", "class_weights": "balanced"}, "--class-weights 'balanced' goes without"),
        ({"unlabelled": "fixmatch", "perturb": "fgsm:8/255"}, "--perturb"),
        ({"unlabelled": "fixmatch", "optimizer": "lbfgs", "augment": ""}, "lbfgs solves the head on labels"),
        ({"unlabelled": "means"}, "means is for a head on trained features"),
        ({"unlabelled": "fixmatch", "teacher": "run"}, "two ways"),
        ({"unlabelled": "fixmatch", "labels": ""}, "say with --labels how many have one"),
        ({"unlabelled": "fixmatch", "labels": "100%"}, "say with --labels how many have one"),
        ({"teacher": "nowhere"}, "nowhere"),
        ({"spread": 5}, "say with --teacher whose"),
        ({"spread_by": "hog"}, "say with --spread over how many"),
        ({"align": True}, "say with --teacher whose"),
        ({"patience": 3}, "go by validation, which decides nothing with --labels"),
        ({"schedule": "plateau"}, "say --keep best"),
        ({"labels": "", "keep": "last", "patience": 3}, "with --keep last"),
    ],
)
def test_what_does_not_go_together_is_said(settings, words, tmp_path):
    with pytest.raises(ClearsightError, match=words):
        train(DATA, out=str(tmp_path / "run"), **{**SETTINGS, "labels": "3", **settings})
    assert not (tmp_path / "run").exists()


def test_with_keep_best_validation_decides_again(tmp_path):
    run = train(DATA, out=str(tmp_path / "run"), **{**SETTINGS, "labels": "3", "keep": "best", "epochs": 8})
    rows = [row["val_accuracy"] for row in Run(run.run).rows()]
    assert run.validation["top1"]["value"] == pytest.approx(max(rows)) and run.classifier.temperature != 1


def test_where_validation_decides_nothing_it_is_not_computed_more_often_than_training(tmp_path, monkeypatch):
    settings = {**SETTINGS, "epochs": 9, "soup": 3}
    one, some = (train(DATA, out=str(tmp_path / name), labels=name, **settings) for name in ("1", "3"))
    assert len(some.parts.parts["val"]) == 19
    assert [row["epoch"] for row in Run(one.run).rows()] == [2, 4, 6, 8, 9]  # 10 pictures an epoch
    assert [row["epoch"] for row in Run(some.run).rows()] == [*range(1, 10)]
    monkeypatch.setattr(loop, "is_due", lambda context: True)
    every = train(DATA, out=str(tmp_path / "every"), labels="1", **settings)
    assert len(Run(every.run).rows()) == 9 and weights(every.run) == weights(one.run)
    assert len(Run(train(DATA, out=str(tmp_path / "best"), labels="1", **{**settings, "keep": "best"}).run).rows()) == 9


def test_stopped_between_two_judgements_it_ends_the_same(tmp_path, monkeypatch):
    settings = {**SETTINGS, "epochs": 7, "soup": 3, "labels": "1", "batch": 5}
    straight = train(DATA, out=str(tmp_path / "straight"), **settings)
    for steps in (2, 3, 4):  # the last of an epoch, the first of another, the last before a judgement
        run = tmp_path / str(steps)
        with monkeypatch.context() as patch:
            stop_after(patch, steps)
            with pytest.raises(Interrupted):
                train(DATA, out=str(run), **settings)
        resume(run, data=DATA, quiet=True)
        assert weights(run) == weights(straight.run) and columns(run) == columns(straight.run)
