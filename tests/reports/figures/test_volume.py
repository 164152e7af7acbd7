"""The volume of the lecture: 32×32×3, six filters, 28×28×6, and the value of each map at the place."""

import pytest

from clearsight.look.convolution import calculate
from clearsight.reports.figures.volume import volume_figure
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
def test_sizes_values_and_parameters(style):
    found = calculate("volume")
    figure = volume_figure(found, None, "Six filters", (3, 20), style=style)
    written = words(figure)
    assert cut_off(figure, written) == [] and overlapping(written) == []
    texts = [one.text for one in written]
    assert {"32×32×3", "6 filters of 5×5×3", "28×28×6"} <= {*texts} and any("6 × (75 + 1) = 456 parameters" in text for text in texts)
    values = [f"{found.convolution.step(k, 3, 20).sum:.5g}".replace("-", "−") for k in range(6)]
    assert [text for text in texts if text in values] == values
