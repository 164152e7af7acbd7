"""What an ONNX file may have inside: one plain graph. Read from the bytes, before a runtime sees them.

A runtime would take weights from other files in the working directory, unfold functions that call functions into a graph of any size, and
run a loop for ever.
"""

from collections.abc import Iterator

from ...base.errors import CorruptFile

FUNCTION, SUBGRAPH, ELSEWHERE = "a function", "a graph within its graph (a loop or a branch)", "weights in another file"
EXTERNAL = 1  # TensorProto.DataLocation
# message → number of a field → the message that it has, or what is refused; the others are skipped (onnx.proto)
PARTS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: FUNCTION},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: SUBGRAPH, 10: "tensor", 11: SUBGRAPH, 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: ELSEWHERE, 14: ELSEWHERE},
}
VARINT, EIGHT, TEXT, BEGIN, END, FOUR = range(6)  # wire types of a protocol buffer


def require_plain(data: bytes, name: str) -> None:
    """Raise CorruptFile unless `data`, of the file `name`, is an ONNX model without functions, subgraphs, and weights elsewhere."""
    try:
        found = refused(data)
    except (IndexError, ValueError) as error:
        raise CorruptFile(f"{name} cannot be read: it is not an ONNX file, or it is cut short.") from error
    if found:
        raise CorruptFile(f"{name} is not read: it has {found}, which no file of clearsight export has.")


def refused(data: bytes) -> str:
    """What a model has that is not read, '' for nothing; raises IndexError or ValueError where `data` are not those of a model."""
    return next(_refused(memoryview(data), "model"), "")


def _refused(data: memoryview, message: str) -> Iterator[str]:
    """What is refused in the bytes of a message; raises as `refused` does."""
    place, parts = 0, PARTS[message]
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind, value = (tag & 0xFFFFFFFF) >> 3, tag & 7, 0
        if kind in (VARINT, TEXT):
            value, place = _varint(data, place)
        start = place
        place += {TEXT: value, EIGHT: 8, FOUR: 4}.get(kind, 0)
        if place > len(data) or kind > FOUR:
            raise ValueError
        part = parts.get(number, "")
        if part in PARTS and kind == TEXT:
            yield from _refused(data[start:place], part)
        elif part and part not in PARTS and (kind == TEXT or value == EXTERNAL):
            yield part


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place after it."""
    value = data[place] & 0x7F
    shift = 7
    while data[place] & 0x80:
        place += 1
        value |= (data[place] & 0x7F) << shift
        shift += 7
        if shift > 70:
            raise ValueError
    return value, place + 1
