"""Colour profiles (ICC): colours converted to sRGB where the profile of a picture is of others."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

SPACES = {b"RGB ": ("RGB", "RGBA"), b"GRAY": ("L", "LA"), b"CMYK": ("CMYK",)}  # colour space of a profile → modes that it can belong to
SRGB = (b"sRGB", "sRGB".encode("utf-16-be"))
MOST = 2**22  # bytes; profiles of printers have up to 2 MB


def foreign(image: Image.Image) -> bytes:
    """The profile of a picture of at most 8 bits whose colours are not sRGB, b"" without one or with one that does not fit."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 128 < len(profile) <= MOST:
        return b""
    modes = SPACES.get(profile[16:20], ())
    mode = "RGB" if image.mode == "P" else image.mode
    return b"" if mode not in modes or any(name in profile for name in SRGB) else profile


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The picture with its colours converted from `profile` to sRGB, transparency kept; as it is where the profile is damaged."""
    if image.has_transparency_data and image.mode not in ("LA", "RGBA"):
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    elif image.mode == "P":
        image = image.convert("RGB")
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colours = image.convert(image.mode[:-1]) if alpha else image
    if (transform := _transform(profile, colours.mode)) is None:
        return image
    converted = ImageCms.applyTransform(colours, transform)
    assert converted is not None
    if colours.mode == "L":
        converted = converted.convert("L")
    if alpha:
        converted.putalpha(alpha)
    return converted


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The conversion to sRGB, relative colorimetric as in browsers; None for a profile that cannot be used."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(source, srgb, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
