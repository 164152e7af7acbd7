"""Mutants of small pictures, each made again from (seed's name, batch, number), and the child process that reads them.

The child has an address limit and a clock of its own per mutant, so that a crash, a hang and a flood of memory are
each told with the mutant that caused them: `python -m tests.rubbish.mutants NAME BATCH NUMBER` reads that one again.
The seed "corpus" is the files below the folder that CLEARSIGHT_CORPUS names, its batch the first one's place among them.
"""

import json
import mmap
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from clearsight.images.decode import FORMATS

from .build import adam7, encoded, exif, png
from .contract import judged, memory

SECONDS = 5.0  # of the processor's time, whatever else runs there
BYTES = 1_500_000_000
ROOT = Path(__file__).parents[2]


def seeds() -> dict[str, bytes]:
    """About forty small files, of every format and of every kind of it that has code of its own."""
    rows, columns = np.mgrid[:12, :18]
    colour = Image.fromarray(np.stack([rows * 20, columns * 14, (rows + columns) * 8], axis=2).astype(np.uint8))
    grey, alpha, palette = colour.convert("L"), colour.convert("RGBA"), colour.quantize(16)
    alpha.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)

    def more() -> dict[str, Any]:
        return {"save_all": True, "append_images": [colour.rotate(180)]}  # new ones: writers leave settings in a picture

    made: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "jpeg": (colour, "JPEG", {}), "jpeg-grey": (grey, "JPEG", {}), "jpeg-progressive": (colour, "JPEG", {"progressive": True}),
        "jpeg-cmyk": (colour.convert("CMYK"), "JPEG", {}), "jpeg-restarts": (colour, "JPEG", {"restart_marker_blocks": 1}),
        "jpeg-exif": (colour, "JPEG", {"exif": exif(6)}), "mpo": (colour, "MPO", more()),
        "png": (colour, "PNG", {}), "png-grey": (grey, "PNG", {}), "png-alpha": (alpha, "PNG", {}),
        "png-la": (alpha.convert("LA"), "PNG", {}),
        "png-1": (grey.convert("1"), "PNG", {}), "png-16": (deep, "PNG", {}), "png-palette": (palette, "PNG", {"transparency": 3}),
        "png-animated": (colour, "PNG", more()), "png-exif": (colour, "PNG", {"exif": exif(5)}),
        "gif": (palette, "GIF", {}), "gif-animated": (palette, "GIF", more()), "gif-transparent": (palette, "GIF", {"transparency": 2}),
        "bmp": (colour, "BMP", {}), "bmp-grey": (grey, "BMP", {}), "bmp-palette": (palette, "BMP", {}),
        "bmp-1": (grey.convert("1"), "BMP", {}),
        "tiff": (colour, "TIFF", {}), "tiff-16": (deep, "TIFF", {}), "tiff-float": (grey.convert("F"), "TIFF", {}),
        "tiff-pages": (colour, "TIFF", more()), "tiff-big": (colour, "TIFF", {"big_tiff": True}), "tiff-alpha": (alpha, "TIFF", {}),
        "tiff-palette": (palette, "TIFF", {}), "tiff-group4": (grey.convert("1"), "TIFF", {"compression": "group4"}),
        **{f"tiff-{how}": (colour, "TIFF", {"compression": how}) for how in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")},
        **({"webp": (colour, "WEBP", {}), "webp-lossless": (alpha, "WEBP", {"lossless": True}), "webp-animated": (colour, "WEBP", more()),
            "webp-alpha": (alpha, "WEBP", {})} if "WEBP" in FORMATS else {}),
        **({"avif": (colour, "AVIF", {}), "avif-alpha": (alpha, "AVIF", {})} if "AVIF" in FORMATS else {}),
    }  # fmt: skip
    interlaced = png(16, 16, 8, 0, adam7(np.arange(256, dtype=np.uint8).reshape(16, 16)), interlaced=1)
    return {name: encoded(image, kind, **options) for name, (image, kind, options) in made.items()} | {"png-interlaced": interlaced}


SEEDS = seeds()
NAMES = tuple(SEEDS)


def mutants(name: str, batch: int, count: int) -> Iterator[bytes]:
    """The same `count` mutants of the seed `name` every time: bytes flipped, cut out, put in from another seed, repeated."""
    draw = random.Random(f"{name} {batch}")
    for _ in range(count):
        data = bytearray(SEEDS[name])
        for _ in range(draw.choice((1, 1, 1, 2, 4, 12))):
            # half of the places in the first 100 bytes, where the header is
            place = draw.randrange(min(len(data), 100) if draw.random() < 0.5 else len(data)) if data else 0
            _change(data, place, draw)
        yield bytes(data)


