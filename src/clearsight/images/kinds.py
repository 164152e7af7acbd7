"""Kinds of picture files: those that are read, and those that are recognised, with what to do about them."""

import re
from typing import Any

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    features,
)

from .bands import NumpyArray

try:
    from pi_heif import HeifImageFile
except ImportError:  # the extra `heif`
    HeifImageFile = None

Reader = Any  # a class of Pillow's `ImageFile`, made from a binary file
_HEIC = rb"heic|heix|heim|heis|hevc|hevx|hevm|hevs"
# Not Image.open: it has a process-wide size limit that warns, and passes a JPEG with a second picture in it to another reader
READERS: dict[str, tuple[bytes, Reader]] = {
    "JPEG": (rb"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    "PNG": (rb"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    "WEBP": (rb"RIFF....WEBP", WebPImagePlugin.WebPImageFile),
    "GIF": (rb"GIF8[79]a", GifImagePlugin.GifImageFile),
    "BMP": (rb"BM", BmpImagePlugin.BmpImageFile),
    "TIFF": (rb"II\*\0|MM\0\*|II\+\0|MM\0\+|MM\*\0|II\0\*", TiffImagePlugin.TiffImageFile),
    "PPM": (rb"P[1-6]\s", PpmImagePlugin.PpmImageFile),
    "NPY": (rb"\x93NUMPY", NumpyArray),
    # the names mif1 and msf1 are common to both: the list of compatible ones that follows tells them apart
    "AVIF": (rb"....ftyp(?:avif|avis|(?:mif1|msf1)(?!.{4}(?:....)*?(?:" + _HEIC + rb")))", AvifImagePlugin.AvifImageFile),
    "HEIF": (rb"....ftyp(?:" + _HEIC + rb"|(?:mif1|msf1).{4}(?:....)*?(?:" + _HEIC + rb"))", HeifImageFile),
}
_THERE = {"AVIF": features.check("avif"), "WEBP": features.check("webp"), "HEIF": HeifImageFile is not None}
FORMATS = tuple(kind for kind in READERS if _THERE.get(kind, True))
HEIF = "pip install 'clearsight[heif]' reads it"
SUFFIXES = frozenset(  # file name extensions of pictures; the format follows from the content
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".avif"),
        *(".ppm", ".pgm", ".pbm", ".pnm", ".npy"),
        *((".heic", ".heif", ".hif") if HeifImageFile else ()),
    )
)
_CONVERT = "magick FILE FILE.png converts it"
_RAW = "magick FILE FILE.png, or darktable-cli FILE FILE.png, converts it"
# Pictures of other kinds by their extension: what they are, and what helps
OTHER_SUFFIXES = {
    **dict.fromkeys((".heic", ".heif", ".hif"), ("HEIC", HEIF)),
    ".jxl": ("JPEG XL", "djxl FILE FILE.png converts it"),
    **dict.fromkeys((".jp2", ".j2k", ".jpf", ".jpx", ".jpc", ".j2c"), ("JPEG 2000", _CONVERT)),
    **dict.fromkeys((".jxr", ".wdp", ".hdp"), ("JPEG XR", "JxrDecApp -i FILE -o FILE.tif converts it")),
    **dict.fromkeys((".svg", ".svgz"), ("SVG, a drawing", "rsvg-convert FILE -o FILE.png converts it")),
    **dict.fromkeys((".psd", ".psb"), ("a Photoshop file", "magick 'FILE[0]' FILE.png converts it")),
    **dict.fromkeys((".xcf", ".kra"), ("a file of a drawing program", "export it as PNG")),
    **dict.fromkeys((".eps", ".ai", ".wmf", ".emf"), ("a drawing", "export it as PNG")),
    **dict.fromkeys((".dcm", ".dicom"), ("DICOM", "dcm2img FILE FILE.png converts it")),
    **dict.fromkeys((".nii", ".mha", ".mhd", ".nrrd"), ("a volume of slices", "save each slice as PNG or TIFF")),
    **dict.fromkeys(
        (".svs", ".ndpi", ".czi", ".lif", ".nd2", ".mrxs", ".scn"), ("a microscope's file", "save regions of it as PNG or TIFF")
    ),
    **dict.fromkeys((".fits", ".fit", ".fts"), ("FITS", "save it as 16-bit TIFF")),
    **dict.fromkeys((".exr", ".hdr"), ("a picture of high dynamic range", "save it as 16-bit TIFF")),
    **dict.fromkeys((".pam", ".pfm"), ("Netpbm of a newer kind", _CONVERT)),
    **dict.fromkeys((".tga", ".dds", ".ico", ".cur", ".icns", ".pcx", ".sgi", ".qoi", ".ras", ".xbm", ".xpm"), ("an older kind", _CONVERT)),
    **dict.fromkeys(
        (
            *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw", ".x3f"),
            *(".3fr", ".iiq", ".erf", ".kdc", ".mrw", ".rwl"),
        ),
        ("a camera's raw file", _RAW),
    ),
}
UNREAD = frozenset(OTHER_SUFFIXES) - SUFFIXES
_CONTENT = {  # other content found in files named as pictures
    rb"version https://git-lfs": "a Git LFS pointer; `git lfs pull` fetches the picture",
    rb"\s*(?:<!doctype html|<html)": "a web page",
    rb"\s*(?:<\?xml|<svg)": "SVG or other XML; a drawing can be exported as PNG",
    rb"\0\0\0\x0cJXL |\xff\x0a": "JPEG XL; djxl FILE FILE.png converts it",
    rb"\0\0\0\x0cjP  ": f"JPEG 2000; {_CONVERT}",
    rb"8BPS": "a Photoshop file; magick 'FILE[0]' FILE.png converts it",
    rb".{128}DICM": "DICOM; dcm2img FILE FILE.png converts it",
    rb"....ftypcrx |FUJIFILMCCD-RAW|IIU\0|II\x1a\0\0\0HEAPCCDR|IIRO|MMOR": f"a camera's raw file; {_RAW}",
    rb"....ftyp": "a film, or HEIC of a kind that is not read",
    rb"SIMPLE  =": "FITS; save it as 16-bit TIFF",
    rb"P[7fF]\s": f"Netpbm of a newer kind; {_CONVERT}",
    rb"%PDF": "a PDF",
    rb"PK\x03\x04": "a ZIP archive",
    rb"\0+\Z": "zeros, as a broken copy leaves them",
    rb"[\t\n\r\x20-\x7e]+\Z": "text",
}


def kind_of(head: bytes) -> str:
    """The format whose signature the first 512 bytes of a file have, '' for none."""
    return next((kind for kind, (signature, _) in READERS.items() if re.match(signature, head, re.DOTALL)), "")


def looks_like(head: bytes, suffix: str) -> str:
    """What a file of no known format seems to be, by its first 512 bytes or else its extension, and what helps; '' if unknown."""
    by_content = (what for start, what in _CONTENT.items() if re.match(start, head, re.DOTALL | re.IGNORECASE))
    named = "; ".join(OTHER_SUFFIXES.get(suffix.lower(), ()))
    return next(by_content, "") or named


def missing_reader(kind: str) -> str:
    """Why a known format cannot be read here, and what helps; '' if it can."""
    if _THERE.get(kind, True):
        return ""
    return f"it is HEIC: {HEIF}" if kind == "HEIF" else f"it is {kind}, and this Pillow was built without it: pip install --upgrade Pillow"
