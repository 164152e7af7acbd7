"""Many names in one buffer: 10 bytes a name and its text, where Python's strings take 60 and the text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Names:
    """Strings as a read-only array (N,): `names[i]` is a str, `names[rows]` further Names, `numpy.asarray(names)` an object array.

    `text` holds them as UTF-8, `starts` int64 (N,) and `lengths` uint16 (N,) in bytes.
    """

    text: bytes
    starts: NDArray[np.int64]
    lengths: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> str: ...
    @overload
    def __getitem__(self, rows: slice | NDArray[Any] | list[int]) -> "Names": ...
    def __getitem__(self, rows: Any) -> "str | Names":
        if isinstance(rows, int | np.integer):
            start = int(self.starts[rows])
            return _decoded(self.text[start : start + int(self.lengths[rows])])
        return Names(self.text, self.starts[rows], self.lengths[rows])

    def __iter__(self) -> Iterator[str]:
        for start, length in zip(self.starts.tolist(), self.lengths.tolist(), strict=True):
            yield _decoded(self.text[start : start + length])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        made = np.empty(len(self), dtype=object)
        made[:] = list(self)
        return made if dtype is None else made.astype(dtype)

    def astype(self, dtype: Any) -> NDArray[Any]:
        """The names as an array of another type."""
        return self.__array__(dtype)

    def tolist(self) -> list[str]:
        """The names as a list."""
        return list(self)


def packed(text: bytes) -> Names:
    """Names that each end in a zero byte."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == 0)
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: len(ends)]
    return Names(text, starts, (ends - starts).astype(np.uint16))


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace")  # a name in a tar file is bytes, which may not be valid UTF-8
