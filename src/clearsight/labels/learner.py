"""Learning while a person decides: features once, heads again for the labels that there are now, and what to look at next.

Everything is done in steps of a moment, between which the caller can do something else. Where pictures have labels, each is judged by a
head of the other folds, as in `label_errors`, and the likeliest errors come first; where they have none, a head of the labels that were
decided is fitted, and pictures are drawn as in `acquisition`.

Shapes: N pictures, D features, K classes.
"""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import ClearsightError, UnreadableImage
from ..classifier import Classifier
from ..classifier.features import MAX_FEATURES, SAMPLE_SIZE, components
from ..classifier.predict import features_and_logits
from ..datasets.dataset import Dataset, class_table, clean_label, objects
from ..datasets.decisions.journal import Entry
from ..datasets.loader import load
from ..datasets.split import folds
from ..heads.lbfgs import Problem, Solution, solve
from ..metrics.intervals import wilson
from ..models.base import Model
from . import confident
from .acquisition import chosen
from .label_errors import LabelErrors
from .out_of_fold import answers_of, problem_without, strength_of

FOLDS, SEED = 5, 0  # the defaults of `labels errors`
FIRST, SECONDS = 4, 0.5  # pictures of the first step, and about how long a step is
MOST = 200  # pictures of the queue
ALIKE = 3  # nearest pictures of a class that are shown next to a suspect
SHARES = 10  # groups of equal confidence
SAMPLES = 200  # bootstrap samples of the interval
NO_GUESS: dict[str, Any] = {"guess": "", "p": None}
WEAK = 0.01  # L2 of a head on few labels, of the features' mean squared length


@dataclass(frozen=True)
class Place:
    """How far the learner is: what it does, of how many it has done how many; `ready` when the queue is that of the present labels."""

    what: str
    done: int
    total: int
    ready: bool = False


