"""TensorBoard events, a file an epoch: TensorBoard reads the files of a folder in the order of their names.

They are written without its package, of 55 MB with gRPC, which only has to be installed to look at them. A record is its length, its
bytes, and masked CRC-32Cs of both; the bytes are an `Event` of Protocol Buffers: fields by number and type of value.
"""

import ctypes
import struct
import time
from functools import cache
from pathlib import Path

from ...base.files import write_atomic

POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
MASK = 0xA282EAD8
# the keys of the fields that an epoch needs: number · 8 + type of value (0 varint, 1 double, 2 bytes, 5 float)
WALL_TIME, STEP, VERSION, SUMMARY = b"\x09", b"\x10", b"\x1a", b"\x2a"  # of Event
VALUE = b"\x0a"  # of Summary
TAG, NUMBER = b"\x0a", b"\x15"  # of Summary.Value


def write_events(folder: Path, row: dict[str, float]) -> None:
    """Write the numbers of an epoch's row as that epoch's file; a resumed run replaces it."""
    start = WALL_TIME + struct.pack("<d", time.time())
    values = b"".join(VALUE + _sized(_value(_title(name), value)) for name, value in row.items() if name != "epoch")
    first = start + VERSION + _sized(b"brain.Event:2")
    second = start + STEP + _varint(int(row["epoch"])) + SUMMARY + _sized(values)
    write_atomic(folder / f"events.out.tfevents.{row['epoch']:010d}.clearsight", _record(first) + _record(second))


def _title(name: str) -> str:
    return name.replace("val_", "validation/") if name.startswith("val_") else f"train/{name}"


def _value(tag: str, number: float) -> bytes:
    single = ctypes.c_float(number).value  # infinite beyond float32, where struct would raise
    return TAG + _sized(tag.encode()) + NUMBER + struct.pack("<f", single)


def _sized(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _varint(number: int) -> bytes:
    """A whole number from 0, seven bits a byte, the lowest first."""
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _checksum(data: bytes) -> bytes:
    """The CRC-32C of `data`, turned by 15 bits and moved by a constant, as TensorFlow's records have it."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + MASK) & 0xFFFFFFFF)


@cache
def _table() -> list[int]:
    rows = list(range(256))
    for _ in range(8):
        rows = [row >> 1 ^ POLYNOMIAL * (row & 1) for row in rows]
    return rows
