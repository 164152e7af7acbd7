"""A figure that stands still."""

from matplotlib.figure import Figure

from clearsight.studio.compute.lecture.figures import shown
from clearsight.studio.compute.lecture.still import Still


def test_it_is_a_picture_for_the_page():
    found = shown(Still("a title", "a sentence", Figure(figsize=(1, 1))), "yours")
    assert found["image"].startswith("iVBOR") and (found["title"], found["of"]) == ("a title", "yours")
