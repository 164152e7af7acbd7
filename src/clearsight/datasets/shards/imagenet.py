"""ImageNet (ILSVRC 2012) as it is distributed: `ILSVRC2012_img_train.tar`, `ILSVRC2012_img_val.tar` and the devkit, nothing unpacked.

O. Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 115, 2015.
"""

import io
import os
import re
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import ClearsightError, UsageError, listed, wrong
from ..dataset import Parts, class_table, clean_label
from .index import index
from .open import Rows, dataset_of, joined, member_names, notes_on
from .reading import shard_at

TRAIN, VAL = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
DEVKITS = ("ILSVRC2012_devkit_t12.tar.gz", "ILSVRC2012_devkit_t12", "ILSVRC2012_devkit_t12.tar")
META, TRUTH = "meta.mat", "ILSVRC2012_validation_ground_truth.txt"
PUBLISHED = {"train": 1_281_167, "val": 50_000}  # pictures
EACH = 50  # validation pictures of a class
# a few labels that every copy of the set has: the numbers in meta.mat are not the order of the synsets
KNOWN = {1: "n01751748", 2: "n09193705", 3: "n02105855", 4: "n04263257", 5: "n03125729"}
_NUMBER = re.compile(r"_val_(\d{8})\.")
_MOST = 2**26  # bytes of a file of the devkit


@dataclass(frozen=True)
class Devkit:
    """The synset of every validation picture, from number 1 on, and the synsets of all classes."""

    truth: tuple[str, ...]
    synsets: frozenset[str]


def is_imagenet(data: Any) -> bool:
    """Whether `data` is a folder with the published tar files, or the one of validation pictures."""
    if not isinstance(data, str | Path):
        return False
    folder = os.fspath(data)  # os.path answers also for names that no file can have
    return (os.path.basename(folder) == VAL and os.path.isfile(folder)) or any(
        map(os.path.isfile, (os.path.join(folder, name) for name in (TRAIN, VAL)))
    )


def read_imagenet(data: str | Path, *, classes: Sequence[str] | None = None) -> Parts:
    """The training and validation pictures, with synsets as classes (`n01440764`), sorted; `classes` names them in that order.

    Raises UsageError without the devkit, ClearsightError where known pictures have other labels than they must.
    """
    path = Path(data)
    folder = path if path.is_dir() else path.parent
    files = [folder / name for name in (TRAIN, VAL) if (folder / name).is_file()]
    files = files if path.is_dir() else [path]
    found = [(file.name, shard_at(file)) for file in files]
    indexes = [index(shard) for _, shard in found]
    rows: dict[str, Rows] = {}
    for number, file in enumerate(files):
        every = joined(found, indexes, [number])
        names = [name.decode("utf-8", "backslashreplace") for name in member_names(indexes, [number])]
        rows["train" if file.name == TRAIN else "val"] = (
            _train(every, names) if file.name == TRAIN else _val(every, names, devkit(folder), file)
        )
    synsets = class_table({part: one.texts for part, one in rows.items()})
    table = tuple(map(clean_label, classes)) if classes is not None else synsets
    if len(table) != len(synsets) or len(set(table)) != len(table):
        raise wrong("classes", f"{len(synsets):,} different names, in the order of the synsets", f"{len(table):,}")
    named = dict(zip(synsets, table, strict=True))
    rows = {part: replace(one, texts=tuple(named[text] for text in one.texts)) for part, one in rows.items()}
    shards = tuple(shard for _, shard in found)
    notes = [*notes_on(found, indexes), *_incomplete(rows)]
    return Parts("imagenet", table, {part: dataset_of(one, table, shards) for part, one in rows.items()}, tuple(notes))


def _train(rows: Rows, names: list[str]) -> Rows:
    """The training pictures: the tar file inside that holds one is named after its synset."""
    texts: dict[str, int] = {}
    labels = [texts.setdefault(name.rpartition("/")[0].rpartition("/")[2], len(texts)) for name in names]
    return replace(rows, labels=np.array(labels, np.int64), texts=tuple(texts))


def _val(rows: Rows, names: list[str], kit: Devkit, path: Path) -> Rows:
    """The validation pictures: the number in a name is the line of the ground truth."""
    numbers = [int(found[1]) if (found := _NUMBER.search(name)) else 0 for name in names]
    if odd := [name for name, number in zip(names, numbers, strict=True) if not 1 <= number <= len(kit.truth)]:
        raise ClearsightError(f"{path}: {len(odd):,} pictures have no line in {TRUTH}, such as {listed(odd, 3)}.")
    texts = tuple(sorted(kit.synsets & set(kit.truth)))
    places = {synset: place for place, synset in enumerate(texts)}
    return replace(rows, labels=np.array([places[kit.truth[number - 1]] for number in numbers], np.int64), texts=texts)


def devkit(folder: Path) -> Devkit:
    """The devkit in `folder`, packed or unpacked; raises UsageError without it, ClearsightError for one of other labels than known ones."""
    path = next((folder / name for name in DEVKITS if (folder / name).exists()), None)
    if path is None:
        raise UsageError(f"{folder} needs the labels of the validation pictures next to {VAL}: {DEVKITS[0]}, from image-net.org.")
    try:
        files = {name: (path / "data" / name).read_bytes() for name in (META, TRUTH)} if path.is_dir() else _unpacked(path)
        synsets = _synsets(files[META])
        truth = tuple(synsets[int(line)] for line in files[TRUTH].split())
    except (OSError, ValueError, KeyError, TypeError, IndexError, NotImplementedError, tarfile.TarError, EOFError, zlib.error) as error:
        raise ClearsightError(f"cannot read {META} and {TRUTH} in {path}: {error}. Get it again.") from error
    _prove(truth, path)
    return Devkit(truth, frozenset(synsets.values()))


def _unpacked(path: Path) -> dict[str, bytes]:
    """The two files of the devkit, in memory."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            if name in (META, TRUTH) and member.isfile() and member.size <= _MOST and (file := archive.extractfile(member)):
                found[name] = file.read()
    return found


def _synsets(meta: bytes) -> dict[int, str]:
    """The synset of each class by its number; synsets with others below them are no classes."""
    from scipy.io import loadmat

    rows = np.atleast_1d(loadmat(io.BytesIO(meta), squeeze_me=True)["synsets"])
    return {int(row["ILSVRC2012_ID"]): str(row["WNID"]) for row in rows if not int(row["num_children"])}


def _prove(truth: tuple[str, ...], path: Path) -> None:
    """Raise ClearsightError where a whole ground truth has not as many pictures of each class, or gives a known picture another label."""
    if len(truth) != PUBLISHED["val"]:
        return
    wrong_ones = [f"{number:08d} is {truth[number - 1]}, not {synset}" for number, synset in KNOWN.items() if truth[number - 1] != synset]
    uneven = len(truth) // EACH != len(set(truth)) or any(truth.count(synset) != EACH for synset in sorted(set(truth))[:3])
    if wrong_ones or uneven:
        why = f"picture {wrong_ones[0]}" if wrong_ones else f"classes have not {EACH} pictures each"
        raise ClearsightError(f"{path} is not the devkit of ILSVRC 2012: {why}. Every accuracy would be that of chance. Get it again.")


def _incomplete(rows: dict[str, Rows]) -> list[str]:
    return [
        f"{part} has {len(one.spans):,} pictures, the published one {PUBLISHED[part]:,}"
        for part, one in rows.items()
        if len(one.spans) != PUBLISHED[part]
    ]
