"""Risk against coverage: by hand, and against the area of the best and of a random order."""

from itertools import pairwise

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.metrics.selective import Point, aurc, risk_coverage


def test_by_hand():
    sure, right = np.array([0.6, 0.9, 0.8, 0.7]), np.array([True, True, False, True])
    assert risk_coverage(sure, right) == [
        Point(0.25, 0.0, 0.9, 1),
        Point(0.5, 0.5, 0.8, 2),
        Point(0.75, pytest.approx(1 / 3), 0.7, 3),
        Point(1.0, 0.25, 0.6, 4),
    ]
    assert aurc(sure, right) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_pictures_of_one_confidence_are_answered_together_and_their_order_does_not_count():
    sure, right = np.array([0.9, 0.9, 0.5]), np.array([False, True, True])
    assert [(one.n, one.risk) for one in risk_coverage(sure, right)] == [(2, 0.5), (3, pytest.approx(1 / 3))]
    assert aurc(sure, right) == aurc(sure, right[[1, 0, 2]]) == pytest.approx((0.5 + 0.5 + 1 / 3) / 3)


@pytest.mark.parametrize("n", [7, 1000])
def test_the_best_order_has_the_least_area_and_a_random_one_the_error(n):
    random = np.random.default_rng(n)
    right = random.uniform(size=n) < 0.8
    best, worst = aurc(right + random.uniform(size=n) / 2, right), aurc(random.uniform(size=n) / 2 - right, right)
    none = aurc(np.full(n, 0.5), right)
    assert best <= none <= worst and none == pytest.approx(1 - right.mean())


def test_many_pictures_have_few_points_that_end_at_all():
    random = np.random.default_rng(0)
    sure, right = random.uniform(size=5000), random.uniform(size=5000) < 0.9
    points = risk_coverage(sure, right)
    assert len(points) == 100 and points[-1].coverage == 1 and points[-1].risk == pytest.approx(1 - right.mean())
    assert all(a.coverage < b.coverage and a.confidence > b.confidence for a, b in pairwise(points))
    one = points[40]
    assert one.risk == pytest.approx(1 - right[sure >= one.confidence].mean()) and one.n == int((sure >= one.confidence).sum())


def test_no_picture_has_no_curve():
    for function in (aurc, risk_coverage):
        with pytest.raises(UsageError, match="at least 1"):
            function(np.empty(0), np.empty(0, bool))
