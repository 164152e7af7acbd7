"""The curve has its points, the best order ends where it does, and odd ones are drawn."""

import numpy as np
import pytest

from clearsight.metrics.selective import risk_coverage
from clearsight.reports.figures import risk_coverage as module


def points(n: int, wrong: int):
    random = np.random.default_rng(n)
    return risk_coverage(random.uniform(size=n), np.arange(n) >= wrong)


def test_the_curve_has_its_points_and_ends_at_the_error():
    found = points(50, 10)
    axes = module.risk_coverage(found).figure.axes[1]
    best, curve = axes.lines[:2]
    assert curve.get_xdata().tolist() == [one.coverage for one in found] and curve.get_ydata().tolist() == [one.risk for one in found]
    assert best.get_ydata()[-1] == pytest.approx(curve.get_ydata()[-1]) == pytest.approx(0.2)
    assert best.get_xdata()[1] == pytest.approx(0.8) and best.get_ydata()[1] == 0, "without a mistake up to the accuracy"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("answered, the most confident first", "error")


@pytest.mark.parametrize(("n", "wrong"), [(1, 0), (1, 1), (30, 0), (30, 30), (3000, 100)])
def test_odd_curves_are_drawn(n, wrong):
    chart = module.risk_coverage(points(n, wrong))
    assert "nan" not in chart.svg() and 1 <= len(chart.tips) <= module.TIPS
    assert f"{n:,} pictures (100.0%)" in list(chart.tips.values())[-1]