class Learner:
    """What is known of the pictures `data` by the features of `classifier`, for the labels that they have and those decided since.

    `data` has the classes and labels as given, -1 for none. `decide` takes decisions, `step` works for a moment.
    """

    def __init__(self, data: Dataset, classifier: Classifier) -> None:
        self.data, self.classifier = data, classifier
        self.sorted = bool(data.classes)
        self.fold = folds(data, FOLDS, SEED) if self.sorted else np.zeros(len(data), np.int64)
        self.vectors: Tensor | None = None
        self.unreadable: dict[int, str] = {}
        self.entries: list[Entry | None] = [None] * len(data)
        self.seq = 0  # of the journal's last row that was taken in
        self.classes, self.labels = data.classes, data.labels
        self.probabilities: NDArray[np.float64] | None = None
        self.l2 = 0.0
        self.heads: dict[int, tuple[tuple[int, ...], Solution]] = {}
        self.place = Place("features", 0, len(data))
        self.work: Iterator[Place] | None = self._begin()

    def decide(self, entries: list[Entry | None], seq: int) -> None:
        """Take in the current decision about each picture, of the journal up to row `seq`; what follows from them needs steps."""
        if seq == self.seq:
            return
        self.entries, self.seq = entries, seq
        label = [clean_label(entry.label) if entry is not None and entry.kind == "label" else "" for entry in entries]
        now = [new or (self.data.label(i) if self.data.labels[i] >= 0 else "") for i, new in enumerate(label)]
        new = tuple(one for one in class_table({"": set(filter(None, now))}) if one not in self.data.classes)
        self.classes = self.data.classes + new
        index = {one: k for k, one in enumerate(self.classes)}
        self.labels = np.array([index.get(one, -1) for one in now], np.int64)
        if self.vectors is not None:
            self.work = self._fit(again=True)
            self.place = replace(self.place, ready=False)

    def step(self, seconds: float = SECONDS) -> Place:
        """Work for about so many seconds, and return how far it is."""
        end = time.monotonic() + seconds
        while self.work is not None:
            try:
                self.place = next(self.work)
            except StopIteration:
                self.work, self.place = None, replace(self.place, what="ready", ready=True)
            if time.monotonic() > end:
                break
        return self.place

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Which pictures have a decision, bool (N,)."""
        return np.array([entry is not None for entry in self.entries], bool)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which pictures a head may learn from: readable, with a label, neither left out nor unsure, bool (N,)."""
        out = [entry is not None and entry.kind in ("leave out", "unsure") for entry in self.entries]
        readable = np.ones(len(self.data), bool)
        readable[list(self.unreadable)] = False
        return np.asarray((self.labels >= 0) & ~np.array(out, bool) & readable, bool)

    @property
    def open(self) -> NDArray[np.int64]:
        """The rows that are to be decided, int64."""
        wanted = ~self.decided
        wanted[list(self.unreadable)] = False
        return np.flatnonzero(wanted & ((self.fold >= 0) | ~self.sorted))

    def _begin(self) -> Iterator[Place]:
        raw: list[Tensor] = []
        basis = None
        n = len(self.data)
        if cast(Model, self.classifier.model).head.in_features > MAX_FEATURES:
            every = math.ceil(n / SAMPLE_SIZE)
            for found, done in self._features(np.arange(0, n, every)):
                raw.append(found)
                yield Place("sample", done, -(-n // every))
            basis = components(torch.cat(raw))
        whole = basis is not None and len(torch.cat(raw)) == n  # the sample was all of them
        vectors = [_projected(one, basis) for one in raw] if whole else []
        for found, done in () if whole else self._features(np.arange(n)):
            vectors.append(_projected(found, basis))
            yield Place("features", done, n)
        self.vectors = torch.cat(vectors)
        yield from self._fit(again=False)

    def _features(self, rows: NDArray[np.int64]) -> Iterator[tuple[Tensor, int]]:
        """The features of `rows`, some at a time, and how many there are by then; those of unreadable pictures are 0."""
        net = self.classifier.faster("plain" if self.classifier.architecture.startswith("hog") else "auto")
        done, many = 0, FIRST
        while done < len(rows):
            began, some = time.monotonic(), rows[done : done + many]
            found = self._some(net, some)
            done += len(some)
            yield found, done
            many = max(1, min(4096, int(many * SECONDS / 2 / max(time.monotonic() - began, 1e-3)), many * 8))

    def _some(self, net: Classifier, rows: NDArray[np.int64]) -> Tensor:
        head = cast(Model, self.classifier.model).HEAD
        try:
            pictures = load(self.data.subset(rows), self.classifier.preprocessing, cache="memory", quiet=True)
            return torch.cat([found for found, _ in features_and_logits(net, head, pictures, torch.arange(len(rows)))])
        except UnreadableImage as error:
            if len(rows) > 1:
                return torch.cat([self._some(net, rows[k : k + 1]) for k in range(len(rows))])
            self.unreadable[int(rows[0])] = error.reason
            return torch.zeros(1, cast(Model, self.classifier.model).head.in_features)

    def _fit(self, again: bool) -> Iterator[Place]:
        assert self.vectors is not None
        yield from self._folds(self.vectors, again) if self.sorted else self._whole(self.vectors)

    def _folds(self, vectors: Tensor, again: bool) -> Iterator[Place]:
        """Probabilities of each fold by a head of the others."""
        usable = self.usable
        labels, fold = torch.from_numpy(self.labels), torch.from_numpy(np.where(usable, self.fold, FOLDS))
        numbers = sorted(set(self.fold[usable].tolist()) - {-1})
        if len(numbers) < 2 or len(set(self.labels[usable].tolist())) < 2:
            raise ClearsightError("a label can only be wrong where two classes have pictures: too many are left out.")
        if not again:
            kept = torch.from_numpy(usable)
            self.l2, _ = strength_of(vectors[kept], labels[kept], fold[kept], len(self.classes), numbers[0])
        made = np.zeros((len(labels), len(self.classes)))
        for k, number in enumerate(numbers):
            rows = torch.from_numpy(usable & (self.fold != number))
            present, compact = torch.unique(labels[rows], return_inverse=True)
            table = tuple(present.tolist())
            before = self.heads.get(number, ((), None))
            start = before[1] if before[0] == table else None
            if len(table) == len(self.classes):
                problem = problem_without(vectors, labels, torch.from_numpy(np.where(usable, self.fold, number)), len(table), number)
            else:
                problem = Problem(vectors[rows], compact, len(table))
            head = solve(problem, self.l2, start, rough=again)
            self.heads[number] = (table, head)
            judged = torch.from_numpy(self.fold == number)
            made[np.ix_(judged.numpy(), present.numpy())] = answers_of(head, vectors[judged]).numpy()
            yield Place("heads", k + 1, len(numbers))
        self.probabilities = made

    def _whole(self, vectors: Tensor) -> Iterator[Place]:
        """Probabilities of all pictures by a head of those that have a label; the same for each while there are not two classes."""
        usable = torch.from_numpy(self.usable)
        present, compact = torch.unique(torch.from_numpy(self.labels)[usable], return_inverse=True)
        made = np.full((len(vectors), max(2, len(self.classes))), 0.5)
        if len(present) >= 2:
            head = weak_head(vectors[usable], compact, len(present))
            made = np.zeros((len(vectors), len(self.classes)))
            made[:, present.numpy()] = answers_of(head, vectors).numpy()
        self.probabilities = made
        yield Place("heads", 1, 1)

    def errors(self) -> LabelErrors:
        """The judgement of the pictures that have a label and are not decided yet, as `labels errors` has it."""
        assert self.probabilities is not None
        rows = np.intersect1d(self.open, np.flatnonzero(self.usable))
        part = objects([""] * len(rows))
        facts = {"folds": FOLDS, "seed": SEED, "by": "head", "l2": self.l2}
        return LabelErrors(
            self.classes, self.data.names[rows], self.labels[rows], part, self.probabilities[rows], "self-confidence", Path(),
            cast(Any, facts), (), self.data.subset(rows),
        )  # fmt: skip

    def queue(self, by_name: bool = False) -> dict[str, Any]:
        """The next pictures, the most worth a look first, and what is guessed of them; how many are left, and about how many are wrong."""
        if self.sorted:
            return self._suspects() if self.probabilities is not None else {"items": [], "left": len(self.open), "estimate": None}
        return self._next(by_name or self.probabilities is None)

    def _suspects(self) -> dict[str, Any]:
        rows = np.intersect1d(self.open, np.flatnonzero(self.usable))
        if not len(rows):
            return {"items": [], "left": 0, "estimate": None}
        found = self.errors()
        often = _reliability(found)
        items = []
        for k in found.order[:MOST].tolist():
            i, likely = int(rows[k]), int(found.likely[k])
            items.append(
                {
                    "row": i, "given": self.classes[self.labels[i]], "guess": self.classes[likely],
                    "p_given": float(found.probabilities[k, self.labels[i]]), "p": float(found.probabilities[k, likely]),
                    "flagged": bool(found.flagged[k]), "often": often(float(found.probabilities[k].max())),
                    "alike": {self.classes[c]: self._alike(i, c) for c in dict.fromkeys((int(self.labels[i]), likely))},
                }
            )  # fmt: skip
        return {"items": items, "left": len(rows), "agreement": found.agreement, "estimate": _estimate(found)}

    def _next(self, by_name: bool) -> dict[str, Any]:
        """Pictures without a label: by name, or the most worth a label first."""
        rows, p = self.open, self.probabilities
        known = p is not None and len(set(self.labels[self.usable].tolist())) >= 2
        order = list(range(min(MOST, len(rows))))
        if not by_name and len(rows) and p is not None and self.vectors is not None:
            some = torch.from_numpy(rows)
            order = chosen(self.vectors[some], torch.from_numpy(p[rows]).float(), min(MOST // 4, len(rows)), SEED)
        items = []
        for row in rows[order].tolist():
            guess = {"guess": self.classes[int(p[row].argmax())], "p": float(p[row].max())} if p is not None and known else NO_GUESS
            items.append({"row": row, "given": "", "p_given": None, "flagged": False, "often": None, "alike": {}, **guess})
        return {"items": items, "left": len(rows), "estimate": None}

    def _alike(self, row: int, k: int) -> list[int]:
        """The rows of class `k` whose features point in the most similar direction, without the picture itself."""
        assert self.vectors is not None
        rows = np.flatnonzero(self.usable & (self.labels == k) & (np.arange(len(self.data)) != row))
        if not len(rows):
            return []
        others = torch.nn.functional.normalize(self.vectors[torch.from_numpy(rows)] - self._mean, dim=1)
        nearness = others @ torch.nn.functional.normalize(self.vectors[row] - self._mean, dim=0)
        return [int(rows[i]) for i in nearness.topk(min(ALIKE, len(rows))).indices.tolist()]

    @property
    def _mean(self) -> Tensor:
        assert self.vectors is not None
        return self.vectors.mean(0)


def weak_head(vectors: Tensor, labels: Tensor, classes: int) -> Solution:
    """A head on few pictures, fitted in a moment: features `(N, D)`, which may be centred in place, and labels `(N,)` of every class."""
    problem = Problem(vectors, labels, classes)
    return solve(problem, WEAK * max(problem.spread, 1e-9), rough=True)


def _projected(vectors: Tensor, basis: tuple[Tensor, Tensor] | None) -> Tensor:
    return vectors if basis is None else (vectors - basis[0]) @ basis[1]


def _reliability(found: LabelErrors) -> Any:
    """A function of a confidence: how often one like it agreed with the label, with its interval, among `n` pictures."""
    top, right = found.probabilities.max(1), found.probabilities.argmax(1) == found.labels
    order = np.argsort(top, kind="stable")
    groups = [rows for rows in np.array_split(order, min(SHARES, max(1, len(order) // 20))) if len(rows)]
    ends = np.array([top[rows[-1]] for rows in groups])
    told = []
    for rows in groups:
        agreed = int(right[rows].sum())
        low, high = wilson(agreed, len(rows))
        told.append({"n": len(rows), "value": agreed / len(rows), "low": low, "high": high})
    return lambda confidence: told[min(int(np.searchsorted(ends, confidence)), len(told) - 1)]


def _estimate(found: LabelErrors) -> Mapping[str, float]:
    """About how many of these labels are wrong, with a 95 % interval by the bootstrap over the pictures."""
    k = len(found.classes)
    cells, counts = np.unique(found.labels * (k + 1) + found.confident + 1, return_counts=True)
    draw = np.random.default_rng(SEED)
    labels, sure = cells // (k + 1), cells % (k + 1) - 1
    values = []
    for sample in draw.multinomial(len(found), counts / counts.sum(), SAMPLES):
        joint = np.zeros((k, k), np.int64)
        np.add.at(joint, (labels[sure >= 0], sure[sure >= 0]), sample[sure >= 0])
        table = confident.calibrated(joint, np.bincount(labels, sample, k).astype(np.int64))
        values.append(float(table.sum() - np.trace(table)))
    low, high = np.quantile(values, [0.025, 0.975])
    return {"n": found.estimated, "low": min(float(low), found.estimated), "high": max(float(high), found.estimated)}
