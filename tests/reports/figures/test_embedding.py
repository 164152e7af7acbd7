"""The space of features: a thumbnail lies on its frame, not beneath it."""

import io

import numpy as np
from PIL import Image

from clearsight.reports.figures.embedding import before_after_figure, embedding_figure
from clearsight.reports.saving import saved

GREY = np.full((16, 16, 3), (100, 120, 140), np.uint8)
PLACES = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def share(figure):
    with Image.open(io.BytesIO(saved([figure], ".png"))) as image:
        return (np.asarray(image.convert("RGB")) == GREY[0, 0]).all(2).mean()


def test_thumbnails_are_seen():
    one = share(embedding_figure("t", "n", PLACES, [GREY] * 3, [0, 1, 0], ("a", "b")))
    two = share(before_after_figure("t", [("x", "n", PLACES), ("y", "n", PLACES)], [GREY] * 3, [0, 1, 0], ("a", "b")))
    assert one > 0.003 and two > 0.002
