"""The figure of a range test: its curve, and a line for the recipe's rate, the suggestion and where the loss diverges."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.reports.figures.learning_rate import rate_figure
from clearsight.training.api import Diagnosis, RangeTest
from clearsight.training.doctor.diagnosis import Finding

TESTED = RangeTest((1e-5, 1e-3, 1e-1, 1.0), (2.3, 1.8, 0.9, 3.1), 0.02, 64, 0.01, 1.0)


def test_the_curve_and_its_marks():
    axes = rate_figure(TESTED).axes[-1]
    curve, *marks = axes.lines
    assert list(curve.get_xdata()) == list(TESTED.rates) and list(curve.get_ydata()) == list(TESTED.losses)
    assert [line.get_xdata()[0] for line in marks] == [0.02, 0.01, 1.0]
    assert axes.get_xscale() == "log"
    assert len(rate_figure(RangeTest((1e-5, 1e-3), (2.3, 2.4), 0.02, 64)).axes[-1].lines) == 2


def test_it_is_saved_by_its_suffix(tmp_path):
    found = Diagnosis("digits", "lenet5", "quick", (Finding("inputs", "good", ""),), 1.0, TESTED)
    from clearsight.api import learning  # noqa: F401 — which draws results

    assert found.save(tmp_path / "rates.svg").read_text(encoding="utf-8").count("suggested") >= 1
    without = Diagnosis("digits", "pixels", "solved", (), 1.0)
    with pytest.raises(UsageError, match="no range test"):
        without.save(tmp_path / "none.png")
