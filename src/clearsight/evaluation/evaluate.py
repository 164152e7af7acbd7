"""`evaluate`: a classifier and pictures with known classes in; everything there is to say about its answers out."""

import time
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from ..base.errors import ClearsightError, UsageError
from ..base.progress import Progress
from ..base.result import Result, Row
from ..classifier import Classifier, predict
from ..classifier.stamp import Stamp
from ..datasets.dataset import Dataset
from ..datasets.loader import load
from ..datasets.split import align
from ..metrics import calibration, intervals
from ..metrics.accuracy import ranks
from ..metrics.confusion import ClassScores, confused_pairs, confusion, per_class
from ..metrics.intervals import Estimate
from . import uncertainty
from .rows import Answer, Figures
from .uncertainty import NONE_VERIFIED, Verified

MOST_MISTAKES = 24
MOST_PAIRS = 12
ALL_CLASSES = "by definition: there are no more classes"


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Result):
    """The answers of a classifier on labelled pictures, and their accuracy, calibration and confusions.

    `names` str objects `(N,)`, `labels` int64 `(N,)` in the classifier's table `classes`, `logits` float32 `(N, K)`;
    `seconds` with reading the pictures, `pictures_per_second` without; `speed` is how the classifier computed, `views` over what;
    `stamp` says of which pictures and weights, and when; `no_interval` why accuracies on them have none, if they have none.
    `data` are the pictures, in the order of `names`, None where only logits came; a page saved by `save("report.html")` shows them.
    `novelties` float32 `(N,)` as of `Prediction`, None where the classifier scores none; `verified` are the sets to verify, for which the
    pictures must have had no part in the classifier and its calibration.
    """

    classes: tuple[str, ...]
    names: NDArray[np.object_]
    labels: NDArray[np.int64]
    logits: NDArray[np.float32]
    temperature: float = 1.0
    seconds: float = 0.0
    pictures_per_second: float = 0.0
    speed: str = "plain"
    views: str = ""
    stamp: Stamp = field(default_factory=Stamp)
    no_interval: str = ""
    data: Dataset | None = None
    novelties: NDArray[np.float32] | None = None
    verified: Verified = NONE_VERIFIED

    def __post_init__(self) -> None:
        if not len(self.labels):
            raise UsageError("there are no pictures to evaluate on.")
        if not np.isfinite(self.logits).all():
            first = int(np.flatnonzero(~np.isfinite(self.logits).all(axis=1))[0])
            raise ClearsightError(
                f"the classifier's scores are not finite numbers (first for {self.names[first]}): its weights are damaged or its training "
                "diverged. Train again with a lower --lr."
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def precision(self) -> str:
        """What products were computed in: `float32` unless the speed is bf16 or int8."""
        return {"bf16": "bfloat16", "int8": "int8"}.get(self.speed, "float32")

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Calibrated class probabilities, float32 `(N, K)`."""
        return torch.softmax(torch.from_numpy(self.logits) / self.temperature, dim=1).numpy()

    @cached_property
    def predictions(self) -> NDArray[np.int64]:
        """The first choice for each picture, int64 `(N,)`."""
        return np.asarray(self.logits.argmax(axis=1), dtype=np.int64)

    @cached_property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of the first choice, float32 `(N,)`."""
        return self.probabilities[np.arange(len(self)), self.predictions]

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Whether the first choice is the truth, bool `(N,)`."""
        return np.equal(self.predictions, self.labels)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Counts int64 `(K, K)`: row = truth, column = prediction."""
        return confusion(self.labels, self.predictions, len(self.classes))

    @cached_property
    def per_class(self) -> list[ClassScores]:
        """Precision, recall and F1 of each class."""
        return per_class(self.confusion)

    @cached_property
    def reliability(self) -> list[calibration.Bin]:
        """The bins of the reliability diagram."""
        return calibration.binned(self.confidences, self.right)

    @cached_property
    def recall_limits(self) -> list[tuple[float, float] | None]:
        """The 95 % interval of each class's recall; None for one without pictures, and where there are no intervals."""
        return [self._limits(int(hits), row.n) for hits, row in zip(np.diag(self.confusion), self.per_class, strict=True)]

    @cached_property
    def reliability_limits(self) -> list[tuple[float, float] | None]:
        """The 95 % interval of the accuracy in each bin of `reliability`; None for an empty one, and where there are no intervals."""
        return [self._limits(round((row.accuracy or 0.0) * row.n), row.n) for row in self.reliability]

    def _limits(self, hits: int, n: int) -> tuple[float, float] | None:
        return None if self.no_interval or not n else intervals.wilson(hits, n)

    def accepted(self, least: float) -> tuple[int, float | None]:
        """The number of pictures with a confidence of at least `least`, and the accuracy on them; None without any."""
        kept = self.confidences >= least
        return int(kept.sum()), float(self.right[kept].mean()) if kept.any() else None

    def top(self, k: int) -> Estimate:
        """Top-k accuracy with its 95 % interval, or the reason why it has none: with no more than k classes it is 1 by definition."""
        hits = int((ranks(self.logits, self.labels) < k).sum())
        return intervals.proportion(hits, len(self), ALL_CLASSES if k >= len(self.classes) else self.no_interval)

    def macro(self) -> Estimate:
        """Mean recall over the classes that have pictures, with its 95 % interval or the reason why it has none."""
        counts = ((int(hits), row.n) for hits, row in zip(np.diag(self.confusion), self.per_class, strict=True))
        return intervals.bounded(*intervals.mean_of_shares(counts), self.no_interval)

    def mistakes(self, most: int = MOST_MISTAKES) -> list[int]:
        """Rows of the wrong answers, the most confident first."""
        wrong = np.flatnonzero(~self.right)
        order = np.argsort(-self.confidences[wrong], kind="stable")[:most]
        return [int(row) for row in wrong[order]]

    def confused_pairs(self, most: int = MOST_PAIRS) -> list[tuple[int, int, int]]:
        """The commonest mistakes as (truth, prediction, pictures)."""
        return confused_pairs(self.confusion, most)

    @cached_property
    def figures(self) -> Figures:
        """The JSON of `clearsight evaluate --json`; accuracies are fractions of 1, what cannot be counted is null."""
        top1, top5 = self.top(1), self.top(5)
        raw = torch.softmax(torch.from_numpy(self.logits), dim=1)
        return {
            "n": len(self),
            "top1": top1,
            "top5": top5,
            "top1_error": _error(top1),
            "top5_error": _error(top5),
            "top5_k": min(5, len(self.classes)),
            "macro": self.macro(),
            "nll": calibration.nll(self.logits, self.labels, self.temperature),
            "nll_raw": calibration.nll(self.logits, self.labels),
            "ece": calibration.mean_gap(self.reliability),
            "ece_raw": calibration.ece(raw, self.labels),
            "temperature": self.temperature,
            "seconds": round(self.seconds, 3),
            "pictures_per_second": round(self.pictures_per_second, 1),
            "speed": self.speed,
            "precision": self.precision,
            "views": self.views,
            **self.stamp,
            "classes": list(self.classes),
            "per_class": self.rows(),
            "confusion": self.confusion.tolist(),
            "reliability": [asdict(row) for row in self.reliability],
            "risk_coverage": uncertainty.risk(self.confidences, self.right),
            "sets": uncertainty.sets(self.verified, self.probabilities, self.labels, self.classes, self.no_interval),
            "none_of_these": uncertainty.refused(self.verified, self.novelties, self.no_interval),
            "mistakes": [self.answer(row) for row in self.mistakes()],
            "confused_pairs": [
                {"truth": self.classes[truth], "prediction": self.classes[guess], "n": n, "share": n / self.per_class[truth].n}
                for truth, guess, n in self.confused_pairs()
            ],
        }

    def answer(self, row: int) -> Answer:
        """One answer: source, truth, label, confidence."""
        return {
            "source": str(self.names[row]),
            "truth": self.classes[self.labels[row]],
            "label": self.classes[self.predictions[row]],
            "confidence": float(self.confidences[row]),
        }

    def to_json(self) -> Figures:
        """All figures, as JSON allows them (no NaN)."""
        return self.figures.copy()

    def headline(self) -> str:
        """Top-1 accuracy with its 95 % interval."""
        top1 = self.top(1)
        limits = f"no interval: {top1['reason']}" if top1["low"] is None else f"95 % interval {top1['low']:.2%} to {top1['high']:.2%}"
        return f"top-1 accuracy {top1['value']:.2%} ({limits}), n = {len(self):,}, computed in {self.precision}"

    def rows(self) -> list[Row]:
        """A line for each class: pictures, precision, recall, F1."""
        return [{"label": label, **asdict(row)} for label, row in zip(self.classes, self.per_class, strict=True)]


def evaluate(
    classifier: Classifier,
    dataset: Dataset,
    *,
    batch_size: int = 0,
    cache: str = "auto",
    workers: int = 0,
    change: predict.Change | None = None,
    no_interval: str = "",
    quiet: bool = False,
) -> Evaluation:
    """Judge `classifier` on every picture of `dataset`; classes are matched by name.

    `change` is what is done to the fitted pictures uint8 `(n, C, H, W)` first, with their indices `(n,)`; `no_interval` says why accuracies
    on them have none (`classifier.validation.reason` of those that chose the epoch). Raises UsageError when there
    are no pictures, or one has a class that the classifier does not know; UnreadableImage.
    """
    if not len(dataset):
        raise UsageError("there are no pictures to evaluate on.")
    if batch_size < 0:
        raise UsageError(f"batch_size must be at least 1, or 0 for the classifier's own. Got {batch_size}.")
    start = time.perf_counter()
    known = align(dataset, classifier.classes)
    pictures = load(known, classifier.preprocessing, cache=cache, workers=workers, quiet=quiet)
    ready = time.perf_counter()
    with Progress("evaluate", len(known), quiet=quiet) as progress:
        logits, novelties = predict.judged(classifier, pictures, batch_size=batch_size, change=change, progress=progress)
    end = time.perf_counter()
    return Evaluation(
        classes=tuple(classifier.classes),
        names=printable(known.names),
        labels=known.labels,
        logits=logits.numpy(),
        temperature=classifier.temperature,
        seconds=end - start,
        pictures_per_second=len(known) / max(end - ready, 1e-9),
        speed=classifier.speed,
        views=classifier.views,
        no_interval=no_interval,
        data=known,
        novelties=None if novelties is None else novelties.numpy(),
    )


def _error(accuracy: Estimate) -> Estimate:
    """An accuracy as an error, as ILSVRC reports it."""
    low, high = (None if limit is None else 1 - limit for limit in (accuracy["high"], accuracy["low"]))
    return {**accuracy, "value": 1 - accuracy["value"], "low": low, "high": high}


def printable(names: NDArray[np.object_]) -> NDArray[np.object_]:
    """Names that can be written as UTF-8: a file name on Linux may hold any bytes."""
    clean = np.empty(len(names), dtype=object)
    clean[:] = [str(name).encode("utf-8", "backslashreplace").decode() for name in names]
    return clean
