"""The parts of hand-designed features, drawn where they are."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from clearsight.look.handmade.gradients import Gradients
from clearsight.look.handmade.responses import Responses
from clearsight.reports.figures.handmade.parts import Frame, _chosen, draw_gradients
from clearsight.reports.figures.page import Page
from clearsight.reports.style import PRINT


def test_strokes_lie_over_their_cells_and_are_as_strong_as_these():
    cells = np.zeros((2, 2, 9), np.float32)
    cells[0, 1, 4], cells[1, 0, 0] = 1.0, 0.5  # gradients downwards, and nearly to the right
    page = Page(PRINT)
    draw_gradients(page, np.zeros((8, 8, 3), np.uint8), Gradients(cells, 4, 180), Frame(0, 0, 2, 2), Frame(3, 0, 4, 2))
    (drawn,) = [one for one in page.canvas.collections if isinstance(one, LineCollection)]
    middles = [tuple(segment.mean(0)) for segment in drawn.get_segments()]
    assert middles == [pytest.approx((4.5, 0.5)), pytest.approx((3.5, 1.5))]
    first, second = (np.diff(segment, axis=0)[0] for segment in drawn.get_segments())
    assert abs(first[1]) < 1e-9 and abs(second[0]) < 0.2 * abs(second[1])  # across the gradients
    assert drawn.get_colors()[0][3] == pytest.approx(1) and drawn.get_colors()[1][3] == pytest.approx(0.5**0.7)


def test_a_slide_shows_four_directions_of_the_longer_wave():
    names = tuple(f"λ = {wave} px, {i}°, {'odd' if i % 2 else 'even'}" for wave in (3, 6) for i in range(16))
    bank = Responses(names, (), np.zeros((32, 2, 2), np.float32), (1, 1))
    assert _chosen(bank, True) == [[16, 20, 24, 28]] and _chosen(bank, False) == [[0, 4, 8, 12], [16, 20, 24, 28]]
