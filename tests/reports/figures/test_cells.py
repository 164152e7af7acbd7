"""Cells: what is written in them, their colours, and how wide they are."""

import numpy as np

from clearsight.reports.figures.cells import Matrix, number
from clearsight.reports.style import PRINT, Style

VALUES = np.array([[-105.5, 0.0], [34.0, -0.0]])


def test_numbers_have_a_true_minus_and_no_negative_zero():
    assert Matrix("a", VALUES).texts() == ["−105.5", "0", "34", "0"] and number(-24.5, "+g") == "−24.5"
    assert Matrix("a", VALUES, numbers=False).texts() == [""] * 4
    assert Matrix("a", VALUES, words="abcd").texts() == list("abcd")


def test_a_cell_is_as_wide_as_its_longest_text():
    assert Matrix("a", VALUES).cell(Style("slide")) > 2 * Matrix("a", VALUES).cell(PRINT) > 2 * Matrix("a", VALUES * 0).cell(PRINT)
    assert Matrix("a", VALUES, fixed=0.5).cell(PRINT) == 0.5


def test_pixels_are_grey_and_other_numbers_signed():
    grey = Matrix("a", np.array([[0.0, 100.0, 200.0]]), pixels=True).scale().rgb([[0.0, 100.0, 200.0]])[0]
    assert (grey[0] == 0).all() and (grey[2] == 255).all() and np.ptp(grey[1]) == 0
    signed = Matrix("a", VALUES).scale().rgb([[-105.5, 0.0, 105.5]])[0]
    assert signed[0][2] > signed[0][0] and signed[1].min() > 240 and signed[2][0] > signed[2][2]
