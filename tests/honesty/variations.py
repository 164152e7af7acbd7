"""The same pictures again: every way of copying, moving and saving that leaves their pixels as they are."""

import os
import shutil
import struct
from pathlib import Path

import numpy as np
from PIL import Image

Pictures = list[tuple[str, str, np.ndarray, Path]]  # class, name without its end, pixels, file


def pictures(folder: Path) -> Pictures:
    return [(path.parent.name, path.stem, np.asarray(Image.open(path)), path) for path in sorted(folder.rglob("*.*"))]


def saved(end: str, change=lambda pixels: Image.fromarray(pixels), **options):
    def make(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
        for label, name, pixels, _ in what:
            (to / label).mkdir(parents=True, exist_ok=True)
            change(pixels).save(to / label / f"{name}.{end}", **options)
        return to

    return make


def placed(name, put=shutil.copy, under=""):
    def make(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
        order = rng.permutation(len(what))
        for at, (label, stem, _, path) in zip(order, what, strict=True):
            folder = to / label / under
            folder.mkdir(parents=True, exist_ok=True)
            put(path, folder / name(at, stem, path.suffix))
        return to

    return make


def kept(at, stem, end):
    return stem + end


def turned(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
    """Stored on its side, with EXIF's word (6) that brings it upright again."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved("png", lambda pixels: Image.fromarray(np.rot90(pixels, 1).copy()), exif=exif)(what, to, rng)


def swapped(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
    return placed(kept)([({"a": "b", "b": "a"}[label], *rest) for label, *rest in what], to, rng)


def relabelled(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
    return placed(lambda at, stem, end: f"{at}{end}")([("ab"[rng.integers(2)], *rest) for _, *rest in what], to, rng)


def table(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
    to.mkdir(parents=True)
    rows = [f"{os.path.relpath(path, to)},{label}" for label, _, _, path in what]
    (to / "table.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    return to / "table.csv"


def npz(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
    to.mkdir(parents=True)
    x, y = np.stack([pixels for _, _, pixels, _ in what]), np.array(["ab".index(label) for label, *_ in what])
    np.savez(to / "data.npz", images=x, labels=y, classes=np.array(["a", "b"]))
    return to / "data.npz"


def idx(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
    to.mkdir(parents=True)
    x, y = np.stack([pixels for _, _, pixels, _ in what]), bytes("ab".index(label) for label, *_ in what)
    for part in ("train", "t10k"):
        (to / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4BIII", 0, 0, 8, 3, *x.shape) + x.tobytes())
        (to / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, len(y)) + y)
    return to


def in_parts(what: Pictures, to: Path, rng: np.random.Generator) -> Path:
    """Under train/ and test/, drawn anew."""
    half = rng.permutation(len(what)) < len(what) // 2
    for part, chosen in (("train", half), ("test", ~half)):
        placed(kept)([one for one, yes in zip(what, chosen, strict=True) if yes], to / part, rng)
    return to


def rgb(pixels):
    return Image.fromarray(pixels).convert("RGB")


VARIATIONS = {
    "copied": placed(kept),
    "renamed": placed(lambda at, stem, end: f"{at:05d}{end}"),
    "case": placed(lambda at, stem, end: f"X{stem}{end.upper()}"),
    "moved": placed(kept, under="deep/er"),
    "hard-links": placed(lambda at, stem, end: f"h{at}{end}", os.link),
    "links": placed(lambda at, stem, end: f"l{at}{end}", lambda path, to: os.symlink(path.resolve(), to)),
    "bmp": saved("bmp"),
    "tiff": saved("tiff"),
    "webp": saved("webp", rgb, lossless=True),
    "gif": saved("gif"),
    "png-harder": saved("png", optimize=True),
    "rgb": saved("png", rgb),
    "alpha": saved("png", lambda pixels: Image.fromarray(pixels).convert("RGBA")),
    "palette": saved("png", lambda pixels: Image.fromarray(pixels).convert("P")),
    "16-bit": saved("png", lambda pixels: Image.fromarray(pixels.astype(np.uint16) * 257)),
    "turned": turned,
    "swapped": swapped,
    "relabelled": relabelled,
    "table": table,
    "npz": npz,
    "idx": idx,
    "in-parts": in_parts,
}
