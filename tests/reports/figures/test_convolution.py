"""The moments of an animation, and the words of each."""

from clearsight.look.convolution import NO_MATCH, calculate
from clearsight.reports.figures.convolution import curve_figure, fits, frame, frames, moments
from clearsight.reports.style import Style
from tests.reports.figures.drawn import words


def written(figure):
    return [one.text for one in words(figure)]


def test_an_animation_shows_places_then_rows_then_windows():
    assert moments(calculate()) == [(-1, k) for k in range(16)] + [(0, k) for k in (3, 7, 11, 15)] + [(1, k) for k in range(4)]
    assert moments(calculate("avgpool")) == [(0, k) for k in range(4)]
    assert len(moments(calculate("volume"))) <= 64
    assert len({figure.get_size_inches().tobytes() for figure in frames(calculate("maxpool"), "pool")}) == 1


def test_a_place_is_worked_out_in_its_cells_and_in_words():
    texts = written(frame(calculate(), None, "a filter", (1, 2)))
    assert "0.2·170" in texts and "= 34" in texts and "row 1, column 2:  −24.5 +9 +20 +73.5 +125 +92 −47 −58 +34 = 224" in texts
    assert not any("transposed" in text for text in texts)


def test_a_window_is_worked_out():
    assert "row 1, column 0:  max(185.5, 217.5, 54, 31) = 217.5" in written(frame(calculate(), (1, 2), "a filter"))
    assert {"max(1, 1, 5, 6) = 6", "max(1, 0, 2, 6) = 6"} <= {*written(frame(calculate("maxpool"), None, "pool"))}
    assert "mean(1, 0, 3, 4) = 2" in written(frame(calculate("avgpool"), (0, 3), "pool"))


def test_the_curve_detector_has_both_sums():
    texts = written(curve_figure(calculate("curve"), calculate("curve", picture=NO_MATCH), "curve"))
    assert {"= 6600", "= 0"} <= {*texts} and texts.count("1500") == 4 and texts.count("600") == 1


def test_numbers_are_written_only_where_they_fit():
    assert fits(calculate(), Style("slide")) and fits(calculate("maxpool"), Style("slide"))
    assert not fits(calculate("volume"), Style()) and not fits(calculate(filters=["box", "gaussian"]), Style())
