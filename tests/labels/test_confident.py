"""Confident learning: a case computed by hand, and cleanlab's answers to the same probabilities."""

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.labels import confident

LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2])
PROBABILITIES = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.8, 0.1, 0.1],
        [0.1, 0.8, 0.1],  # labelled 0, surely 1
        [0.2, 0.7, 0.1],
        [0.1, 0.9, 0.0],
        [0.4, 0.3, 0.3],  # of none with confidence
        [0.0, 0.2, 0.8],
        [0.7, 0.0, 0.3],  # labelled 2, surely 0
    ]
)


def test_by_hand():
    assert confident.thresholds(LABELS, PROBABILITIES) == pytest.approx([1.8 / 3, 1.9 / 3, 1.1 / 2])
    found = confident.confident(LABELS, PROBABILITIES)
    assert found.tolist() == [0, 0, 1, 1, 1, -1, 2, 0]
    joint = confident.confident_joint(LABELS, found, 3)
    assert joint.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 1]]
    # row 1 has two confident pictures of three: it is scaled by 3/2
    made = confident.calibrated(joint, np.array([3, 3, 2]))
    assert made == pytest.approx(np.array([[2, 1, 0], [0, 3, 0], [1, 0, 1]]))
    assert confident.noise_matrix(made) == pytest.approx(np.array([[2 / 3, 1 / 4, 0], [0, 3 / 4, 0], [1 / 3, 0, 1]]))
    assert confident.self_confidence(LABELS, PROBABILITIES) == pytest.approx([0.9, 0.8, 0.1, 0.7, 0.9, 0.3, 0.8, 0.3])
    assert confident.margin(LABELS, PROBABILITIES) == pytest.approx([0.8, 0.7, -0.7, 0.5, 0.8, -0.1, 0.6, -0.4])


def test_of_two_confident_classes_the_likelier_counts():
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.6, 0.4], [0.5, 0.5], [0.62, 0.38], [0.9, 0.1]])
    # thresholds 0.55 and 0.24: the third picture reaches both
    assert confident.confident(labels, probabilities).tolist() == [0, 1, 0, 0]


def test_a_class_without_pictures_is_never_confident():
    found = confident.confident(np.array([0, 0]), np.array([[0.1, 0.9], [0.2, 0.8]]))
    assert found.tolist() == [-1, 0]  # 0.1 is under the mean of 0.15
    joint = confident.calibrated(confident.confident_joint(np.array([0, 0]), found, 2), np.array([2, 0]))
    assert joint.tolist() == [[2, 0], [0, 0]] and np.isfinite(confident.noise_matrix(joint)).all()


def test_no_pictures():
    with pytest.raises(UsageError, match="no pictures"):
        confident.confident(np.zeros(0, np.int64), np.zeros((0, 3)))
    with pytest.raises(UsageError, match="shaped"):
        confident.confident(np.zeros(2, np.int64), np.zeros((3, 3)))


@pytest.mark.parametrize("seed", range(5))
def test_as_cleanlab(seed):
    cleanlab = pytest.importorskip("cleanlab")
    draw = np.random.default_rng(seed)
    classes = 3 + seed
    truth = draw.integers(0, classes, 600)
    labels = np.where(draw.random(600) < 0.15, draw.integers(0, classes, 600), truth)
    logits = 2.5 * np.eye(classes)[truth] + draw.normal(size=(600, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    # where two classes are reached with confidence and the likeliest of all is not among them, cleanlab takes that one, the paper does not
    over = probabilities >= confident.thresholds(labels, probabilities)
    assert ((over.sum(1) < 2) | over[np.arange(len(labels)), probabilities.argmax(1)]).all()
    found = confident.confident(labels, probabilities)
    joint, rows = cleanlab.count.compute_confident_joint(labels, probabilities, calibrate=False, return_indices_of_off_diagonals=True)
    assert confident.confident_joint(labels, found, classes).tolist() == joint.tolist()
    flagged = (found >= 0) & (found != labels)
    assert np.flatnonzero(flagged).tolist() == sorted(rows)
    assert flagged.tolist() == cleanlab.filter.find_label_issues(labels, probabilities, filter_by="confident_learning", n_jobs=1).tolist()
    calibrated = cleanlab.count.compute_confident_joint(labels, probabilities)  # rounded
    assert np.abs(confident.calibrated(joint, np.bincount(labels, minlength=classes)) - calibrated).max() < 1
    own = cleanlab.rank.get_self_confidence_for_each_label(labels, probabilities)
    assert confident.self_confidence(labels, probabilities) == pytest.approx(own)
    margins = cleanlab.rank.get_normalized_margin_for_each_label(labels, probabilities)  # brought to [0, 1]
    assert (confident.margin(labels, probabilities) + 1) / 2 == pytest.approx(margins)
