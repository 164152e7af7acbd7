"""What every file in the world must come to: a picture, or one line that names the file and says why."""

from pathlib import Path
from typing import Any

import numpy as np

from clearsight.base.errors import UnreadableImage, plain
from clearsight.base.text.words import MOST_BANDS
from clearsight.images.decode import MAX_PIXELS, decode, picture_facts


def judged(source: Any, **options: Any) -> np.ndarray | str:
    """The picture, or the reason there is none; an AssertionError, or whatever escapes, breaks the contract."""
    try:
        picture = decode(source, **options)
    except UnreadableImage as error:
        return _one_line(error, source)
    facts = picture_facts(source)
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.size, picture.shape
    assert picture.shape[2] in (1, 3) or (facts.format == "TIFF" and picture.shape[2] <= MOST_BANDS), picture.shape
    assert picture.shape[0] * picture.shape[1] <= MAX_PIXELS
    assert picture.shape[:2] == (facts.height, facts.width) or "min_side" in options, (picture.shape, facts)
    return picture


def _one_line(error: UnreadableImage, source: Any) -> str:
    name = f"<{len(source)} bytes>" if isinstance(source, bytes) else str(source)
    assert str(error) == f"cannot read {plain(name)}: {error.reason}"
    assert error.reason.strip() and error.reason.isprintable() and len(error.reason) < 300, repr(error.reason)
    return error.reason


def memory(which: str) -> int:
    """Bytes, from Linux' own books (VmHWM: the most that was resident, VmPeak: of address space); 0 where there are none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))
