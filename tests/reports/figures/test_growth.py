"""The pyramid of a stack with its weights, and the layers of a network with theory and gradient."""

import numpy as np
import pytest
from torch import nn

from clearsight.look.growth import Measured, growth
from clearsight.reports.figures.growth import measured_figure, pyramid_figure
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words

STYLES = pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])


def whole(figure, style):
    written = words(figure)
    assert cut_off(figure, written) == [] and overlapping(written) == []
    assert not style.slide or min(one.size for one in written) >= 24
    return {one.text for one in written}


@STYLES
def test_the_pyramid_has_sizes_and_weights(style):
    levels = growth([(f"conv{i}", nn.Conv2d(1, 1, 3)) for i in (1, 2, 3)])
    assert {"3×3", "5×5", "7×7", "27C²", "49C²"} <= whole(pyramid_figure("three layers", levels, style=style), style)
    assert {"110,592", "200,704"} <= whole(pyramid_figure("three layers", levels, 64, style=style), style)


@STYLES
@pytest.mark.parametrize("count", [2, 6])
def test_theory_and_gradient_are_both_written(style, count):
    values = np.zeros((32, 32), np.float32)
    found = [Measured(f"layer{k}.0.conv2", (-2, 3, 8 + k, 13 + k), "exact", (5, 6), 0.2, values) for k in range(count)]
    texts = whole(measured_figure("a network", found, trained=False, style=style), style)
    assert any("10×10" in text for text in texts) and any("5×6" in text for text in texts)
