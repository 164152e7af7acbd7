"""Limits of sets from calibration answers, and the line that says why there are none."""

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.classifier.uncertainty import Calibration

CLASSES = ("cat", "dog")


def answers(n: int) -> Calibration:
    """Scores 0.01, 0.02, …; every third label is a dog."""
    return Calibration(np.arange(1, n + 1, dtype=np.float32) / 100, np.array([i % 3 == 2 for i in range(n)], np.int64), "validation")


def test_one_limit_for_all_classes_or_one_for_each():
    known = answers(60)
    assert known.limits(0.9, CLASSES).tolist() == pytest.approx([0.55, 0.55])
    own = known.limits(0.9, CLASSES, by_class=True)
    cats = np.sort(known.scores[known.labels == 0])
    assert own.tolist() == pytest.approx([cats[36], 0.57]), "ranks ⌈41·0.9⌉ of 40 cats and ⌈21·0.9⌉ of 20 dogs"


@pytest.mark.parametrize(
    ("n", "asked", "by_class", "line"),
    [
        (20, 0.99, False, "coverage 99 % needs 99 calibration answers. This classifier has 20, enough for 95.2 %."),
        (30, 0.95, True, "coverage 95 % within each class needs 19 calibration answers of each. This classifier has 10 of 'dog'"),
        (0, 0.5, False, "coverage 50 % needs 1 calibration answers. This classifier has 0."),
    ],
)
def test_too_few_are_refused_in_one_line(n, asked, by_class, line):
    with pytest.raises(UsageError) as error:
        answers(n).limits(asked, CLASSES, by_class=by_class)
    assert str(error.value).startswith(line) and "\n" not in str(error.value)


def test_exactly_enough_are_enough():
    assert answers(19).limits(0.95, CLASSES).tolist() == pytest.approx([0.19, 0.19])
