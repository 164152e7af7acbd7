import numpy as np
import pytest
import torch
from sklearn.metrics import top_k_accuracy_score

from clearsight.base.errors import UsageError
from clearsight.metrics.accuracy import ranks, topk

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_topk_is_scikit_learns(k):
    scores, labels = DRAW.normal(size=(300, 10)), DRAW.integers(0, 10, 300)
    expected = top_k_accuracy_score(labels, scores, k=k, labels=range(10))
    assert topk(scores, labels, k) == expected == topk(torch.tensor(scores), torch.tensor(labels), k)


def test_more_than_the_classes_there_are_is_all_of_them():
    assert topk(DRAW.normal(size=(7, 3)), [0, 1, 2, 0, 1, 2, 0], 5) == 1.0
    assert topk(np.zeros((4, 1)), [0] * 4, 1) == 1.0


def test_equal_scores_go_to_the_lower_index_as_in_argmax():
    assert ranks(np.zeros((3, 3)), [0, 1, 2]).tolist() == [0, 1, 2]
    assert topk(np.zeros((3, 3)), [0, 1, 2], 1) == pytest.approx(1 / 3)


def test_a_score_that_is_not_a_number_is_never_right():
    assert ranks([[np.nan, 0.0], [0.0, np.nan], [np.nan, np.nan]], [0, 0, 0]).tolist() == [2, 1, 2]


@pytest.mark.parametrize(
    ("scores", "labels", "k"), [(np.zeros((0, 3)), [], 1), (np.zeros((2, 3)), [0], 1), ([0.0], [0], 1), (np.zeros((2, 3)), [0, 1], 0)]
)
def test_wrong_use(scores, labels, k):
    with pytest.raises(UsageError, match="must be"):
        topk(scores, labels, k)
