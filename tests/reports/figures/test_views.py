"""The matrix of similarities in the order of the pictures."""

import numpy as np

from clearsight.reports.figures.views import by_picture


def test_the_views_of_a_picture_are_next_to_each_other():
    names = np.array(["1a", "2a", "1b", "2b"])
    assert by_picture(np.char.add(names[:, None], names[None]))[0].tolist() == ["1a1a", "1a1b", "1a2a", "1a2b"]
