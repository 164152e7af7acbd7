"""Figures of hand-designed features: type that can be read, nothing cut or covered, for every kind."""

import numpy as np
import pytest

from clearsight.look.handmade.seen import designed, seen, subject_by_hand
from clearsight.reports.figures.handmade.page import designed_figure
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words

KINDS = ("pixels", "histogram", "histogram-hsv-cells", "hog", "dog", "gabor", "sift")


@pytest.fixture(scope="module")
def pictures():
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    found = {}
    for name in KINDS:
        subject = subject_by_hand(name, picture)
        found[name] = seen(subject, designed(subject.model), picture)
    return found


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_cut_or_covered_and_type_is_large_enough(pictures, name, style):
    figure = designed_figure(f"{name}  cat.png", pictures[name], style=style)
    written = words(figure)
    assert [one.text for one in written if one.size < (24 if style.slide else 6)] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []
    assert any(one.text.startswith("feature vector (") for one in written)


@pytest.mark.parametrize("style", [PRINT, Style("slide", "light")], ids=["print", "slide"])
def test_few_pixels_have_their_levels_written(style):
    levels = np.arange(0, 256, 4, dtype=np.uint8).reshape(8, 8)
    subject = subject_by_hand("pixels", levels)
    figure = designed_figure("pixels", seen(subject, designed(subject.model), levels), style=style)
    written = words(figure)
    assert {str(level) for level in levels.ravel()} <= {one.text for one in written}
    assert cut_off(figure, written) == [] and overlapping(written) == []
