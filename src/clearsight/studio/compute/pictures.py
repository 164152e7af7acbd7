"""Pictures for the page: one as large as it is shown, one of a sheet."""

import base64
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...base.errors import ClearsightError
from ...datasets.identity import content
from ...images.convert import visible
from ..library import PICTURE_BYTES

SHOWN = 640  # px of the longest side of a picture in the page
CELL, SMALL = 64, 32  # px of a picture of a sheet; up to SMALL every pixel is kept, and shown as a square


def encoded(pixels: NDArray[Any]) -> str:
    """A picture uint8 `(H, W, C)` for the page, at most 640 px: as PNG in base64, a larger one as JPEG."""
    image = _image(pixels)
    small = max(image.size) <= 256
    image.thumbnail((SHOWN, SHOWN), Image.Resampling.LANCZOS)
    stream = BytesIO()
    image.save(stream, format="PNG" if small else "JPEG", **({} if small else {"quality": 88}))
    return base64.b64encode(stream.getvalue()).decode()


def stored_bytes(source: Any) -> bytes | None:
    """A picture of a data set as the bytes of a file with the same pixels; None for a large file, and an array that PNG cannot hold."""
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or not (source.ndim == 2 or source.shape[-1] in (1, 3)):
            return None
        stream = BytesIO()
        _image(source if source.ndim == 3 else source[..., None]).save(stream, format="PNG")
        return stream.getvalue()
    try:
        return content(source, PICTURE_BYTES)
    except OSError as error:
        raise ClearsightError(f"this picture cannot be read: {error.strerror or error}.") from error


def thumbnail(pixels: NDArray[Any]) -> Image.Image:
    """A decoded picture of any bands at no more than 64 px; one of at most 32 px as it is."""
    image = _image(visible(pixels))
    if max(image.size) > SMALL:
        image.thumbnail((CELL, CELL), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def tiled(images: list[Image.Image | None], columns: int) -> tuple[str, int, list[list[int]]]:
    """Thumbnails in rows of so many `columns` as one picture in base64, the side of a cell, and x, y, w, h of each in its cell."""
    side = max((max(image.size) for image in images if image), default=SMALL)
    side = CELL if side > SMALL else side
    grey = all(image.mode == "L" for image in images if image)
    whole = Image.new("L" if grey else "RGB", (columns * side, -(-len(images) // columns) * side))
    boxes = [[0, 0, 0, 0] for _ in images]
    for k, image in enumerate(images):
        if image:
            boxes[k] = [(side - image.width) // 2, (side - image.height) // 2, *image.size]
            whole.paste(image, (k % columns * side + boxes[k][0], k // columns * side + boxes[k][1]))
    stream = BytesIO()
    if side <= SMALL:
        whole.save(stream, format="PNG", compress_level=1)
    else:
        whole.save(stream, format="JPEG", quality=85)  # cells of 64 px are whole blocks: no colour runs into the next
    return base64.b64encode(stream.getvalue()).decode(), side, boxes


def _image(pixels: NDArray[Any]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))
