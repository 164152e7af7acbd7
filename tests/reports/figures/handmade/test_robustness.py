"""The table of distances: readable, nothing cut or covered."""

import pytest

from clearsight.look.handmade.robustness import CHANGES, Robustness
from clearsight.reports.figures.handmade.robustness import robustness_figure
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
def test_nothing_is_cut_or_covered(style):
    rows = [Robustness(name, 10, 100, {change: 0.37 for change, _ in CHANGES}) for name in ("pixels", "histogram", "runs/digits-lenet5")]
    figure = robustness_figure("digits: how far features move when a picture changes", rows, style=style)
    written = words(figure)
    assert [one.text for one in written if one.size < (24 if style.slide else 6)] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []
