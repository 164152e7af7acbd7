"""What the screen Labels asks: the queue of pictures, as the learner has it after the decisions in the journal."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from ...base.errors import ClearsightError, plain
from ...classifier import load
from ...datasets.dataset import Dataset, Parts
from ...datasets.decisions.journal import Journal, standing
from ...datasets.decisions.overlay import matched, unsorted
from ...datasets.identity import identified
from ...datasets.open import open_dataset
from ...labels.label_errors import chosen_part, memorised
from ...labels.learner import Learner
from ...training.api import designed
from .reader import Opened
from .session import Session


class Labelling:
    """A learner, and where its pictures are among those of the page: row of the learner → row of the data set."""

    def __init__(self, words: str, network: str, part: str) -> None:
        whole = open_dataset(words, labelled=False)
        self.version = Opened(words, whole).digest
        parts = identified(unsorted(whole), quiet=True)
        self.part = part or next(iter(parts.parts))
        names = list(parts.parts)
        start = sum(len(parts.parts[one]) for one in names[: names.index(self.part)]) if self.part in names else 0
        if parts.classes:
            self.data, _ = chosen_part(parts, self.part)
        else:
            self.data = parts.parts[self.part]
            self.data = self.data.subset(np.argsort([str(name) for name in self.data.names], kind="stable"))
        place = {
            str(name): i
            for i, name in enumerate(name for one in ([self.part] if self.part in names else names) for name in parts[one].names)
        }
        self.rows = [start + place[str(name)] for name in self.data.names]
        self.row_of = {row: i for i, row in enumerate(self.rows)}
        self.notes = memorised(network, self.data) if network else []
        classifier = load(network) if network else designed(_any_classes(self.data))
        self.learner = Learner(self.data, classifier)
        self.parts = Parts(parts.name, self.data.classes, {self.part: self.data})


def _any_classes(data: Dataset) -> Dataset:
    """`data`, with classes that mean nothing where it has none: HOG is of the pictures alone, but a classifier has classes."""
    return data if data.classes else replace(data, classes=("a", "b"), labels=np.zeros(len(data), np.int64))


def labelling(
    session: Session, words: str, version: str, journal: str, network: str = "", part: str = "", by_name: bool = False
) -> dict[str, Any]:
    """Work for a moment, and say how far it is, with the queue: the pictures to decide about, and what is guessed of them."""
    one: Labelling = session.learners.of((words, network, part), lambda: Labelling(words, network, part))
    if one.version != version:
        session.learners.clear()
        raise ClearsightError("the data have changed since this page was opened: load it again.")
    entries = Journal(journal).entries()
    found, lost = matched(one.parts, standing(entries))
    one.learner.decide(found[one.part], entries[-1].seq if entries else 0)
    place = one.learner.step()
    queue = one.learner.queue(by_name)
    for item in queue["items"]:
        item |= {"row": one.rows[item["row"]], "name": plain(one.data.names[item["row"]])}
        item["alike"] = [{"label": label, "rows": [one.rows[row] for row in rows]} for label, rows in item["alike"].items()]
    decided = [entry.kind for entry in found[one.part] if entry is not None]
    return {
        **queue, "place": asdict(place), "classes": list(one.learner.classes), "sorted": one.learner.sorted, "seq": one.learner.seq,
        "decided": len(decided), "pictures": len(one.data), "notes": [plain(note) for note in one.notes], "lost": len(lost),
        "unreadable": len(one.learner.unreadable),
    }  # fmt: skip


FUNCTIONS = {"labelling": labelling}
