"""The layout of a folder: which of its folders are parts, which are classes, and which are neither."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ...base.errors import ClearsightError, UsageError, listed
from ..dataset import PART_NAMES

# words next to the part in a folder's name that add nothing: train_images, training_set, test2017
GENERIC = {
    "set",
    "sets",
    "data",
    "dataset",
    "images",
    "image",
    "imgs",
    "img",
    "pictures",
    "photos",
    "folder",
    "split",
    "part",
    "jpg",
    "png",
}
_UNLABELLED = {"unlabelled", "unlabeled", "unlabel", "pred", "predict", "prediction", "extra", "unsup", "unsupervised", "unknown"}
_ANNOTATIONS = {
    *(
        "mask",
        "masks",
        "annotation",
        "annotations",
        "segmentation",
        "segmentations",
        "seg",
        "label",
        "labels",
        "gt",
        "groundtruth",
        "trimap",
    ),
    *("trimaps", "depth"),
}
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
LAYOUT = """Expected is a folder per class:
  {0}/cat/1.jpg
  {0}/cat/2.jpg
  {0}/dog/1.jpg
or the same inside parts: {0}/train/cat/1.jpg, {0}/val/cat/2.jpg, {0}/test/cat/3.jpg."""

Scan = Callable[[str], tuple[list[str], list[str]]]  # folder → its folders and its pictures, relative to the root


@dataclass(frozen=True)
class Layout:
    """`parts` is `{part: folder that holds the class folders}`, or `{"all": folder}`; `left_out` are folders that are no classes."""

    parts: dict[str, str]
    left_out: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def part_word(name: str) -> tuple[str, str] | None:
    """The part that a folder's name has a word for, and the other words: `seg_train` is train of `seg`, `training_set` train of ``."""
    words = [word for piece in _CAMEL.sub(" ", name).split() for word in _PIECE.findall(piece.lower())]
    part, rest = "", []
    for word in words:
        stem = next((stem for stem in (word, *_stems(word)) if stem in PART_NAMES), "")
        if stem and part:  # train_val, train_test: both or neither
            return None
        part = PART_NAMES[stem] if stem else part
        if not stem and word not in GENERIC and not word.isdigit():
            rest.append(word)
    return (part, " ".join(rest)) if part else None


def _stems(word: str) -> list[str]:
    """`word` without a generic word at its end, as in trainset."""
    return [word.removesuffix(end) for end in GENERIC if word.endswith(end)]


def recognise(root: Path, scan: Scan) -> Layout:
    """The layout of the folder `root`; raises UsageError or ClearsightError where folders mean parts but hold no classes, or clash."""
    tree = _Tree(root, scan)
    base = tree.innermost("")
    notes = [f"{base}/ is the only folder with pictures: the folders in it are read"] if base else []
    full = tree.full(base)
    layout = _divided(tree, full) or _classes(tree, base, full)
    for folder in layout.parts.values():
        _refuse_annotations(tree, [inner for inner in tree.full(folder) if inner not in layout.left_out])
    return Layout(layout.parts, layout.left_out, [*notes, *layout.notes])


@dataclass(frozen=True)
class _Tree:
    root: Path
    scan: Scan

    def full(self, folder: str) -> list[str]:
        """The folders of `folder` that hold a picture at any depth."""
        return [inner for inner in self.scan(folder)[0] if self.holds_pictures(inner)]

    def holds_pictures(self, folder: str) -> bool:
        folders, pictures = self.scan(folder)
        return bool(pictures) or any(map(self.holds_pictures, folders))

    def flat(self, folder: str) -> bool:
        """Whether all pictures lie in the folder itself, or in one that is called `images`, after a part or the like."""
        full = self.full(folder)
        return not full or (len(full) == 1 and _is_no_class(_name(full[0])) and self.flat(full[0]))

    def divided(self, folder: str) -> bool:
        """Whether the folder holds two folders of pictures or more, and no picture itself."""
        return len(self.full(folder)) > 1 and not self.scan(folder)[1]

    def innermost(self, folder: str) -> str:
        """The first folder below that holds several folders of pictures, or a part, if every folder above holds one folder only."""
        inside = folder
        while not self.scan(inside)[1] and len(full := self.full(inside)) == 1:
            if part_word(_name(full[0])) and self.full(full[0]) and part_word(_name(inside or "")) is None:
                return inside
            inside = full[0]
        return inside if self.divided(inside) else folder


def _name(folder: str) -> str:
    return folder.rsplit("/", 1)[-1]


def _is_no_class(name: str) -> bool:
    return name.lower() in GENERIC or part_word(name) is not None


def _refuse_annotations(tree: _Tree, classes: list[str]) -> None:
    """Raise UsageError where the folders are called pictures and masks, or the like: none of them is a class."""
    words = {
        folder: {word for piece in _CAMEL.sub(" ", _name(folder)).split() for word in _PIECE.findall(piece.lower())} for folder in classes
    }
    marked = [folder for folder, found in words.items() if found & _ANNOTATIONS]
    rest = [found for folder, found in words.items() if folder not in marked]
    if marked and rest and all(all(word in GENERIC or _stems(word) for word in found) for found in rest):
        others = listed([f"{folder}/" for folder in classes if folder not in marked], 3)
        raise UsageError(
            f"{listed([f'{folder}/' for folder in marked], 3)} in {tree.root} next to {others}: by these names the former hold masks or "
            f"other annotations, and the latter the pictures of all classes. Rename them if they are classes. {LAYOUT.format(tree.root)}"
        )


def _names(folders: list[str]) -> set[str]:
    return {_name(folder).lower() for folder in folders}


