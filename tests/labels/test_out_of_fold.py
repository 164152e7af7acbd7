"""Answers of models that have not seen the labels: every fold from the others."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from clearsight.base.errors import UsageError
from clearsight.datasets.open import open_dataset
from clearsight.labels.out_of_fold import by_head, by_network
from tests.pictures import digit_arrays


@pytest.fixture(scope="module")
def vectors():
    pictures, labels = digit_arrays(per_class=20, classes=3)
    return torch.from_numpy(pictures).flatten(1).float() / 255, torch.from_numpy(labels)


def test_a_fold_is_answered_for_by_the_others(vectors):
    x, labels = vectors
    fold = torch.arange(len(x)) % 3
    answers, l2 = by_head(x, labels, fold, 3, quiet=True)
    assert answers.dtype == torch.float64 and l2 > 0
    torch.testing.assert_close(answers.sum(1), torch.ones(len(x), dtype=torch.float64))
    changed = labels.clone()
    changed[fold == 0] = (changed[fold == 0] + 1) % 3
    other, _ = by_head(x, changed, fold, 3, quiet=True)
    mistaken = (answers[fold == 1].argmax(1) == labels[fold == 1]).float().mean()
    assert mistaken > 0.9 and not torch.allclose(other[fold == 1], answers[fold == 1])


def test_it_is_logistic_regression_of_that_strength(vectors):
    x, labels = vectors
    fold = torch.arange(len(x)) % 4
    answers, l2 = by_head(x, labels, fold, 3, quiet=True)
    rows = (fold != 2).numpy()
    theirs = LogisticRegression(C=1 / (l2 * rows.sum()), max_iter=2000, tol=1e-8).fit(x[rows].numpy(), labels[rows].numpy())
    np.testing.assert_allclose(answers[~rows], theirs.predict_proba(x[~rows].numpy()), atol=2e-3)


def test_pictures_of_no_fold_are_learnt_from_and_have_no_answer(vectors):
    x, labels = vectors
    fold = torch.arange(len(x)) % 3
    fold[:5] = -1
    answers, _ = by_head(x, labels, fold, 3, quiet=True)
    assert not answers[:5].any() and answers[5:].any(1).all()


def test_networks_of_the_folds_are_kept_and_not_mixed_up(tmp_path):
    data = open_dataset(digit_arrays(per_class=8, classes=2)).parts["all"]
    fold = np.arange(len(data)) % 2
    settings = {"model": "pixels", "epochs": 2, "speed": "plain"}
    first = by_network(data, fold, tmp_path, settings, quiet=True)
    before = (tmp_path / "fold-1" / "model.safetensors").stat().st_mtime_ns
    assert torch.equal(by_network(data, fold, tmp_path, settings, quiet=True), first)
    assert (tmp_path / "fold-1" / "model.safetensors").stat().st_mtime_ns == before
    torch.testing.assert_close(first.sum(1), torch.ones(len(data), dtype=torch.float64), rtol=1e-5, atol=1e-5)
    with pytest.raises(UsageError, match="other folds, labels or settings"):
        by_network(data, fold, tmp_path, {**settings, "epochs": 3}, quiet=True)
    with pytest.raises(UsageError, match="Name another folder"):
        by_network(data, 1 - fold, tmp_path, settings, quiet=True)
