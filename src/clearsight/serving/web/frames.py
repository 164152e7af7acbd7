"""Many pictures in one body: a tar archive, or frames of a length (four bytes, the most significant first) and the bytes of a picture."""

from collections.abc import Iterator

from .body import Refused

BLOCK = 512  # bytes of a tar header
NAME = 200  # characters of a name that come back
REGULAR, LONG_NAME, OTHER_HEADERS = b"0\0", b"L", b"xgKDSV"  # types of members; the others are links, folders and devices


def unpacked(data: bytes, kind: str, most: int) -> list[tuple[str, bytes]]:
    """Name and bytes of each picture, by the Content-Type; raises Refused for damage, and for more than `most` pictures."""
    found = []
    for name, picture in _members(data) if kind == "application/x-tar" else _frames(data):
        found.append((name[:NAME], picture))
        if len(found) > most:
            raise Refused(413, f"One request may have {most:,} pictures: send the others in another.")
    if not found:
        raise Refused(400, "There is no picture in the body: a tar archive (Content-Type: application/x-tar), or lengths and pictures.")
    return found


def _frames(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The pictures after their lengths, named by their place."""
    place = 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if len(data) - place < 4 + size:
            raise Refused(400, f"The body ends within a frame that begins at byte {place:,}; a tar is sent as application/x-tar.")
        yield f"<frame at {place}>", data[place + 4 : place + 4 + size]
        place += 4 + size


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The regular files of a tar. Python's tarfile reads more kinds, and follows negative sizes in circles before 3.11.14."""
    place, name = 0, ""
    while place + BLOCK <= len(data):
        header = data[place : place + BLOCK]
        if not header.strip(b"\0"):
            return
        size, kind = _octal(header[124:136]), header[156:157]
        if size is None or _octal(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * 32:
            raise Refused(400, f"The body is not a tar archive: at byte {place:,} there is no header of a member.")
        place += BLOCK
        content = data[place : place + size]
        if len(content) < size:
            raise Refused(400, f"The tar archive ends within a member that begins at byte {place:,}.")
        place += -(-size // BLOCK) * BLOCK
        if kind == LONG_NAME:
            name = content.rstrip(b"\0").decode(errors="replace")
        elif kind == b"x":
            name = _path(content) or name
        elif kind in REGULAR:
            yield name or _name(header), content
            name = ""
        elif kind not in OTHER_HEADERS:
            name = ""


def _octal(field: bytes) -> int | None:
    """A number in octal digits; None for anything else, as sizes of 8 GB and more."""
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else None


def _name(header: bytes) -> str:
    """The name in a header, after its prefix."""
    parts = [header[345:500]] if header[257:262] == b"ustar" and header[345:346] != b"\0" else []
    return "/".join(part.partition(b"\0")[0].decode(errors="replace") for part in (*parts, header[:100]))


def _path(content: bytes) -> str:
    """The name in the extended header of the next member, '' if it has none."""
    for line in content.split(b"\n"):
        key, equals, value = line.partition(b" ")[2].partition(b"=")
        if equals and key == b"path":
            return value.decode(errors="replace")
    return ""
