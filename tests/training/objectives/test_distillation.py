"""Distillation: the paper's loss, the teacher's classes by name, and answers spread over neighbours."""

import pytest
import torch

from clearsight import models
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.classifier import Classifier, load, save
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split, with_labels
from clearsight.images.decode import decode
from clearsight.runs.splits import training_images
from clearsight.training.api import resume, train
from clearsight.training.compute.training_model import TrainingModel
from clearsight.training.context import NO_LABEL
from clearsight.training.interrupt import Interrupted
from clearsight.training.objectives.label_spreading import spread
from tests.pictures import digit_arrays
from tests.training.objectives.made import DATA, SETTINGS, kinds, made_of, views
from tests.training.test_session import stop_after


def exactly(monkeypatch):
    """Teachers answer in float32."""
    monkeypatch.setattr(Classifier, "faster", lambda self, speed="auto": self)


def test_the_loss_is_that_of_distillation_with_labels(teacher, monkeypatch):
    """Chen et al., equation 3 with α = ½, twice."""
    exactly(monkeypatch)
    context, objective = made_of(labels="3", teacher=str(teacher), label_smoothing=0.0)
    index = torch.tensor([4, 31, 100, 2])  # with a label, without, without, with
    assert (context.train.labels[index] == NO_LABEL).tolist() == [False, True, True, False]
    pictures = context.train.batch(index)
    net = TrainingModel(context.state.model, context.speed, context.device)
    net.begin()
    loss, _ = objective.loss(context, net, index, pictures)
    saved = load(teacher)
    whole = training_images(context.recipe, with_labels(split(open_dataset(DATA), seed=3), "3", 3))
    fitted = torch.stack([saved.preprocessing.load(whole.source(int(i))) for i in index])
    answers = (saved.logits(fitted) / saved.temperature).softmax(1)
    assert saved.temperature == 2
    student = context.state.model(views(context, "crop:1", pictures, index, 3)).log_softmax(1)
    distilled = -(answers * student).sum()
    labelled = -(student[0, whole.labels[4]] + student[3, whole.labels[2]])
    torch.testing.assert_close(loss, 2 * (0.5 * labelled + 0.5 * distilled), rtol=1e-5, atol=1e-5)


def test_the_teachers_classes_are_joined_by_name(teacher, tmp_path, monkeypatch):
    exactly(monkeypatch)
    saved = load(teacher)
    order = torch.tensor([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])
    with torch.no_grad():
        saved.model.head.weight.copy_(saved.model.head.weight[order])
        saved.model.head.bias.copy_(saved.model.head.bias[order])
    saved.classes = tuple(saved.classes[int(i)] for i in order)
    save(saved, tmp_path / "other", [])
    answers = [made_of(labels="3", teacher=str(one))[1].answers for one in (teacher, tmp_path / "other")]
    torch.testing.assert_close(*answers, rtol=1e-5, atol=1e-6)
    assert answers[0].std(0).min() > 0.01


@pytest.mark.parametrize("by", ["start", "teacher"])
def test_answers_are_spread_by_the_features_of_the_start_or_else_of_the_teacher(by, teacher, begun, monkeypatch):
    exactly(monkeypatch)
    start = {"from_": str(begun), "resize_head": True} if by == "start" else {}
    plain = made_of(labels="3", teacher=str(teacher))[1].answers
    context, objective = made_of(labels="3", teacher=str(teacher), spread=5, **start)
    looking = load(begun if by == "start" else teacher)
    whole = training_images(context.recipe, with_labels(split(open_dataset(DATA), seed=3), "3", 3))
    fitted = torch.stack([looking.preprocessing.load(whole.source(i)) for i in range(len(whole))])
    with torch.inference_mode():
        features = looking.model.features(looking.preprocessing.normalise(fitted))
    if features.shape[1] > 512:  # principal components of fewer pictures than numbers leave out nothing but their mean
        features = features - features.mean(0)
    torch.testing.assert_close(objective.answers, spread(plain, features, 5), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(objective.answers, plain, atol=0.01)


def test_answers_are_spread_by_hog_whatever_the_training_begins_with(teacher, begun, monkeypatch):
    exactly(monkeypatch)
    plain = made_of(labels="3", teacher=str(teacher))[1].answers
    context, objective = made_of(labels="3", teacher=str(teacher), spread=5, spread_by="hog", from_=str(begun), resize_head=True)
    whole = training_images(context.recipe, with_labels(split(open_dataset(DATA), seed=3), "3", 3))
    own = torch.stack([torch.from_numpy(decode(whole.source(i))) for i in range(len(whole))]).permute(0, 3, 1, 2).float() / 255
    hog = models.build("hog", 10, channels=1, height=own.shape[2], width=own.shape[3]).features(own)
    torch.testing.assert_close(objective.answers, spread(plain, hog - hog.mean(0), 5), rtol=1e-3, atol=1e-4)  # the mean as above
    assert not torch.allclose(objective.answers, plain, atol=0.01)


def test_aligned_answers_are_as_common_as_labels(teacher):
    context, objective = made_of(labels="10%", teacher=str(teacher), align=True)
    counts, answers = context.train.labels[context.train.labels >= 0].bincount(minlength=10), objective.answers
    torch.testing.assert_close(answers.mean(0), counts / counts.sum(), rtol=0, atol=1e-4)


def test_a_start_that_has_changed_is_noticed_where_answers_are_spread_by_it(teacher, begun, tmp_path, monkeypatch):
    own = tmp_path / "begun"
    save(load(begun), own, [])
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(Interrupted):
            train(DATA, out=str(tmp_path / "run"), **kinds(teacher, own)["spread"])
    other = load(begun)
    with torch.no_grad():
        other.model.head.weight.add_(1)
    save(other, own, [])
    with pytest.raises(ClearsightError, match="begun is not the one that this run began with"):
        resume(tmp_path / "run", data=DATA, quiet=True)


def test_a_teacher_that_has_changed_is_noticed(teacher, tmp_path, monkeypatch):
    saved = load(teacher)
    own = tmp_path / "teacher"
    save(saved, own, [])
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(Interrupted):
            train(DATA, out=str(tmp_path / "run"), labels="3", teacher=str(own), **SETTINGS)
    with torch.no_grad():
        saved.model.head.weight.add_(1)
    save(saved, own, [])
    with pytest.raises(ClearsightError, match="not the one that this run began with"):
        resume(tmp_path / "run", data=DATA, quiet=True)


def test_a_teacher_of_other_classes_is_refused(teacher, tmp_path):
    with pytest.raises(UsageError, match=r"tells apart '0'.*the data have"):
        train(digit_arrays(per_class=24, classes=4), out=str(tmp_path / "run"), teacher=str(teacher), **SETTINGS)
