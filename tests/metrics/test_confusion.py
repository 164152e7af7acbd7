import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from clearsight.base.errors import UsageError
from clearsight.metrics.confusion import confused_pairs, confusion, per_class

DRAW = np.random.default_rng(0)
LABELS = DRAW.integers(0, 5, 400)
GUESSES = np.where(DRAW.random(400) < 0.7, LABELS, DRAW.integers(0, 5, 400))


def test_confusion_is_scikit_learns():
    assert (confusion(LABELS, GUESSES, 7) == confusion_matrix(LABELS, GUESSES, labels=range(7))).all()


def test_scores_are_scikit_learns_and_what_is_absent_is_none():
    labels, guesses = np.where(LABELS == 4, 5, LABELS), np.where(GUESSES == 4, 3, GUESSES)  # 4: never there, 5: never guessed
    rows = per_class(confusion(labels, guesses, 7))
    expected = precision_recall_fscore_support(labels, guesses, labels=range(7), zero_division=np.nan)
    for i, row in enumerate(rows):
        for ours, theirs in zip((row.precision, row.recall, row.f1, row.n), (column[i] for column in expected), strict=True):
            assert (ours is None and np.isnan(theirs)) or ours == pytest.approx(theirs)
    assert (rows[5].precision, rows[5].recall, rows[5].f1) == (None, 0.0, 0.0)
    assert (rows[6].n, rows[6].precision, rows[6].recall, rows[6].f1) == (0, None, None, None)


def test_confused_pairs_fall_and_leave_out_what_never_happened():
    counts = np.array([[9, 2, 0], [5, 9, 0], [0, 2, 9]])
    assert confused_pairs(counts, 9) == [(1, 0, 5), (0, 1, 2), (2, 1, 2)]
    assert confused_pairs(counts, 1) == [(1, 0, 5)]
    assert confused_pairs(np.diag([3, 4]), 5) == []
    assert confused_pairs(np.array([[3]]), 5) == []


def test_one_class_and_no_pictures():
    assert confusion([0, 0], [0, 0], 1).tolist() == [[2]]
    assert confusion([], [], 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(("labels", "guesses"), [([0, 3], [0, 0]), ([0, -1], [0, 0]), ([0, 0], [0, 3]), ([0], [0, 1])])
def test_wrong_use(labels, guesses):
    with pytest.raises(UsageError, match="must be"):
        confusion(labels, guesses, 3)
