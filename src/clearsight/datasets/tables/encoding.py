"""Encoding of a text file: UTF-8, UTF-16 and UTF-32, and Windows-1252 (Latin-1) where nothing else is likely."""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from ...base.errors import ClearsightError, plain

_MARKS = (  # a mark of the byte order, the longest first
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_HEAD, _CHUNK, _MOST = 4096, 2**20, 2**26  # bytes
# In Windows-1252 non-ASCII letters are few and alone. Three in a row are Cyrillic, Greek or Chinese, letters between 80 and 9F those of
# a Mac or DOS, and a letter of UTF-8 next to another byte is a damaged file.
_UNLIKELY = re.compile(rb"[\x80-\xff]{3}|[\x81\x83\x88-\x90\x98\x9a-\x9f\xff]|[\xc2-\xdf][\x80-\xbf]")
_SAVE = "Save it as UTF-8 (in Excel: CSV UTF-8)"


class Encoding(NamedTuple):
    """The name of an encoding as Python has it, and a note where it was assumed."""

    codec: str
    note: str = ""


def encoding(path: Path) -> Encoding:
    """The encoding of a text file; raises ClearsightError naming line and byte where it is not clear, OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if codec := next((codec for mark, codec in _MARKS if head.startswith(mark)), ""):
            return Encoding(codec)
        if codec := _wide(head):
            return Encoding(codec, f"{path.name} has no mark of its encoding: read as {codec.upper()}")
        file.seek(0)
        decoder, n = codecs.getincrementaldecoder("utf-8")(), 0
        try:
            while chunk := file.read(_CHUNK):
                before = n - len(decoder.getstate()[0])
                decoder.decode(chunk)
                n += len(chunk)
            before = n - len(decoder.getstate()[0])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            file.seek(0)
            return _latin(path, file.read(_MOST), before + error.start)
    return Encoding("utf-8")


def text(path: Path) -> str:
    """The text of a small file; raises ClearsightError, OSError, UnicodeError."""
    return path.read_text(encoding=encoding(path).codec)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark, by the zeros of its ASCII letters, all in odd or all in even places; '' for other text."""
    head = head[: len(head) // 2 * 2]
    for codec, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if 2 * zeros.count(0) > len(zeros) and 0 not in others:
            made = head.decode(codec, "ignore")
            return codec if all(letter.isprintable() or letter in "\t\r\n" for letter in made) else ""
    return ""


def _latin(path: Path, data: bytes, bad: int) -> Encoding:
    """Windows-1252 for a file that is not UTF-8 from byte `bad` on; raises ClearsightError where that is unlikely."""
    unlikely = _UNLIKELY.search(data)
    if bad >= len(data) or 0 in data or unlikely:
        at = bad if unlikely is None else unlikely.start()
        raise ClearsightError(
            f"{path}{_place(data, at)} is not UTF-8 text (0x{data[at : at + 1].hex()}), and its encoding is not clear. {_SAVE}, "
            "or with iconv -f ENCODING -t UTF-8."
        )
    said = f"{path.name}{_place(data, bad)} is not UTF-8: read as Windows-1252 (Latin-1), as in {plain(_word(data, bad))!r}"
    return Encoding("cp1252", f"{said}. {_SAVE} if that is wrong")


def _word(data: bytes, at: int) -> str:
    """The word of Windows-1252 around a byte."""
    before, after = (part.decode("cp1252", "replace") for part in (data[max(0, at - 40) : at], data[at : at + 40]))
    return re.search(r"\w*\Z", before)[0] + re.match(r"\w*|.", after, re.DOTALL)[0]  # type: ignore[index]


def _place(data: bytes, at: int) -> str:
    """`, line 3, byte 217` of a file, both from 1."""
    line = data.count(b"\n", 0, at) + 1
    return f", line {line:,}, byte {at + 1:,}"
