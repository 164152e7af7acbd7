"""The chart of softmax regression's parameters: readable, and every count on it."""

import pytest

from clearsight.models.pixel_counts import pixel_counts
from clearsight.reports.figures.linear.parameters import parameter_figure
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
def test_nothing_is_cut_or_covered_and_every_count_is_drawn(style):
    found = pixel_counts()
    figure = parameter_figure(found, style=style)
    written = words(figure)
    assert [one.text for one in written if one.size < (24 if style.slide else 6)] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []
    assert {f"{row.parameters:,}" for row in found} | {"10 classes", "1,000 classes"} <= {one.text for one in written}
