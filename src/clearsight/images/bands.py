"""Pictures of any number of bands: TIFF beyond what Pillow reads whole, and `.npy` arrays."""

import logging
import math
from abc import ABC, abstractmethod
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

SAMPLES, BITS, PHOTOMETRIC, EXTRA, PLANES = 277, 258, 262, 338, 284  # tags of a TIFF
COLOURS = {2: 3, 5: 4, 6: 3, 8: 3}  # photometric interpretation → colours; the others have one
UNSPECIFIED = 0  # an extra sample that is not transparency
_NULL = logging.NullHandler()
HELP = "pip install 'clearsight[tiff]' reads it"


class Bands(ABC):
    """A picture of several bands, opened: `size` in px, `mode` such as `12×uint16`, and `array()` `(H, W, C)` as it is stored."""

    def __init__(self, stream: IO[bytes], kind: str) -> None:
        self.format, self._stream = kind, stream
        height, width, bands, self._type = self._facts()
        self.size, self.bands = (width, height), bands
        self.mode = f"{bands}×{self._type}"

    def __enter__(self) -> "Bands":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return

    @property
    def is_animated(self) -> bool:
        """Whether further pages follow, as Pillow calls it."""
        return False

    @abstractmethod
    def _facts(self) -> tuple[int, int, int, np.dtype[Any]]: ...

    @abstractmethod
    def array(self) -> NDArray[Any]:
        """The stored values `(H, W, C)`."""


class TiffBands(Bands):
    """The first picture of a TIFF, read by tifffile."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            import tifffile
        except ImportError:
            raise ValueError(f"{described(stream)}: {HELP}") from None
        logging.getLogger("tifffile").addHandler(_NULL)  # else what it says of damaged files goes to stderr
        self._file = tifffile.TiffFile(stream)
        super().__init__(stream, "TIFF")

    @property
    def is_animated(self) -> bool:
        """Whether further pages follow, as Pillow calls it."""
        return len(self._file.pages) > 1

    def _facts(self) -> tuple[int, int, int, np.dtype[Any]]:
        page = self._file.pages[0]
        return page.imagelength, page.imagewidth, page.samplesperpixel, np.dtype(page.dtype)  # type: ignore[union-attr]

    def array(self) -> NDArray[Any]:
        """The stored values `(H, W, C)`."""
        page = self._file.pages[0]
        try:
            values = page.asarray()
        except ValueError as error:
            if "imagecodecs" in str(error):
                raise ValueError(f"its compression needs imagecodecs: pip install imagecodecs ({error})") from None
            raise
        width, height = self.size
        if values.shape == (self.bands, height, width):  # each band on its own
            values = values.transpose(1, 2, 0)
        return np.asarray(values).reshape(height, width, self.bands)


class NumpyArray(Bands):
    """An array `(H, W)` or `(H, W, C)` in a `.npy` file; never unpickled."""

    def __init__(self, stream: IO[bytes]) -> None:
        _require_all(stream)
        self._values = np.load(stream, allow_pickle=False)
        if self._values.ndim == 2:
            self._values = self._values[:, :, None]
        if self._values.ndim != 3 or self._values.dtype.kind not in "uif":
            raise ValueError(f"an array must be (H, W) or (H, W, C) of numbers, not {self._values.shape} of {self._values.dtype}")
        super().__init__(stream, "NPY")

    def _facts(self) -> tuple[int, int, int, np.dtype[Any]]:
        height, width, bands = self._values.shape
        return height, width, bands, self._values.dtype

    def array(self) -> NDArray[Any]:
        """The stored values `(H, W, C)`."""
        return np.asarray(self._values)


def _require_all(stream: IO[bytes]) -> None:
    """Raise ValueError for a `.npy` file that is shorter than its header says, before memory for that is taken."""
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = header(stream)
    start = stream.tell()
    if (missing := math.prod(shape) * kind.itemsize - (stream.seek(0, 2) - start)) > 0:
        raise ValueError(f"truncated: {missing:,} bytes are missing")
    stream.seek(0)


def many(stream: IO[bytes]) -> bool:
    """Whether the first picture of a TIFF has bands or values that Pillow does not read whole; the stream is left at its start."""
    tags = _tags(stream)
    samples, bits, signed = int(tags.get(SAMPLES, 1)), tags.get(BITS, (1,)), tags.get(339, (1,))
    colours = COLOURS.get(int(tags.get(PHOTOMETRIC, 1)), 1)
    extra = tags.get(EXTRA, ())
    beyond = samples - colours - (len(extra) == 1 and extra[0] in (1, 2)) - (not extra and (colours, samples) == (3, 4))
    if samples == 1:
        return bool(signed[0] == 3 and bits[0] != 32)
    apart = tags.get(PLANES, 1) == 2 and max(bits) > 8  # a plane each: of their values Pillow keeps the upper byte
    return bool(beyond > 0 or max(bits) > 16 or max(signed) > 1 or apart)


def described(stream: IO[bytes]) -> str:
    """The bands of a TIFF in words."""
    tags = _tags(stream)
    return f"it has {int(tags.get(SAMPLES, 1))} bands of {max(tags.get(BITS, (1,)))} bits, where 1, 3 and 4 (with transparency) are read"


def _tags(stream: IO[bytes]) -> dict[int, Any]:
    """The tags of the first picture of a TIFF; {} where they cannot be read, which its reader then reports."""
    stream.seek(0)
    try:
        start = stream.read(8)
        start += stream.read(8) if start[2] == 43 or start[3] == 43 else b""
        directory = TiffImagePlugin.ImageFileDirectory_v2(start)
        stream.seek(directory.next)
        directory.load(stream)
        return {tag: directory[tag] for tag in (SAMPLES, BITS, PHOTOMETRIC, EXTRA, PLANES, 339) if tag in directory}
    except Exception:  # Pillow raises many kinds on broken tags
        return {}
    finally:
        stream.seek(0)
