"""Grids as text and as tables."""

from clearsight.exercises.exercise import Grid
from clearsight.reports.exercises.grids import colours, lines, table


def test_columns_are_aligned():
    assert lines(Grid("g", ((1, -20), (300, 4.5)), "signed")) == ["  1  −20", "300  4.5"]
    assert lines(Grid("g", (("layer", "n"), ("conv", 3)))) == ["layer  n", "conv   3"]


def test_brighter_is_more_and_signs_have_two_colours():
    (black, grey, white) = (colours(Grid("g", ((0, 5, 10),), "picture")))[0]
    assert black < grey < white == "#ffffff"
    low, zero, high = colours(Grid("g", ((-1, 0, 1),), "signed"))[0]
    assert zero == "#ffffff" and int(low[1:3], 16) < int(low[5:7], 16) and int(high[1:3], 16) > int(high[5:7], 16)


def test_a_table_has_caption_and_headers():
    html = table(Grid("a < b", (("layer", "n"), ("conv", 3))))
    assert "a &lt; b</caption>" in html and html.count('<th scope="col"') == 2 and html.count("<td") == 2
