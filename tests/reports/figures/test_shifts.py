"""The figure of accuracies by shift: readable, for one network and for two."""

import pytest

from clearsight.evaluation.shifts import Shifts
from clearsight.reports.figures.shifts import shift_figure
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
@pytest.mark.parametrize("count", [1, 2])
def test_nothing_is_cut_or_covered(style, count):
    grid = [[{"top1": 0.1 * (3 * i + j + 1), "low": 0.05, "high": 0.95, "n": 100} for j in range(3)] for i in range(3)]
    figure = shift_figure("digits, test: pictures shifted by 1 px", [Shifts("runs/templates", 1, grid)] * count, style=style)
    written = words(figure)
    assert [one.text for one in written if one.size < (24 if style.slide else 6)] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []
    assert {"10.0 %", "50.0 %", "90.0 %"} <= {one.text for one in written}
