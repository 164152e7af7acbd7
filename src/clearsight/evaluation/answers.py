"""The answers of an evaluation, picture by picture, in a file next to its figures; read without torch.

Shapes: N pictures, K classes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from ..base.errors import CorruptFile, UsageError
from ..base.files import write_atomic
from ..base.stored import taken_from
from ..datasets.dataset import Dataset, objects
from ..datasets.facts import SIZE

if TYPE_CHECKING:
    from ..classifier.stamp import Stamp

FILE = "answers.safetensors"
WHAT = "the answers of an evaluation"
FACTS = ("temperature", "precision", "views", "no_interval")  # kept as the evaluation has them


class NoAnswers(UsageError):
    """The folder has no answers: an older version evaluated there, or none did."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Every answer of an evaluation on the `part` of data, in the order of its pictures.

    `names` str objects `(N,)`, `labels` int64 `(N,)` in `classes`, `confidences` float32 `(N,)` of the first choice; `top` int64 `(N, k)`
    are the classes of the k highest `scores` float32 `(N, k)`, in descending order; `ranks` int64 `(N,)` is that of the truth, from 0,
    `truths` float32 `(N,)` its logit, and `log_sums` float64 `(N,)` the log-sum-exp of all logits / temperature. `logits` float32 `(N, K)`
    only up to 100 classes. `digests` bytes `(N,)` of the pictures, None where they were not computed; `stamp` as of the evaluation.
    """

    part: str
    classes: tuple[str, ...]
    names: NDArray[np.object_]
    labels: NDArray[np.int64]
    confidences: NDArray[np.float32]
    top: NDArray[np.int64]
    scores: NDArray[np.float32]
    ranks: NDArray[np.int64]
    truths: NDArray[np.float32]
    log_sums: NDArray[np.float64]
    stamp: "Stamp"
    logits: NDArray[np.float32] | None = None
    digests: NDArray[np.bytes_] | None = None
    temperature: float = 1.0
    precision: str = "float32"
    views: str = ""
    no_interval: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The first choice for each picture, int64 `(N,)`."""
        return self.top[:, 0]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the first choice is the truth, bool `(N,)`."""
        return np.equal(self.predictions, self.labels)

    def subset(self, rows: NDArray[Any]) -> "Answers":
        """The answers of these rows (whole numbers, or one bool per picture)."""
        columns = ("names", "labels", "confidences", "top", "scores", "ranks", "truths", "log_sums", "logits", "digests")
        return replace(self, **{name: value[rows] for name in columns if (value := getattr(self, name)) is not None})

    def as_data(self) -> Dataset:
        """Their pictures as a data set that knows names, classes and digests, and cannot read one."""
        return Dataset(self.classes, self.labels, self.names, root=Path(), paths=self.names, digests=self.digests)


def save(folder: Path, found: Answers) -> None:
    """Write the file of answers into a folder."""
    facts = {"version": 1, "part": found.part, "classes": found.classes, **{name: getattr(found, name) for name in FACTS}}
    tensors: dict[str, NDArray[Any]] = {
        "facts": _packed({**facts, "stamp": found.stamp}),
        "names": _packed([str(name) for name in found.names]),
        "labels": found.labels.astype("<i4"),
        "confidences": found.confidences,
        "top": found.top.astype("<i4"),
        "scores": found.scores,
        "ranks": found.ranks.astype("<i4"),
        "truths": found.truths,
        "log_sums": found.log_sums,
    }
    if found.logits is not None:
        tensors["logits"] = found.logits
    if found.digests is not None:
        tensors["digests"] = np.frombuffer(found.digests.astype(f"S{SIZE}").tobytes(), np.uint8).reshape(len(found), SIZE)
    write_atomic(folder / FILE, safetensors.numpy.save({name: np.ascontiguousarray(one) for name, one in tensors.items()}))


def read(folder: Path) -> Answers:
    """The answers in a folder; raises NoAnswers where the file is missing, CorruptFile for a file of another shape."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NoAnswers(f"{folder} has no {FILE}: make it with clearsight evaluate {folder}.") from None
    except OSError as error:
        raise CorruptFile(f"cannot read {path}: {error.strerror or error}.") from error
    with taken_from(path, WHAT):
        try:
            return _opened(safetensors.numpy.load(data))
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from error


def _opened(kept: Mapping[str, NDArray[Any]]) -> Answers:
    facts, names = _unpacked(kept["facts"]), _unpacked(kept["names"])
    digests = kept.get("digests")
    found = Answers(
        part=str(facts["part"]),
        classes=tuple(map(str, facts["classes"])),
        names=objects(map(str, names)),
        labels=kept["labels"].astype(np.int64),
        confidences=kept["confidences"].astype(np.float32),
        top=kept["top"].astype(np.int64),
        scores=kept["scores"].astype(np.float32),
        ranks=kept["ranks"].astype(np.int64),
        truths=kept["truths"].astype(np.float32),
        log_sums=kept["log_sums"].astype(np.float64),
        logits=kept.get("logits"),
        digests=None if digests is None else np.frombuffer(digests.tobytes(), f"S{SIZE}"),
        temperature=float(facts["temperature"]),
        precision=str(facts["precision"]),
        views=str(facts["views"]),
        no_interval=str(facts["no_interval"]),
        stamp=facts["stamp"],
    )
    _require_whole(found)
    return found


def _require_whole(found: Answers) -> None:
    """Raise ValueError where the columns do not belong together."""
    n, k = len(found), len(found.classes)
    for name in ("names", "confidences", "top", "scores", "ranks", "truths", "log_sums", "logits", "digests"):
        column = getattr(found, name)
        if column is not None and len(column) != n:
            raise ValueError(f"it has {len(column)} {name} for {n} pictures")
    if not n or found.top.ndim != 2 or not found.top.size or found.top.shape != found.scores.shape:
        raise ValueError("it has no answers")
    for name in ("labels", "top", "ranks"):
        column = getattr(found, name)
        if column.min() < 0 or column.max() >= k:
            raise ValueError(f"a number in its {name} is not below the number of classes, {k}")
    if found.logits is not None and found.logits.shape != (n, k):
        raise ValueError(f"its logits are shaped {found.logits.shape}")
    if not all(np.isfinite(column).all() for column in (found.confidences, found.scores, found.truths, found.log_sums)):
        raise ValueError("a score is no number")
    if not isinstance(found.stamp, dict) or not found.temperature > 0:
        raise ValueError("its facts are of the wrong kind")


def _packed(value: Any) -> NDArray[np.uint8]:
    """A JSON value as bytes, in ASCII: the name of a file may be no UTF-8."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def _unpacked(data: NDArray[Any]) -> Any:
    return json.loads(data.astype(np.uint8).tobytes())
