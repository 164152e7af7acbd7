"""The feature space of a network: vectors of the pictures of a data set, computed once; what is near to a picture, and a map."""

import time
from typing import Any

import numpy as np
import torch

from ...base.errors import ClearsightError, plain, unknown
from ...datasets.open import open_dataset
from ...images.convert import visible
from ...images.decode import decode
from ...look.embedding import drawn, features, laid_out, nearest, readable, stacked, to_json
from ...look.target import Subject
from ...metrics.intervals import wilson
from .loop import Functions
from .pictures import thumbnail, tiled
from .reader import COLUMNS, Opened, bytes_of
from .session import Session

NEAR = 11  # as `look neighbours` has them
FIRST, MOST, SECONDS = 4, 64, 0.4  # pictures of the first step and of any; about how long a question works


class Space:
    """The features of some pictures of one part of a data set, in the space of a network; filled in steps of a moment."""

    def __init__(self, found: Subject, words: str, part: str, most: int) -> None:
        whole = open_dataset(words, labelled=False)
        names = list(whole.parts)
        self.part = part or names[0]
        if self.part not in names:
            raise unknown("part", part, names)
        self.found, self.parts, self.data = found, names, whole.parts[self.part]
        opened = Opened(words, whole)
        self.version, self.start = opened.digest, int(opened.starts[names.index(self.part)])
        self.chosen = drawn(self.data, most)
        self.read: list[int] = []
        self.vectors: list[torch.Tensor] = []
        self.done, self.many = 0, FIRST

    def step(self, seconds: float = SECONDS) -> dict[str, Any]:
        """Work for about so many seconds; how far it is then."""
        end = time.monotonic() + seconds
        while self.done < len(self.chosen):
            began, some = time.monotonic(), self.chosen[self.done : self.done + self.many]
            read, vectors = readable(self.found, self.data, some)
            self.read += read
            self.vectors += vectors
            self.done += len(some)
            self.many = max(1, min(MOST, 2 * self.many, int(self.many * seconds / 2 / max(time.monotonic() - began, 1e-3))))
            if time.monotonic() > end:
                break
        return {
            "ready": self.done == len(self.chosen), "done": self.done, "total": len(self.chosen), "part": self.part, "parts": self.parts,
            "pictures": len(self.data), "unreadable": self.done - len(self.read),
        }  # fmt: skip


def _space(session: Session, words: str, data: str, part: str, most: int) -> Space:
    found, _ = session.network(words)
    return session.spaces.of((words, data, part, most), lambda: Space(found, data, part, most))  # type: ignore[no-any-return]


def neighbours(session: Session, words: str, file: str, data: str, part: str, most: int) -> dict[str, Any]:
    """The pictures whose features are nearest to those of a picture, as `look neighbours` has them; works a moment until `ready`."""
    space = _space(session, words, data, part, most)
    own = features(space.found, session.input(words, file))[0]  # refused before anything else is computed
    place = space.step()
    if not place["ready"]:
        return place
    near = nearest(stacked(space.vectors), own, space.data, space.read, NEAR)
    shown = [thumbnail(visible(decode(space.data.source(one.index)))) for one in near]
    image, side, boxes = tiled(list(shown), COLUMNS)
    told = [
        {"row": space.start + one.index, "name": plain(one.name), "label": plain(one.label), "cosine": one.cosine, "part": space.part}
        for one in near
    ]
    sheet = {"image": image, "side": side, "boxes": boxes, "columns": COLUMNS, "names": [one["name"] for one in told]}
    return {**place, "near": told, "sheet": sheet, "novelty": novelty(session, words, file)}


def novelty(session: Session, words: str, file: str) -> dict[str, Any] | None:
    """How unlike the training pictures' the features of a picture are, as `classify --json` says it; and of how many held-out pictures
    of the known classes the novelty is at least as high, with the 95 % interval of that share. None where a network cannot say it."""
    classifier = session.classifier(words)
    if classifier is None or classifier.reference.novelty is None:
        return None
    value, scores = classifier.classify(file).novelty, classifier.reference.novelty.scores
    if value is None:
        return None
    higher = int((scores >= value).sum())
    low, high = wilson(higher, len(scores)) if len(scores) else (None, None)
    return {"value": value, "n": len(scores), "higher": higher, "low": low, "high": high}


def space_map(session: Session, words: str, data: str, version: str, part: str, most: int) -> dict[str, Any]:
    """The pictures in the plane by the features of a network, as `look embedding` has them; works a moment until `ready`."""
    space = _space(session, words, data, part, most)
    if version != space.version:
        session.spaces.clear()
        raise ClearsightError("the data have changed since this page was opened: load it again.")
    place = space.step()
    if not place["ready"]:
        return place
    vectors = stacked(space.vectors)
    if len(vectors) < 3:
        raise ClearsightError("a map needs three pictures that can be read.")
    places = laid_out(vectors, "pca")
    spread = float(places.var(0).sum() / max(float(vectors.double().var(0, unbiased=False).sum()), 1e-12))
    told = {"rows": bytes_of((np.array(space.read) + space.start).astype("<u4")), "places": bytes_of(places.astype("<f4")), "share": spread}
    if (space.data.labels[space.read] >= 0).all():
        whole = to_json(vectors, places, space.data, space.read)
        told |= {name: whole[name] for name in ("purity", "chance", "dimensions")}
    return {**place, **told, "dimensions": vectors.shape[1]}


FUNCTIONS: Functions = {"neighbours": neighbours, "space": space_map}
