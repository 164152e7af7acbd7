"""Tar files for tests, by Python's own writer."""

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image


def picture(value: int, side: int = 8) -> bytes:
    """A PNG of its own for each value up to 65535."""
    pixels = np.full((side, side, 3), 40, np.uint8)
    pixels[0, :2, 0] = value % 256, value // 256
    pixels[2:6, 2:6] = np.random.default_rng(value).integers(0, 255, (4, 4, 3))
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", **facts: object) -> None:
    """A member; `facts` are attributes of its `TarInfo`."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in facts.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(content))


def tar(path: Path, files: dict[str, bytes], form: int = tarfile.GNU_FORMAT) -> Path:
    """A tar file of `files`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=form) as archive:
        for name, content in files.items():
            add(archive, name, content)
    return path


def samples(first: int, n: int, classes: int = 3, kind: str = "cls") -> dict[str, bytes]:
    """`n` samples as webdataset names them: `000012.png` and `000012.cls`."""
    files: dict[str, bytes] = {}
    for i in range(first, first + n):
        files[f"{i:06d}.png"] = picture(i)
        files[f"{i:06d}.{kind}"] = str(i % classes).encode()
    return files
