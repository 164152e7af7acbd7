"""What the demo shows of the photographs: the least sure of the right answers."""

import numpy as np
import pytest

from clearsight.cli.demo import _least_sure
from clearsight.datasets.dataset import objects
from clearsight.evaluation.evaluate import Evaluation


@pytest.mark.parametrize(("labels", "shown"), [([0, 0, 1], 1), ([1, 1, 0], 0), ([0, 1, 1], 2)])
def test_the_least_sure_of_the_right_answers(labels, shown):
    logits = np.array([[4, 0], [1, 0], [0, 2]], dtype=np.float32)
    assert _least_sure(Evaluation(("a", "b"), objects("xyz"), np.array(labels), logits)) == shown
