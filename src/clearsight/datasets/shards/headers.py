"""One pass over the headers of a tar file: where each member lies, without unpacking.

Formats: ustar, GNU (long names, large sizes) and PAX, as GNU tar, Python's `tarfile` and webdataset write them. A tar file inside is
entered, as ImageNet's training set is stored; offsets stay those of the outer file.
"""

from dataclasses import dataclass, field

import numpy as np

from ...base.errors import ClearsightError, plain
from .reading import Shard, bring, is_remote, read, read_range, require_unchanged

BLOCK = 512
NARROW, WIDE = 2 * BLOCK, 2**22  # bytes read at once, from large members to small ones
REQUEST = 8 * BLOCK  # bytes of a request for headers alone: those of a picture and of its labels
LARGE, FIRST = 2**18, 8  # bytes that arrive in the time of a request, and the requests of a shard that are given to find out
LITTLE = 10  # the least size of a shard in units of what was read for its headers alone: it is read again with the pictures
MAX_TEXT = 2**16  # bytes of a member that may hold a label
TEXTS = (b".cls", b".json", b".txt")
META = b"__clearsight__"  # the member of packed shards with their class table, which other readers skip
_REGULAR, _LINKS = b"0\0" + b"7", b"12"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_ALL, _SPARSE = b"L", b"K", (b"x", b"X"), b"g", b"S"
_ZERO = bytes(BLOCK)
_POWERS = 8 ** np.arange(5, -1, -1)
_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gunzip --keep"),
    b"BZh": ("bzip2", "bunzip2 --keep"),
    b"\xfd7zXZ": ("xz", "unxz --keep"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd --keep"),
}


@dataclass
class Members:
    """The files of a tar file in order: name, first byte and bytes of each; `texts` are the contents of small ones that may hold labels.

    `links` counts links, which are left out; `notes` are lines about what is unusual.
    """

    names: list[bytes] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    texts: dict[int, bytes] = field(default_factory=dict)
    links: int = 0
    notes: list[str] = field(default_factory=list)


def members(shard: Shard) -> Members:
    """The members of `shard`; raises ClearsightError for a file that is compressed, damaged, cut short or no tar file."""
    found, reader = Members(), _Reader(shard)
    _refuse_compressed(shard, reader.read(0, min(shard.size, 6)))
    _Pass(shard, found, reader).over(0, shard.size, b"")
    if reader.ranges:
        require_unchanged(shard)
    return found


def first_text(shard: Shard) -> bytes:
    """The first member of a shard at an address, read by itself, where it is the class table of a packed one; empty otherwise."""
    head = read_range(shard, 0, BLOCK)
    return read_range(shard, BLOCK, max(0, _octal(head[124:136]))) if _name(head, 0) == META else b""


class _Reader:
    """Bytes of a shard: at an address of its headers alone, a request each, for as long as pictures so large are stepped over that this is
    sooner done than a copy of the whole shard, which is kept for the pictures.
    """

    def __init__(self, shard: Shard) -> None:
        self.shard, self.requests, self.sent = shard, 0, 0
        self.ranges = is_remote(shard) and shard.size > FIRST * LARGE
        if not self.ranges:
            bring(shard)

    def read(self, offset: int, length: int) -> bytes:
        """The `length` bytes from `offset`."""
        if self.ranges:
            self.requests += 1
            self.sent += length
            if self.requests <= FIRST + offset // LARGE and LITTLE * self.sent <= self.shard.size:
                return read_range(self.shard, offset, length)
            self.ranges = False
            bring(self.shard)
        return read(self.shard, offset, length)


