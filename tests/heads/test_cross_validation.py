"""The strength of L2 by cross-validation: as scikit-learn's solver would choose it on the same folds."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from clearsight.heads import cross_validation
from clearsight.heads.cross_validation import folds, folds_of_groups, strength
from tests.pictures import digit_arrays

pictures, labels = digit_arrays(per_class=12)
X, known = torch.from_numpy(pictures.reshape(len(pictures), -1)).float() / 255, torch.from_numpy(labels)
STRENGTHS = [1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5]


def test_folds_are_stratified_and_as_many_as_there_can_be():
    fold = folds(known, 0)
    for k in range(10):
        counts = fold[known == k].bincount(minlength=5)
        assert counts.sum() == 12 and set(counts.tolist()) <= {2, 3}
    assert int(folds(torch.tensor([0, 1, 1, 1, 2]), 0).max()) == 2  # three of the largest class
    assert not folds(torch.arange(4), 0).any()
    assert not torch.equal(fold, folds(known, 1))


def test_it_is_the_strength_of_the_least_held_out_loss():
    fold = folds(known, 0).numpy()
    losses = []
    for l2 in STRENGTHS:
        total = 0.0
        for k in range(5):
            out = fold == k
            solver = LogisticRegression(C=1 / (l2 * (~out).sum()), max_iter=5000, tol=1e-8).fit(X[~out].numpy(), labels[~out])
            total -= solver.predict_log_proba(X[out].numpy())[np.arange(out.sum()), labels[out]].sum()
        losses.append(total)
    best = int(np.argmin(losses))
    assert 0 < best < len(STRENGTHS) - 1
    assert strength(X, known, 10, STRENGTHS) == STRENGTHS[best] == strength(X, known, 10, STRENGTHS, patience=1)


def test_one_label_of_each_class_leaves_nothing_to_hold_out():
    assert strength(X[::12], known[::12], 10, STRENGTHS) == STRENGTHS[3]


def test_features_are_left_as_they_are():
    before = X.clone()
    strength(X, known, 10, STRENGTHS[:2])
    assert torch.equal(X, before)


def test_the_search_ends_after_as_many_strengths_without_a_better_one(monkeypatch):
    """Held-out losses that fall, are higher for two strengths, and fall again: seen only with enough patience."""
    monkeypatch.setattr(cross_validation, "solve", lambda *_: True)
    for patience, found, seen in ((0, 4, 6), (1, 1, 3), (2, 1, 4), (3, 4, 6)):
        losses, asked = iter(np.repeat([5.0, 3.0, 4.0, 4.0, 2.0, 3.5], 5)), []
        monkeypatch.setattr(cross_validation, "_loss", lambda *_, losses=losses, asked=asked: asked.append(1) or next(losses))
        assert strength(X, known, 10, STRENGTHS, patience=patience) == STRENGTHS[found]
        assert len(asked) == 5 * seen


def test_folds_of_groups_keep_groups_whole_and_classes_spread():
    labels, groups = torch.arange(200) % 4, torch.arange(200) // 3
    fold = folds_of_groups(labels, groups, seed=1)
    assert all(len(set(fold[groups == group].tolist())) == 1 for group in range(67))
    table = torch.stack([labels[fold == k].bincount(minlength=4) for k in range(5)])
    assert fold.max() == 4 and table.min() >= 7 and table.max() <= 13  # 10 of each class in each fold, where groups allow
    assert torch.equal(fold, folds_of_groups(labels, groups, seed=1)) and not torch.equal(fold, folds_of_groups(labels, groups, seed=2))


def test_one_group_of_each_class_leaves_one_fold():
    assert folds_of_groups(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 1, 1]), seed=0).tolist() == [0, 0, 0, 0]


def test_a_group_goes_where_the_fewest_pictures_of_its_class_are():
    """Not where the fewest of all are: that only decides between folds that have as many of its class."""
    groups = torch.repeat_interleave(torch.arange(5), torch.tensor([5, 4, 3, 2, 1]))
    labels = torch.tensor([0, 1, 1, 0, 1])[groups]
    found = folds_of_groups(labels, groups, 0, 2)
    assert [found[groups == k].unique().tolist() for k in range(5)] == [[0], [1], [0], [1], [0]]


@pytest.mark.parametrize(("counts", "most", "n"), [((7, 3), 5, 5), ((4, 3), 5, 4), ((1, 1), 5, 1), ((9, 9), 3, 3)])
def test_as_many_folds_as_the_largest_class_has_pictures(counts, most, n):
    labels = torch.repeat_interleave(torch.arange(2), torch.tensor(counts))
    found = folds(labels, 0, most)
    tables = [found[labels == k].bincount(minlength=n) for k in range(2)]
    assert len(tables[0]) == n and all(int(table.max() - table.min()) <= 1 for table in tables)
