"""Self-training by class means: what it says of pictures without a label, and that a label held out has no part in its answer."""

import torch

from clearsight.heads.self_training import labelled_by_means, out_of_fold

KNOWN = torch.tensor([0, 1, 2])


def groups(seed=0, n=40, d=32):
    """Features `(3n, D)` in three wide groups, and the group of each; the first three are one of each."""
    drawn = torch.Generator().manual_seed(seed)
    truth = torch.arange(3 * n) % 3
    return (2 * torch.randn(3, d, generator=drawn))[truth] + 3 * torch.randn(3 * n, d, generator=drawn) + 7, truth


def test_pictures_without_a_label_improve_the_means():
    features, truth = groups()
    labels = torch.cat([KNOWN, torch.full((len(truth) - 3,), -1)])
    found, weights = labelled_by_means(features, labels, 3)
    nearest = torch.cdist(features, features[:3]).argmin(1)
    assert float((found == truth).float().mean()) > 0.95 > 0.9 > float((nearest == truth).float().mean())
    assert torch.equal(found[:3], KNOWN) and abs(float(weights.mean()) - 1) < 1e-5 and (weights <= weights[0] + 1e-6).all()


def test_known_labels_stay_though_they_are_wrong_and_an_absent_class_gets_none():
    features, truth = groups()
    labels = torch.where(torch.arange(len(truth)) < 30, truth, -1)
    labels[0] = 1
    found, _ = labelled_by_means(features, labels, 4)
    assert torch.equal(found[:30], labels[:30]) and not (found == 3).any()


def test_with_all_labels_nothing_changes():
    features, truth = groups()
    found, weights = labelled_by_means(features, truth, 3)
    assert torch.equal(found, truth) and (weights == 1).all()


def test_a_label_held_out_has_no_part_in_its_answer(monkeypatch):
    features, truth = groups(n=10)
    labels = torch.where(torch.arange(len(truth)) < 15, truth, -1)
    wrong = torch.cat([torch.tensor([2]), labels[1:]])
    monkeypatch.setattr("clearsight.heads.self_training.folds", lambda labels, seed: torch.arange(len(labels)) % 5)
    before, after = (out_of_fold(features, some, 3) for some in (labels, wrong))
    same = torch.isclose(before, after, atol=1e-5).all(1)
    assert before.shape == (15, 3) and torch.equal(same, torch.arange(15) % 5 == 0)
    assert float((before.argmax(1) == truth[:15]).float().mean()) > 0.8
