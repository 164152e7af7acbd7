"""Cache on disk of the vectors that a frozen network computes: a file for each list of pictures, in a folder that only its owner can read.

The key is made by the caller of all that decides the vectors' bits. The digest at the end of a file is of its key and content: a damaged or
renamed file counts as missing, and is written again. The least recently used files are removed to make room.
"""

import os
import re
from contextlib import suppress

import safetensors.torch
from torch import Tensor

from ...base.errors import ClearsightError
from ...base.files import cache_folder, digest, private_folder, write_atomic
from ...base.room import make_room

FOLDER = "vectors"
NAME = re.compile(r"[0-9a-f]{64}\.vectors")
DIGEST = 64  # hexadecimal digits


def read(key: str) -> dict[str, Tensor] | None:
    """The vectors of a key, by name; None for a key that is not kept."""
    path = cache_folder() / FOLDER / f"{key}.vectors"
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body, trailer = data[:-DIGEST], data[-DIGEST:]
    if digest(key.encode() + body).encode() != trailer:
        return None
    with suppress(OSError):  # a read-only folder
        os.utime(path)
    return safetensors.torch.load(body)


def write(key: str, vectors: dict[str, Tensor]) -> None:
    """Keep vectors by name; without room, or permission to write, they are computed again next time."""
    body = safetensors.torch.save({name: value.cpu().contiguous() for name, value in vectors.items()})
    with suppress(OSError, ClearsightError):
        folder = private_folder(cache_folder() / FOLDER)
        make_room(folder, len(body) + DIGEST, NAME)
        write_atomic(folder / f"{key}.vectors", body, digest(key.encode() + body), mode=0o600)
