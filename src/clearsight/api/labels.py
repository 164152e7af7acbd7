"""`find_label_errors` and `suggest_labels`: which labels are likely wrong, and which pictures to label next."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..labels.acquisition import LabelSuggestions, next_labels
from ..labels.label_errors import LabelErrors, errors, from_probabilities
from .sources import Data, Model, open_model


def find_label_errors(
    data: Data | np.ndarray[Any, Any] | Sequence[int],
    probabilities: np.ndarray[Any, Any] | None = None,
    *,
    classes: Sequence[str] | None = None,
    part: str = "",
    folds: int = 5,
    seed: int = 0,
    from_: str | Path = "",
    settings: Mapping[str, Any] | None = None,
    group_by: str = "",
    columns: str = "",
    leave_out: str = "",
    score: str = "self-confidence",
    device: str = "auto",
    out: str | Path = "",
    quiet: bool = False,
) -> LabelErrors:
    """Rank labels by how likely they are wrong, and estimate how many are (confident learning).

    Two forms. Arrays: `find_label_errors(labels, probabilities)` with labels int `(N,)` and out-of-fold probabilities float `(N, K)` by any
    model. Data: out-of-fold probabilities are computed by a head on HOG features, on those of the classifier `from_`, or, with
    `settings` (fields of `Recipe`), by a network for each of the `folds`. `score` is self-confidence or margin. Raises ClearsightError.
    C. Northcutt et al., Confident learning: estimating uncertainty in dataset labels, JAIR 70, 2021.

    >>> import clearsight as cs
    >>> import numpy as np
    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.95, 0.05], [0.1, 0.9]])
    >>> found = cs.find_label_errors([0, 1, 1, 1], probabilities)
    >>> int(found.order[0]), bool(found.flagged[2])
    (2, True)
    """
    if probabilities is not None:
        return from_probabilities(np.asarray(data), np.asarray(probabilities), classes, score)
    return errors(
        data, part=part, folds=folds, seed=seed, from_=str(from_), settings=settings, group_by=group_by, columns=columns,
        leave_out=leave_out, score=score, device=device, out=str(out), quiet=quiet,
    )  # fmt: skip


def suggest_labels(
    model: Model,
    pool: Data,
    *,
    n: int = 100,
    part: str = "",
    seed: int = 0,
    columns: str = "",
    leave_out: str = "",
    device: str = "auto",
    out: str | Path = "",
    quiet: bool = False,
    allow_code: bool = False,
) -> LabelSuggestions:
    """The `n` pictures of a pool without labels that would teach the model most, best first (BADGE).

    `pool` is a folder of pictures, or a data set, of which `part` is taken (default: the first) and labels are ignored. Pictures that the
    model has a label of are left out. Raises UsageError when no picture is left. J. Ash et al., Deep batch active learning, ICLR 2020.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="hog", epochs=1, labels="5", quiet=True)
    >>> len(cs.suggest_labels(run, "digits", n=3, quiet=True).wanted)
    3
    """
    opened = open_model(model, device=device, allow_code=allow_code)
    return next_labels(
        opened.folder, pool, n=n, part=part, seed=seed, columns=columns, leave_out=leave_out, out=str(out), quiet=quiet,
        classifier=opened.classifier,
    )  # fmt: skip
