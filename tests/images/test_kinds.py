"""Every picture is read, or named for what it is with the command that helps."""

import base64
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from clearsight.base.errors import UnreadableImage
from clearsight.images import kinds
from clearsight.images.decode import decode, picture_facts

# 24×16, red and grey above, black and blue below; written by libheif 1.20
HEIC = zlib.decompress(
    base64.b85decode(
        "c-muNV30{GsVvAy%}izhg51nBLl8SRGck>Ufw3kxwIq=N0u(b+a*CjAhJwuG5(YG&l$nzcHpIn&fe{FSfN=qY27*i=R?f`KO9S&jqM|@fDif5KQI>27V)7MamgK^f{K+gRDge@VG7FOPfpjTQnKL6ZNN56Bk=zG{KYxGxU|`^9P5|nVaA4$N{Qn=MfElEM8HD6^F*zgxB{iKG8PQ}GC^WK8d$n%Xvj>U`4m2<@@HBvgTatjP*<2V879Z>c+98~rpHq~VoKpc5<z-+4Dq#@GEG|feddvZeHIj1@K@O9Ex?KQ7|NsC029Ra~(icE9NW37k0u&ew%p4pXAoZCAxv($>1{-T56EkZIkX@LYk_ZapR1L=UoF^)jnhz+?4Bmg@|L>0{yuW<^d_9_@*!Ta0%e)F%!cz=3)`k}Ee>N#!?7ijIvlFbIm$nI4)Un&nT^?fo;rshwb|u5p_wNS$`q%xHqsBGWGAHft-~XN~-)r?X+@I;|_-NSy0L*iRfB"
    )
)


def test_heic_is_read_with_the_extra_and_named_without_it(monkeypatch):
    pytest.importorskip("pi_heif")
    picture = decode(HEIC)
    assert picture.shape == (16, 24, 3)
    for place, colour in {(2, 2): (220, 40, 40), (2, 20): (200, 200, 200), (12, 20): (40, 60, 220), (12, 2): (0, 0, 0)}.items():
        assert np.abs(picture[place].astype(int) - colour).max() < 12
    assert picture_facts(HEIC).format == "HEIF"
    for end in (60, 300, len(HEIC) - 1):
        with pytest.raises(UnreadableImage):
            decode(HEIC[:end])
    monkeypatch.setitem(kinds._THERE, "HEIF", False)
    with pytest.raises(UnreadableImage, match=r"it is HEIC: pip install 'clearsight\[heif\]' reads it"):
        decode(HEIC)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "HEIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "HEIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf", "AVIF"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1miaf", "AVIF"),
        (b"\0\0\0\x1cftypisom\0\0\0\0", ""),
        (b"P5\n", "PPM"),
        (b"P7\n", ""),
        (b"II*\0", "TIFF"),
    ],
)
def test_a_signature_decides(start, kind):
    assert kinds.kind_of(start + bytes(100)) == kind


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x0cJXL \r\n", "djxl"),
        (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
        (bytes(128) + b"DICM\2", "DICOM"),
        (b"\0\0\0\x18ftypcrx \0\0", "raw file"),
        (b"SIMPLE  =    T", "FITS"),
        (bytes(200), "zeros"),
    ],
)
def test_other_pictures_are_named_by_their_content(start, words):
    with pytest.raises(UnreadableImage, match=f"not a picture in .*; it looks like .*{words}"):
        decode(start)


def test_other_pictures_are_named_by_their_extension(tmp_path):
    (tmp_path / "a.xcf").write_bytes(b"\1\2\3")
    with pytest.raises(UnreadableImage, match="a file of a drawing program; export it as PNG"):
        decode(tmp_path / "a.xcf")
    assert not kinds.SUFFIXES & kinds.UNREAD
    assert all(what and helps for what, helps in kinds.OTHER_SUFFIXES.values())


def test_a_raw_file_is_not_read_as_its_thumbnail():
    thumbnail = Image.new("RGB", (8, 6), (1, 2, 3))
    stream = BytesIO()
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[50706] = b"\1\4\0\0"
    thumbnail.save(stream, "TIFF", tiffinfo=tags)
    with pytest.raises(UnreadableImage, match="a camera's raw file"):
        decode(stream.getvalue())


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b"P1\n2 2\n1 0 0 1\n", [0, 255, 255, 0]),
        (b"P2\n2 2\n255\n1 2 3 4\n", [1, 2, 3, 4]),
        (b"P3\n1 1\n4095\n4095 0 2048\n", [255, 0, 128]),
        (b"P4\n8 1\n\xf0", [0, 0, 0, 0, 255, 255, 255, 255]),
        (b"P5\n2 2\n255\n\1\2\3\4", [1, 2, 3, 4]),
        (b"P5\n2 2\n15\n\1\2\3\4", [17, 34, 51, 68]),
        (b"P5\n2 1\n1023\n\3\xff\0\0", [255, 0]),
        (b"P5\n2 2\n65535\n\xff\xff\0\0\1\1\x80\x80", [255, 0, 1, 128]),
        (b"P6\n# c\n1 1\n255\n\1\2\3", [1, 2, 3]),
        (b"P6\n1 1\n65535\n\xff\xff\0\0\x80\x80", [255, 0, 128]),
    ],
)
def test_netpbm_by_value(data, values):
    assert decode(data).reshape(-1).tolist() == values
    with pytest.raises(UnreadableImage, match="cut off"):
        decode(data.rsplit(None, 1)[0] if data[1:2] in b"123" else data[:-1])
