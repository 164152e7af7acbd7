"""Decoding: bounded in pixels, in this process and in children."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from clearsight.base.errors import UnreadableImage
from clearsight.images.preprocess import Preprocessing
from clearsight.serving.engine import decoding
from clearsight.serving.engine.decoding import Decoder, Here
from tests.loop import run

from ..conftest import picture, png

PREPROCESSING = Preprocessing(1, 28, 28)


@pytest.mark.parametrize("isolate", [False, True])
def test_pictures_are_fitted_as_ever(isolate):
    async def both():
        decoder = Decoder(isolate, threads=1)
        found = await decoder.load(png(picture(0, 50)), PREPROCESSING), await decoder.fit(picture(0, 50), PREPROCESSING)
        decoder.close()
        return found

    loaded, fitted = run(both())
    wanted = PREPROCESSING.load(png(picture(0, 50)))
    assert np.array_equal(loaded, wanted) and np.array_equal(fitted, wanted)


def test_pixels_in_flight_are_bounded_and_the_largest_picture_is_alone(monkeypatch):
    held, most = [], 2 * 28 * 28
    decode = Here(most)

    def slowly(data, **how):
        held.append(decode.pixels.held)
        threading.Event().wait(0.005)

    monkeypatch.setattr(decoding, "decode", slowly)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decode, [png(picture(n, 28 if n % 3 else 90)) for n in range(12)]))
    assert len(held) == 12 and max(held) <= most and decode.pixels.held == 0


def test_room_is_given_back_after_an_error():
    decode = Here(10)
    with pytest.raises(UnreadableImage):
        decode(png(picture(0))[:90], channels=1)
    assert decode.pixels.held == 0
