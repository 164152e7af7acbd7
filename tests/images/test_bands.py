"""Pictures of any number of bands are read whole, equal to tifffile, and never lose one silently."""

from io import BytesIO

import numpy as np
import pytest
import tifffile

from clearsight.base.errors import UnreadableImage
from clearsight.images import bands
from clearsight.images.decode import decode, picture_facts
from clearsight.images.deep import OLD, Reading

RANDOM = np.random.default_rng(0).integers(0, 256, (6, 5, 13)).astype(np.uint8)


def tiff(values: np.ndarray, **options) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("n", [2, 4, 5, 12, 13])
@pytest.mark.parametrize("plan", ["contig", "separate"])
def test_bands_are_those_of_tifffile(n, plan, kind):
    values = RANDOM[..., :n].astype(kind) * (257 if kind == "uint16" else 1)
    whole = values if plan == "contig" else np.moveaxis(values, 2, 0)
    data = tiff(whole, photometric="minisblack", planarconfig=plan)
    assert np.array_equal(decode(data), RANDOM[..., :n])
    assert np.array_equal(decode(data, channels=n), RANDOM[..., :n])
    assert np.array_equal(decode(data, reading=Reading(bands=(2, 1))), RANDOM[..., [1, 0]])
    assert picture_facts(data).mode == f"{n}×{kind}"
    with pytest.raises(UnreadableImage, match=f"it has {n} bands, and 3 are wanted"):
        decode(data, channels=3)
    with pytest.raises(UnreadableImage, match="cut off"):
        decode(data[: len(data) // 2])


def test_a_fourth_band_is_read_and_transparency_is_not_a_band_unless_wanted():
    four = RANDOM[..., :4]
    band = tiff(four, photometric="rgb", extrasamples=["unspecified"])
    alpha = tiff(four, photometric="rgb", extrasamples=["unassalpha"])
    assert np.array_equal(decode(band), four)
    assert decode(alpha).shape[2] == 3
    assert np.array_equal(decode(alpha, channels=4), four)
    assert np.array_equal(decode(band, reading=OLD), four[..., :3])  # as artefacts of before read it


def test_arrays_in_npy_files():
    stream = BytesIO()
    np.save(stream, RANDOM)
    data = stream.getvalue()
    assert np.array_equal(decode(data), RANDOM) and picture_facts(data).format == "NPY"
    with pytest.raises(UnreadableImage, match="3 bytes are missing"):
        decode(data[:-3])
    stream = BytesIO()
    np.save(stream, np.array([["a"]], dtype=object), allow_pickle=True)
    with pytest.raises(UnreadableImage, match="NPY"):
        decode(stream.getvalue())


def test_without_tifffile_the_extra_is_named(monkeypatch):
    data = tiff(RANDOM, photometric="minisblack", planarconfig="contig")
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    with pytest.raises(UnreadableImage, match=r"it has 13 bands of 8 bits.*pip install 'clearsight\[tiff\]'"):
        decode(data)


@pytest.mark.parametrize("options", [{}, {"photometric": "minisblack"}, {"compression": "zlib"}])
def test_what_pillow_reads_whole_goes_on_through_pillow(options):
    assert not bands.many(BytesIO(tiff(RANDOM[..., 0], **options)))
    assert not bands.many(BytesIO(tiff(RANDOM[..., :3], photometric="rgb")))


def test_a_picture_of_too_many_bands_or_values_is_refused_before_it_is_read():
    data = tiff(np.zeros((2, 3, 300), np.uint8), photometric="minisblack", planarconfig="contig")
    with pytest.raises(UnreadableImage, match="it has 300 bands; up to 256 are read"):
        decode(data)
    with pytest.raises(UnreadableImage, match="6×5 in 13 bands are 390 values; the limit is 160"):
        picture_facts(tiff(np.repeat(RANDOM, 6, 1)[:5, :6], photometric="minisblack", planarconfig="contig"), max_pixels=40)


def test_the_tags_of_a_picture_may_follow_its_pixels():
    import cv2

    data = cv2.imencode(".tiff", np.ones((4, 5, 3), np.float32))[1].tobytes()
    assert int.from_bytes(data[4:8], "little") > 8  # where the tags begin
    assert bands.many(BytesIO(data))


def test_signed_colours_are_more_than_pillow_reads():
    assert bands.many(BytesIO(tiff(RANDOM[..., :3].astype(np.int16), photometric="rgb")))


GREY, COLOUR, PALETTE, CMYK = 1, 2, 3, 5  # values of the tag 262


@pytest.mark.parametrize(
    ("tags", "more"),
    [
        ({}, False),
        ({277: 1, 258: (8,), 262: GREY}, False),
        ({277: 1, 258: (16,), 262: GREY, 339: (2,)}, False),
        ({277: 1, 258: (32,), 262: GREY, 339: (3,)}, False),
        ({277: 1, 258: (64,), 262: GREY, 339: (3,)}, True),
        ({277: 1, 258: (16,), 262: GREY, 339: (3,)}, True),
        ({277: 2, 258: (8, 8), 262: GREY}, True),
        ({277: 2, 258: (8, 8), 262: GREY, 338: (1,)}, False),  # transparency
        ({277: 2, 258: (8, 8), 262: GREY, 338: (2,)}, False),
        ({277: 2, 258: (8, 8), 262: GREY, 338: (0,)}, True),
        ({277: 3, 258: (8, 8, 8), 262: GREY, 338: (1, 1)}, True),
        ({277: 3, 258: (8, 8, 8), 262: COLOUR}, False),
        ({277: 3, 258: (16, 16, 16), 262: COLOUR}, False),
        ({277: 3, 258: (8, 17, 8), 262: COLOUR}, True),
        ({277: 3, 258: (8, 8, 8), 262: COLOUR, 339: (1, 2, 1)}, True),
        ({277: 3, 258: (8, 8, 8), 262: COLOUR, 284: 2}, False),
        ({277: 3, 258: (9, 9, 9), 262: COLOUR, 284: 2}, True),
        ({277: 3, 258: (9, 9, 9), 262: COLOUR, 284: 1}, False),
        ({277: 4, 258: (8, 8, 8, 8), 262: COLOUR}, False),  # a fourth of colours that is not described is transparency
        ({277: 5, 258: (8,) * 5, 262: COLOUR}, True),
        ({277: 4, 258: (8,) * 4, 262: CMYK}, False),
        ({277: 5, 258: (8,) * 5, 262: CMYK}, True),
    ],
)
def test_what_pillow_does_not_read_whole(monkeypatch, tags, more):
    monkeypatch.setattr(bands, "_tags", lambda stream: tags)
    assert bands.many(BytesIO()) is more
