"""Pictures inside a page: small ones as they are, large ones reduced, names as text."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from clearsight.evaluation.evaluate import evaluate
from clearsight.reports.thumbnails import SIDE, TINY, thumbnail, thumbnails
from tests.evaluation.stand_in import Nearest, digits


def opened(html: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_small_picture_is_exact(channels):
    picture = np.random.default_rng(0).integers(0, 256, (TINY, 20, channels), dtype=np.uint8)
    html = thumbnail(picture)
    assert 'class="tiny"' in html
    assert np.array_equal(np.asarray(opened(html)).reshape(picture.shape), picture)


def test_a_large_one_is_reduced_with_its_shape():
    html = thumbnail(np.full((200, 400, 3), 90, np.uint8))
    assert opened(html).size == (SIDE, SIDE // 2) and opened(html).format == "JPEG" and "tiny" not in html


def test_rows_are_found_by_name():
    data = digits(3, 3)
    show = thumbnails(evaluate(Nearest(3), data, quiet=True), data)
    assert all(np.array_equal(np.asarray(opened(show(i))), data.source(i)) for i in range(len(data)))
    data.names[4] = "<b>gone"
    shown = thumbnails(evaluate(Nearest(3), data, quiet=True), digits(3, 3))(4)
    assert shown == '<span class="frame" title="&lt;b&gt;gone"></span>'