class _Pass:
    """A pass over one shard, with the window of bytes that is in memory."""

    def __init__(self, shard: Shard, found: Members, reader: _Reader, *, inside: bool = False) -> None:
        self.shard, self.found, self.reader, self.inside = shard, found, reader, inside
        self.data, self.base, self.width = b"", 0, REQUEST if reader.ranges else 2**16
        self.heads: list[int] = []  # headers in the window, whose checksums are compared together

    def over(self, position: int, stop: int, prefix: bytes) -> None:
        """Add the members of the tar file in the bytes `position` to `stop`, named with `prefix`."""
        long: dict[str, bytes] = {}
        data, last = self.data, -1
        while position + BLOCK <= stop:
            at = position - self.base
            if not 0 <= at <= last:
                at = self._window(position, stop)
                data, last = self.data, len(self.data) - BLOCK
            if not data[at] and data[at : at + BLOCK] == _ZERO:
                self._compare()
                self._look_behind(position, stop)
                return
            self.heads.append(at)
            kind, digits = data[at + 156 : at + 157], data[at + 124 : at + 135]
            size = int(digits, 8) if not long and digits.isdigit() and b"8" not in digits and b"9" not in digits else self._size(at, long)
            body = position + BLOCK
            if body + size > stop:
                self._cut_short(position, stop, size)
            if kind in _REGULAR:
                self._add(prefix + (long.pop("path", b"") or _name(data, at)), body, size)
                long.clear()
            elif kind == _LONG_NAME:
                long["path"] = self._content(body, size).rstrip(b"\0")
            elif kind in _PAX:
                long.update(self._records(body, size))
            elif kind not in (_LONG_LINK, _PAX_ALL):
                self._other(kind, prefix + (long.get("path") or _name(data, at)))
                long.clear()
            position = body + -(-size // BLOCK) * BLOCK
        self._compare()
        if position == 0 or position < stop:
            raise self._damaged(position, "it ends inside a header")
        self.found.notes.append("it has no end mark, as a file that was cut short between two members")

    def _window(self, position: int, stop: int) -> int:
        """Move the window to `position`; returns its place in the window, 0."""
        if len(self.heads) > 64:
            self.width = min(self.width * 4, WIDE)
        elif len(self.heads) < 8:
            self.width = max(self.width // 4, REQUEST if self.reader.ranges else NARROW)
        self._compare()
        self.data, self.base = self.reader.read(position, min(self.width, stop - position)), position
        return 0

    def _compare(self) -> None:
        """Raise ClearsightError for the first header of the window whose checksum is not that of its bytes."""
        heads, self.heads = self.heads, []
        if not heads:
            return
        blocks = np.frombuffer(self.data, np.uint8, len(self.data) // BLOCK * BLOCK).reshape(-1, BLOCK)[np.array(heads) // BLOCK]
        sums = blocks.sum(1, dtype=np.int64) - blocks[:, 148:156].sum(1, dtype=np.int64) + 8 * 32
        usual = (blocks[:, 148:154].astype(np.int64) - 48) @ _POWERS == sums  # six digits, zero and blank, as most programs write
        usual &= (blocks[:, 154] == 0) & (blocks[:, 155] == 32)
        for i in np.flatnonzero(~usual).tolist():
            at, high = heads[i], int((blocks[i] > 127).sum() - (blocks[i, 148:156] > 127).sum())
            if _octal(self.data[at + 148 : at + 156]) not in (int(sums[i]), int(sums[i]) - 256 * high):  # old programs add signed bytes
                raise self._damaged(self.base + at, "it has no valid header there" if self.base + at else "it does not begin as one")

    def _size(self, at: int, long: dict[str, bytes]) -> int:
        """The bytes of the member whose header is at `at`."""
        text = long.get("size") or self.data[at + 124 : at + 136]
        if "size" in long:
            size = int(text) if text.isdigit() else -1
        else:
            size = int.from_bytes(text[1:], "big") if text[0] == 0x80 else _octal(text)
        if size < 0:
            self._compare()
            raise self._damaged(self.base + at, "a size is not a number")
        return size

    def _content(self, body: int, size: int) -> bytes:
        at = body - self.base
        return self.data[at : at + size] if at >= 0 and at + size <= len(self.data) else self.reader.read(body, size)

    def _records(self, body: int, size: int) -> dict[str, bytes]:
        """The path and the size in an extended header (PAX)."""
        if size > MAX_TEXT:
            raise self._damaged(body, f"an extended header has {size:,} bytes")
        found: dict[str, bytes] = {}
        rest = self._content(body, size)
        while rest:
            number = rest.partition(b" ")[0]
            length = int(number) if number.isdigit() else 0
            record = rest[len(number) + 1 : length]
            key, equals, value = record[:-1].partition(b"=")
            if not equals or length > len(rest) or record[-1:] != b"\n":
                raise self._damaged(body, "an extended header is damaged")
            if key.startswith(b"GNU.sparse"):
                raise self._sparse(body)
            if key in (b"path", b"size"):
                found[key.decode()] = value
            rest = rest[length:]
        return found

    def _add(self, name: bytes, body: int, size: int) -> None:
        found = self.found
        if name.endswith(b"/"):  # a folder, as old programs mark it
            return
        if name.endswith(b".tar") and size and not self.inside:
            _Pass(self.shard, found, self.reader, inside=True).over(body, body + size, name[: -len(b".tar")] + b"/")
            return
        if name == META or (size <= MAX_TEXT and name.endswith(TEXTS)):
            found.texts[len(found.names)] = self._content(body, size)
        found.names.append(name)
        found.offsets.append(body)
        found.lengths.append(size)

    def _other(self, kind: bytes, name: bytes) -> None:
        if kind == _SPARSE:
            raise self._sparse(self.base)
        self.found.links += kind in _LINKS

    def _look_behind(self, position: int, stop: int) -> None:
        """Note content after the end mark: programs that read tar files stop there."""
        if not self.inside and any(self.reader.read(position, min(stop - position, 2**16))):
            self.found.notes.append(f"content after its end mark at byte {position:,} is not read, as of tar files that were joined")

    def _cut_short(self, position: int, stop: int, size: int) -> None:
        self._compare()
        raise self._damaged(position, f"a member of {size:,} bytes goes beyond the end at byte {stop:,}: it was cut short")

    def _damaged(self, position: int, why: str) -> ClearsightError:
        return ClearsightError(f"{plain(self.shard.address)} is damaged or no tar file: byte {position:,}: {why}. Get it again.")

    def _sparse(self, position: int) -> ClearsightError:
        return ClearsightError(
            f"{plain(self.shard.address)} holds a file with holes (after byte {position:,}), which is not read. "
            "Write it again with tar, without --sparse."
        )


def _octal(text: bytes) -> int:
    """A number of a header, -1 for anything else; an empty field is 0."""
    digits = text.strip(b" \0")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return -1


def _name(data: bytes, at: int) -> bytes:
    name = data[at : at + 100].partition(b"\0")[0]
    if data[at + 345] and data[at + 257 : at + 263] == b"ustar\0":
        return data[at + 345 : at + 500].partition(b"\0")[0] + b"/" + name
    return name


def _refuse_compressed(shard: Shard, head: bytes) -> None:
    if not head:
        raise ClearsightError(f"{plain(shard.address)} is empty (0 bytes). Get it again.")
    for start, (kind, command) in _COMPRESSED.items():
        if head.startswith(start):
            raise ClearsightError(
                f"{plain(shard.address)} is compressed ({kind}): no picture in it can be read without all those before it, "
                f"and pictures are compressed already. {command} {plain(shard.address)} makes a plain .tar of it."
            )
