"""Named sets: `digits` in scikit-learn, `photos` in this package, `fashion-mnist` from a Debian package, the cache or the network."""

import csv
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..base.download import download
from ..base.errors import ClearsightError, listed
from ..base.files import cache_folder, file_digest
from .dataset import Parts
from .formats.arrays import from_arrays
from .formats.idx import read_idx
from .table import read_table

PREFIX = "set:"  # set:photos is the set, also where a folder has its name
COMMON = ("photos",)  # names that people give to folders of their own: a folder is read before the set
PHOTOS = Path(__file__).parent / "photos" / "sources.csv"
FASHION_PACKAGE = Path("/usr/share/datasets/fashion-mnist")
FASHION_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
# SHA-256 of the published files. Debian's differ from them in the gzip header only (name and time are cleared).
FASHION_FILES = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
_DIGITS = "datasets/data/digits.csv.gz"  # read here: to import sklearn.datasets takes longer than to train on them
# Each sheet is one writer's copy of the same text: its digits begin 0123456789 0123456789 0123456789 0 9 5 5 6 5.
_DIGITS_SHEETS = (0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667)
_DIGITS_TEST = 11  # the first sheet of the test part


def is_named(data: Any) -> bool:
    """Whether `data` is the name of a set; a folder `digits` is meant by `./digits` or a `Path`, a folder `photos` by its name."""
    return isinstance(data, str) and data.removeprefix(PREFIX) in NAMED and not (data in COMMON and os.path.isdir(data))


def is_here(data: str) -> bool:
    """Whether this name of a set can be opened without asking the network."""
    return is_named(data) and (data.removeprefix(PREFIX) != "fashion-mnist" or bool(_fashion_folders()))


def read_named(data: str) -> Parts:
    """The set of that name, with its own parts where it has any; raises ClearsightError if it is not available."""
    return NAMED[data.removeprefix(PREFIX)]()


def lasting_name(data: str) -> str:
    """The name that means the same set in every folder."""
    return PREFIX + data if data in COMMON else data


def digits() -> Parts:
    """1,797 scans of handwritten digits, grey (8, 8), their values 0 to 16 scaled to 0 to 255; every sheet is a group.

    They are in the order of the sheets they were written on. Test is the last 3 of 14 sheets (382 pictures),
    so that no hand is in both parts; a shuffled test part would look about one point easier than it is.
    E. Alpaydin, C. Kaynak, "Cascading classifiers", Kybernetika 34 (4), 1998; UCI, Optical Recognition of Handwritten Digits.
    """
    library = Path(find_spec("sklearn").origin).parent  # type: ignore[union-attr, arg-type]  # a package, and required
    rows = np.loadtxt(library / _DIGITS, dtype=np.uint8, delimiter=",")  # 64 values of 0 to 16, and the class
    pictures, labels = np.round(rows[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8), rows[:, -1].astype(np.int64)
    sheets = np.searchsorted(_DIGITS_SHEETS, np.arange(len(pictures)), side="right")
    groups = [f"sheet-{sheet:02d}" for sheet in sheets.tolist()]
    cut = _DIGITS_SHEETS[_DIGITS_TEST]
    parts = from_arrays(
        "digits",
        {"train": (pictures[:cut], labels[:cut]), "test": (pictures[cut:], labels[cut:])},
        groups={"train": groups[:cut], "test": groups[cut:]},
    )
    note = f"test is the last 3 of {len(_DIGITS_SHEETS)} sheets, so that no hand is in both parts; the sheets are groups"
    return Parts(parts.name, parts.classes, parts.parts, (note, *parts.notes))


def photos() -> Parts:
    """107 photographs of fish, monuments, tools and windmills, RGB, 320 px at the longer side; every photographer is a group.

    Public domain or CC0, selected for GCompris (Debian's gcompris-qt-data 3.1); `sources.csv` has the author, source, licence and
    SHA-256 of each. Raises ClearsightError if a file was changed.
    """
    parts = read_table(PHOTOS, group_by="author", columns="path=path,label=label")
    with PHOTOS.open(encoding="utf-8", newline="") as table:
        changed = [row["path"] for row in csv.DictReader(table) if file_digest(PHOTOS.parent / row["path"]) != row["sha256"]]
    if changed:
        raise ClearsightError(f"pictures of the set photos were changed since they were installed: {listed(changed, 3)}. Install again.")
    notes = (
        "photographs in the public domain or under CC0; author, source and licence of each: clearsight/datasets/photos/sources.csv",
        "groups are the photographers, so that no two pictures of one windmill are in two parts",
    )
    return Parts("photos", parts.classes, parts.parts, (*notes, *parts.notes))


def fashion_mnist() -> Parts:
    """70,000 pictures of clothes, grey (28, 28), 60,000 to train and 10,000 to test.

    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset", arXiv:1708.07747, 2017.
    """
    folders = _fashion_folders()
    parts = read_idx(folders[0] if folders else _download(_fashion_cache()), classes=FASHION_CLASSES)
    return Parts("fashion-mnist", parts.classes, parts.parts, parts.notes)


def _fashion_cache() -> Path:
    return cache_folder() / "fashion-mnist"


def _fashion_folders() -> list[Path]:
    """The folders that have all its files."""
    return [folder for folder in (FASHION_PACKAGE, _fashion_cache()) if all((folder / name).is_file() for name in FASHION_FILES)]


def _download(folder: Path) -> Path:
    """The published files, each whole and checked against its digest; those already there are kept."""
    ways = (
        "Three ways to have it: on Debian or Ubuntu, apt install dataset-fashion-mnist; or copy its four .gz files into "
        f"{folder}; or, with a network, run this again and it comes from {FASHION_URL}."
    )
    for name, digest in FASHION_FILES.items():
        download(FASHION_URL + name, folder / name, digest=f"sha256:{digest}", what="fashion-mnist", otherwise=ways)
    return folder


# Every named set: name → reader.
NAMED: dict[str, Callable[[], Parts]] = {"digits": digits, "photos": photos, "fashion-mnist": fashion_mnist}
