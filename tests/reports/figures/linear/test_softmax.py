"""The figure of one picture's softmax: readable, with and without templates."""

import numpy as np
import pytest

from clearsight.look.linear.softmax import Softmax
from clearsight.look.linear.templates import Templates
from clearsight.reports.figures.linear.softmax import softmax_figure
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words

NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
@pytest.mark.parametrize("linear", [True, False])
def test_nothing_is_cut_or_covered(style, linear):
    z = np.linspace(4, -3, 10)
    made = Templates(NAMES, np.random.default_rng(0).normal(size=(10, 1, 8, 8)), np.zeros(10)) if linear else None
    found = Softmax(NAMES, np.zeros((8, 8, 3), np.uint8), z, z, 1.0, made, np.ones((1, 8, 8)) if linear else None)
    figure = softmax_figure("runs/fashion  boot.png", found, style=style)
    written = words(figure)
    assert [one.text for one in written if one.size < (24 if style.slide else 6)] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []
    assert "T-shirt/top" in {one.text for one in written}
