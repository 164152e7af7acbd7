"""The comparison of two runs from their stored answers, and the pictures that decide it."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from ..classifier.config import CONFIG, read_config, weights_digest
from ..classifier.learnt import LEARNT
from .answers import Answers, read
from .compare import Comparison, compare, same_pictures
from .held_out import unlearnt


@dataclass(frozen=True, eq=False)
class Decision:
    """The `comparison` of answers `a` and `b` to the same pictures, row by row; those right with one alone; and notes."""

    comparison: Comparison
    a: Answers
    b: Answers
    only_a: NDArray[np.int64]
    only_b: NDArray[np.int64]
    notes: tuple[str, ...]


def decide(a: Path, b: Path, of: tuple[Path, Path] | None = None) -> Decision:
    """Compare the runs in two folders by their answers to pictures that neither has learnt from; the answers are those in the folders
    `of`, by default of the runs themselves.

    Raises NoAnswers, CorruptFile, and UsageError where they have answered other pictures, or have learnt from them.
    """
    first, second = (current(folder, run) for folder, run in zip(of or (a, b), (a, b), strict=True))
    same_pictures(first, second)
    on = first.stamp.get("judged_on", {})
    part = on.get("part", "test")
    asked = "test" if part in LEARNT else part  # what chose an epoch is no test
    chosen = unlearnt(first.as_data(), on.get("data", "these data"), asked, part == "test", (a, b))
    kept = set(map(str, chosen.dataset.names))
    first = first.subset(np.array([str(name) in kept for name in first.names]))
    second = second.subset(np.array([str(name) in kept for name in second.names]))
    second = second.subset(same_pictures(first, second))
    found = compare(first, second)
    weights = [str(one.stamp.get("weights", "")) for one in (first, second)]
    stamp = {**first.stamp, "judged_on": chosen.facts, "weights": weights, "precision": found.precision}
    only_a, only_b = (np.flatnonzero(one.right & ~other.right) for one, other in ((first, second), (second, first)))
    return Decision(replace(found, stamp=stamp), first, second, only_a, only_b, chosen.notes)  # type: ignore[arg-type]


def current(folder: Path, run: Path | None = None) -> Answers:
    """The answers in a folder; raises UsageError where they are of other weights than the run, by default the folder, has now."""
    found, home = read(folder), run or folder
    weights = found.stamp.get("weights")
    if weights and (home / CONFIG).is_file() and weights_digest(read_config(home)) != weights:
        raise UsageError(f"the answers in {folder} are of earlier weights: make new ones with clearsight evaluate {home}.")
    return found
