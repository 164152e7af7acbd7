"""Pictures as text inside the page."""

import base64
from collections.abc import Callable
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

from ..datasets.dataset import Dataset
from ..evaluation.evaluate import Evaluation, printable
from ..images.convert import visible
from ..images.decode import decode
from ..images.deep import PLAIN, Reading

SIDE = 128  # px; shown at about 110
TINY = 64  # px; up to here each pixel is shown as a square


def thumbnail(picture: np.ndarray) -> str:
    """An `<img>` for a picture, uint8 `(H, W, C)`: as it is when small, else reduced to 128 px."""
    picture = np.ascontiguousarray(visible(picture))
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    tiny = max(image.size) <= TINY
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    stream = BytesIO()
    if tiny:  # a photograph as PNG would be five times as large
        image.save(stream, format="PNG", optimize=True)
    else:
        image.save(stream, format="JPEG", quality=82)
    kind, css = ("png", ' class="tiny"') if tiny else ("jpeg", "")
    return f'<img{css} alt="" src="data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}">'


def thumbnails(evaluation: Evaluation, dataset: Dataset, reading: Reading = PLAIN) -> Callable[[int], str]:
    """Row of the evaluation → its picture in a frame, read as by the classifier, with what it is called; raises UnreadableImage."""
    place = {str(name): i for i, name in enumerate(printable(dataset.names))}

    def show(row: int) -> str:
        name = str(evaluation.names[row])
        picture = decode(dataset.source(place[name]), min_side=SIDE, reading=reading) if name in place else None
        return f'<span class="frame" title="{escape(name)}">{"" if picture is None else thumbnail(picture)}</span>'

    return show