def corpus() -> list[Path]:
    """The files below CLEARSIGHT_CORPUS, in order."""
    return sorted(path for path in Path(os.environ["CLEARSIGHT_CORPUS"]).rglob("*") if path.is_file())


def sources(name: str, batch: int, count: int) -> Iterable[Any]:
    return corpus()[batch : batch + count] if name == "corpus" else mutants(name, batch, count)


def _change(data: bytearray, place: int, draw: random.Random) -> None:
    how, length = draw.random(), draw.choice((1, 2, 4, 4, 8, 40, 400))
    if how < 0.35:
        data[place : place + 1] = bytes([draw.choice((draw.randrange(256), 0, 1, 0x7F, 0x80, 0xFF))])
    elif how < 0.55 and data:
        data[place] ^= 1 << draw.randrange(8)
    elif how < 0.65:
        data[place : place + length] = draw.choice((b"\0", b"\xff", b"\x7f\xff")) * length
    elif how < 0.75:
        del data[place : place + length]
    elif how < 0.8:
        del data[place:]
    elif how < 0.9:
        other = SEEDS[draw.choice(NAMES)]
        start = draw.randrange(len(other))
        data[place : place + draw.choice((0, length))] = other[start : start + length]
    else:
        data[place:place] = data[place : place + length] * draw.choice((1, 2, 50))


@dataclass
class Tally:
    """What came of the mutants: how many were read, the slowest in seconds of processor time, the most memory in bytes."""

    mutants: int = 0
    pictures: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_of: str = ""
    most_memory: int = 0
    most_address: int = 0
    broken: list[str] = field(default_factory=list)


class Reader:
    """The child process."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._start()
        self.tally = Tally()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rubbish.mutants", str(self._place)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def read(self, name: str, batch: int, count: int) -> None:
        """Have `count` mutants read; an AssertionError names the first one that broke the contract."""
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._process.stdin.write(f"{name} {batch} {count}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            number = struct.unpack("<q", self._place.read_bytes())[0]
            code = self._process.wait()
            end = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            said = self._process.stderr.read()[-2000:]
            self._start()  # hypothesis asks for the same batch again
            raise AssertionError(f"{name} {batch} {number}: {end}\n{said}")
        found = Tally(**json.loads(answer))
        ours = self.tally
        if found.slowest > ours.slowest:
            ours.slowest, ours.slowest_of = found.slowest, found.slowest_of
        ours.mutants, ours.pictures, ours.seconds = (
            ours.mutants + found.mutants,
            ours.pictures + found.pictures,
            ours.seconds + found.seconds,
        )
        ours.most_memory, ours.most_address = found.most_memory, found.most_address
        assert not found.broken, "\n".join(found.broken)

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._process.stdin.close()
        self._process.wait(timeout=60)
        said = self._process.stderr.read()
        self._process.stdout.close()
        self._process.stderr.close()
        assert not said, said[-2000:]


@contextmanager
def reader() -> Iterator[Reader]:
    """A child that reads mutants; nothing may have come to its stderr in the end."""
    with tempfile.NamedTemporaryFile() as place:
        place.write(bytes(8))
        place.flush()
        child = Reader(Path(place.name))
        try:
            yield child
        finally:
            child.close()


def _judge(name: str, batch: int, count: int, place: Any, base: int) -> Tally:
    tally = Tally()
    start = before = time.process_time()
    for number, source in enumerate(sources(name, batch, count)):
        place[:8] = struct.pack("<q", number)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # SIGPROF ends the process, also inside a library
        try:
            found = judged(source)
            assert not isinstance(found, str) or "memory" not in found, found
            tally.pictures += not isinstance(found, str)
        except Exception as error:
            tally.broken.append(f"{name} {batch} {number}: {type(error).__name__} {error}")
        now = time.process_time()
        if now - before > tally.slowest:
            tally.slowest, tally.slowest_of = now - before, f"{name} {batch} {number}"
        before = now
        tally.mutants += 1
    signal.setitimer(signal.ITIMER_PROF, 0)
    tally.seconds = before - start
    tally.most_memory = memory("VmHWM")
    tally.most_address = memory("VmPeak") - base
    return tally


def main() -> None:
    """Read batches from stdin until it ends; or, given NAME BATCH NUMBER, that mutant alone, with its traceback."""
    if len(sys.argv) == 4:
        *_, source = sources(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) + 1)
        print(judged(source))
        return
    for data in SEEDS.values():  # what is loaded once is not growth
        judged(data)
    base = memory("VmSize")
    if base:
        resource.setrlimit(resource.RLIMIT_AS, (base + BYTES, base + BYTES))
    with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 8) as place:
        for line in sys.stdin:
            name, batch, count = line.split()
            print(json.dumps(vars(_judge(name, int(batch), int(count), place, base))), flush=True)


if __name__ == "__main__":
    main()
