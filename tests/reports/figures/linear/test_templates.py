"""The sheet of templates: readable, and each class named."""

import numpy as np
import pytest

from clearsight.look.linear.templates import Templates
from clearsight.reports.figures.linear.templates import template_sheet
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
@pytest.mark.parametrize("scale", ["own", "shared"])
def test_nothing_is_cut_or_covered_and_every_class_is_named(style, scale):
    names = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    found = Templates(names, np.random.default_rng(0).normal(size=(10, 1, 8, 8)), np.zeros(10))
    figure = template_sheet("net: a template for each class", found, scale, 256, style=style)
    written = words(figure)
    assert [one.text for one in written if one.size < (24 if style.slide else 6)] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []
    assert scale == "shared" or set(names) <= {one.text for one in written}