def _divided(tree: _Tree, full: list[str]) -> Layout | None:
    """The layout if folders are parts; None if they are classes."""
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))  # other words → part → folders
    for folder in full:
        if found := part_word(_name(folder)):
            groups[found[1]][found[0]].append(folder)
    for rest in sorted(groups):  # "" first: names without other words
        named = groups[rest]
        members = [folder for folders in named.values() for folder in folders]
        beside = [folder for folder in full if folder not in members]
        if rest and "train" not in named:
            continue
        if len(named) > 1 and all(map(tree.flat, members)):
            raise UsageError(_no_classes(tree, members))
        if len(named) > 1 or not beside or _train_beside_unlabelled(tree, members, beside):
            return _as_parts(tree, named, beside) if any(map(tree.full, members)) else None
    return None


def _train_beside_unlabelled(tree: _Tree, named: list[str], beside: list[str]) -> bool:
    """Whether `named` is the training part, and the folders next to it hold pictures without classes; bus/ and car/ do not."""
    part = part_word(_name(named[0]))
    flat = len(named) == 1 and tree.divided(named[0]) and all(map(tree.flat, beside))
    unlabelled = all(set(_PIECE.findall(_name(folder).lower())) & _UNLABELLED for folder in beside)
    return part is not None and part[0] == "train" and flat and (len(beside) == 1 or unlabelled)


def _as_parts(tree: _Tree, named: dict[str, list[str]], beside: list[str]) -> Layout:
    parts: dict[str, str] = {}
    for part, folders in named.items():
        if len(folders) > 1:
            raise ClearsightError(f"{tree.root} has two {part} folders, {folders[0]} and {folders[1]}. Keep one.")
        parts[part] = folders[0]
    train = tree.innermost(parts["train"]) if "train" in parts else ""
    classes = _names(tree.full(train)) if train else set()
    for part, folder in parts.items():
        inner = tree.full(folder)
        wrapped = not tree.scan(folder)[1] and len(inner) == 1 and _name(inner[0]).lower() not in classes
        parts[part] = train if part == "train" else tree.innermost(folder) if wrapped else folder
        if wrapped and tree.flat(folder):  # train/images/1.jpg: no class is called images
            parts[part] = inner[0]
    empty = [folder for folder in tree.scan(_above(next(iter(named.values()))[0]))[0] if not tree.holds_pictures(folder)]
    others = [folder for folder in sorted([*beside, *empty]) if not any(folder in folders for folders in named.values())]
    notes = [f"not among the parts, left out: {listed(others)}"] if others else []
    notes += [f"{parts[part]}/ is read as the {part} part" for part in parts if _name(parts[part]).lower() not in PART_NAMES]
    return Layout({part: parts[part] for part in ("train", "val", "test") if part in parts}, notes=notes)


def _above(folder: str) -> str:
    return folder.rpartition("/")[0]


def _classes(tree: _Tree, base: str, full: list[str]) -> Layout:
    """Every folder is a class, except for a copy of the others and for a test part among them."""
    notes, left_out = [], []
    for folder in full:
        inner, others = _names(tree.full(folder)), _names([other for other in full if other != folder])
        part = part_word(_name(folder))
        if part and part[1] == "" and len(inner & others) > 0 and tree.divided(folder):
            raise ClearsightError(
                f"{folder}/ in {tree.root} is a {part[0]} part and lies next to the class folders {listed(sorted(others), 3)}: "
                "move those into a folder train/, or the part elsewhere."
            )
        if len(inner) > 1 and inner <= others and tree.divided(folder):
            left_out.append(folder)
            notes.append(f"{folder}/ holds folders of the same names as those next to it: left out as a copy")
        elif part and part[1] == "" and part[0] != "train" and len(full) > 2:
            left_out.append(folder)
            notes.append(f"{folder}/ holds no class folders and lies among classes: left out, not a class. Rename it if it is one")
        elif part and part[1] == "" and part[0] == "train" and len(full) > 1:
            notes.append(
                f"{folder}/ is read as a class, like the folders next to it. If it is the training part, give {tree.root}/{folder}"
            )
    _refuse_parts_below(tree, [folder for folder in full if folder not in left_out])
    return Layout({"all": base}, tuple(left_out), [*notes, *_same_below(tree, full)])


def _refuse_parts_below(tree: _Tree, classes: list[str]) -> None:
    """Raise ClearsightError for parts inside class folders, cat/train/1.jpg: their pictures would be mixed."""
    for folder in classes:
        below = [inner for inner in tree.full(folder) if _name(inner).lower() in PART_NAMES]
        if len({PART_NAMES[_name(inner).lower()] for inner in below}) > 1:
            raise ClearsightError(
                f"{tree.root} has its parts inside the class folders ({listed(below, 3)}). Put the parts above the classes, as in "
                f"train/{_name(folder)}/ and test/{_name(folder)}/, or list the pictures in a table with the columns path, label, part."
            )


def _same_below(tree: _Tree, classes: list[str]) -> list[str]:
    """A note where all classes have folders of the same names: those may be the classes."""
    below = [_names(tree.full(folder)) for folder in classes if not tree.scan(folder)[1]]
    if len(classes) < 2 or len(below) < len(classes) or len(below[0]) < 2 or any(names != below[0] for names in below):
        return []
    return [f"all class folders hold folders of the same names ({listed(sorted(below[0]), 3)}): if those are the classes, give one folder"]


def _no_classes(tree: _Tree, named: list[str]) -> str:
    folders = " and ".join(f"{folder}/" for folder in named)
    return f"{folders} in {tree.root} hold no class folders. {LAYOUT.format(tree.root)}"
