"""What the figure of simple cells proves."""

from clearsight.reports.figures.simple_cells import note
from tests.reports.figures.examples import cells


def test_the_share_of_gabor_functions_is_in_the_note():
    assert note(cells()).startswith("33% of 30 filters are Gabor functions"), "R² = 1 − i/30 ≥ 0.7 for i = 0 to 9"
