"""Classes by camera: pictures of a folder per class, the head that is fitted on their features again at each, and its answer."""

import re
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from ...base.errors import ClearsightError, UnreadableImage, UsageError, plain
from ...base.files import write_atomic
from ...datasets.dataset import PART_NAMES, clean_label
from ...datasets.open import open_dataset
from ...heads.lbfgs import Solution
from ...images.convert import visible
from ...images.decode import decode
from ...labels.learner import weak_head
from ...labels.out_of_fold import answers_of
from ...look.embedding import features
from ...look.target import Subject, subject_of
from ...training.api import designed
from .loop import Functions
from .session import Session

MOST, MOST_CLASSES = 2000, 20  # pictures and classes of a set
SECONDS = 0.3  # that a question spends on pictures of an earlier start
LABEL = re.compile(r"[^\W_][\w .-]{0,48}[^\W_]|[^\W_]")  # the name of a folder everywhere


class Camera:
    """The pictures in `folder`, with the features of a network, or of HOG where `words` is empty."""

    def __init__(self, session: Session, folder: Path, words: str) -> None:
        self.folder = folder
        self.found: Subject | None = session.network(words)[0] if words else None
        self.known: list[tuple[str, Path, torch.Tensor]] = []  # label, file, features
        self.left = sorted(folder.glob("*/*.png"))  # pictures of an earlier start, whose features are to be computed
        self.taken: list[Path] = []  # since this start
        self.head: Solution | None = None  # of the pictures that are known

    def step(self, seconds: float = SECONDS) -> None:
        """Look at some of the pictures of an earlier start."""
        end = time.monotonic() + seconds
        while self.left:
            file = self.left.pop()
            self.head = None
            try:
                self.known.append((file.parent.name, file, self.vector(file)))
            except UnreadableImage:
                continue
            if time.monotonic() > end:
                break

    def vector(self, file: Path) -> torch.Tensor:
        """The features of a picture, `(D,)`."""
        if self.found is None:  # HOG has the size of the pictures
            data = next(iter(open_dataset(self.folder, labelled=False).parts.values()))
            self.found = subject_of("hog", designed(replace(data, classes=("a", "b"), labels=np.zeros(len(data), np.int64))))
        return features(self.found, self.found.inputs(str(file)))[0].cpu()

    def add(self, source: str, label: str) -> None:
        """Store a picture as one of class `label`; raises UsageError for a name that is no folder's, UnreadableImage."""
        label = named(label)
        counts = self.counts()
        if sum(counts.values()) >= MOST or (label not in counts and len(counts) >= MOST_CLASSES):
            raise UsageError(f"a set by camera has at most {MOST:,} pictures of {MOST_CLASSES} classes.")
        stream = BytesIO()
        Image.fromarray(visible(decode(source))).save(stream, format="PNG")
        numbers = [int(file.stem) for file in (self.folder / label).glob("*.png") if file.stem.isdecimal()]
        file = self.folder / label / f"{max(numbers, default=0) + 1:05}.png"
        try:
            write_atomic(file, stream.getvalue())
        except OSError as error:
            raise ClearsightError(f"cannot write {file}: {error.strerror or error}.") from error
        self.taken.append(file)
        self.known.append((label, file, self.vector(file)))
        self.head = None

    def undo(self, count: int) -> None:
        """Remove the last pictures, of those that were taken since this start."""
        gone = self.taken[max(0, len(self.taken) - count) :]
        del self.taken[len(self.taken) - len(gone) :]
        for file in gone:
            file.unlink(missing_ok=True)
            if not any(file.parent.iterdir()):
                file.parent.rmdir()
        self.known = [one for one in self.known if one[1] not in gone]
        self.head = None

    def counts(self) -> dict[str, int]:
        """Pictures by class, as they lie in the folder."""
        found = {one.name: sum(1 for _ in one.glob("*.png")) for one in self.folder.glob("*/")}
        return {label: n for label, n in sorted(found.items()) if n}

    def answer(self, source: str) -> list[dict[str, Any]]:
        """The classes of a picture, the likeliest first; none while there are not two classes."""
        labels = sorted({label for label, _, _ in self.known})
        if len(labels) < 2 or self.found is None:
            return []
        if self.head is None:
            table = torch.tensor([labels.index(label) for label, _, _ in self.known])
            self.head = weak_head(torch.stack([vector for _, _, vector in self.known]), table, len(labels))
        shares = answers_of(self.head, features(self.found, self.found.inputs(source)).cpu())[0].tolist()
        told = [{"label": label, "confidence": share} for label, share in zip(labels, shares, strict=True)]
        return sorted(told, key=lambda one: -one["confidence"])

    def state(self) -> dict[str, Any]:
        """The classes with their pictures, and how many of these are not looked at yet."""
        classes = [{"label": plain(label), "pictures": n} for label, n in self.counts().items()]
        return {"classes": classes, "left": len(self.left), "taken": len(self.taken)}


def named(label: str) -> str:
    """The name of a class as its folder has it; raises UsageError for one that cannot be a folder's on every system."""
    label = clean_label(label)
    if not LABEL.fullmatch(label) or label.lower() in PART_NAMES:
        raise UsageError(
            "the name of a class has up to 50 letters and digits, and between them spaces, points, - or _; train, val and test are "
            f"parts of data. Got {plain(label)[:60]!r}."
        )
    return label


def _camera(session: Session, folder: str, words: str) -> Camera:
    one: Camera = session.cameras.of((folder, words), lambda: Camera(session, Path(folder), words))
    one.step()
    return one


def camera(session: Session, folder: str, words: str) -> dict[str, Any]:
    """What has been taken so far."""
    return _camera(session, folder, words).state()


def camera_add(session: Session, folder: str, words: str, file: str, label: str) -> dict[str, Any]:
    """Store a picture of a class."""
    one = _camera(session, folder, words)
    one.add(file, label)
    return one.state()


def camera_answer(session: Session, folder: str, words: str, file: str) -> dict[str, Any]:
    """The answer to a picture, by a head of those that were taken."""
    one = _camera(session, folder, words)
    return {**one.state(), "top": one.answer(file)}


def camera_undo(session: Session, folder: str, words: str, count: int) -> dict[str, Any]:
    """Remove the last pictures again."""
    one = _camera(session, folder, words)
    one.undo(count)
    return one.state()


FUNCTIONS: Functions = {"camera": camera, "camera_add": camera_add, "camera_answer": camera_answer, "camera_undo": camera_undo}
