"""Shortcuts: cross-validated softmax regression on inputs that do not show the object (file size, border, background)."""

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..metrics.intervals import wilson
from .rows import Shortcut

FOLDS = 5
CELLS = 16  # means along each side of a picture
RIM = 1 / 16  # of the side
MIDDLE = (3, 13)  # cells that are blanked: 10 of 16 along each side
PROBES = {"file size": "the size of the file", "border": "the outermost pixels", "background": "the picture without its centre"}


def shortcuts(pictures: Tensor, labels: NDArray[np.int64], sizes: NDArray[np.float64] | None, seed: int = 0) -> list[Shortcut]:
    """A row for each probe: its cross-validated accuracy with a 95 % interval, that of the most frequent class, and a sentence.

    `pictures` uint8 `(n, C, H, W)`; `sizes` are bytes `(n,)`, None where there are no files. Classes of fewer than 5 pictures are left
    out; without two others there is no row.
    """
    enough = np.isin(labels, np.flatnonzero(np.bincount(labels) >= FOLDS))
    if len(np.unique(labels[enough])) < 2:
        return []
    inputs = {"border": border(pictures), "background": background(pictures)}
    if sizes is not None:
        inputs = {"file size": np.log(np.maximum(sizes, 1))[:, None], **inputs}
    return [_row(name, values[enough], labels[enough], seed) for name, values in inputs.items()]


def _row(name: str, values: NDArray[np.float64], labels: NDArray[np.int64], seed: int) -> Shortcut:
    from sklearn.exceptions import ConvergenceWarning  # two seconds for all, which corruptions alone need not wait for
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300, tol=1e-3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a lower bound on the accuracy is enough
        guesses = cross_val_predict(probe, values, labels, cv=StratifiedKFold(FOLDS, shuffle=True, random_state=seed))
    hits, n = int((guesses == labels).sum()), len(labels)
    low, high = wilson(hits, n)
    chance = float(np.bincount(labels).max() / n)
    ok = low <= chance
    says = f"from {PROBES[name]} alone, {hits / n:.1%} are classified correctly (most frequent class: {chance:.1%})"
    says += ", no better than chance" if ok else ": the object is not needed for these"
    return {"probe": name, "top1": hits / n, "low": low, "high": high, "n": n, "chance": chance, "ok": ok, "says": says}


def border(pictures: Tensor) -> NDArray[np.float64]:
    """Means along the four borders, float64 `(n, 4·C·16)`."""
    x = pictures.double()
    down, along = (max(1, round(n * RIM)) for n in x.shape[-2:])
    strips = (x[..., :down, :].mean(2), x[..., -down:, :].mean(2), x[..., :along].mean(3), x[..., -along:].mean(3))
    return np.asarray(torch.cat([F.adaptive_avg_pool1d(strip, CELLS).flatten(1) for strip in strips], 1).numpy())


def background(pictures: Tensor) -> NDArray[np.float64]:
    """Means of 16 × 16 cells without those in the middle, float64 `(n, 156·C)`."""
    cells = F.adaptive_avg_pool2d(pictures.double(), CELLS)
    kept = torch.ones(CELLS, CELLS, dtype=torch.bool)
    kept[slice(*MIDDLE), slice(*MIDDLE)] = False
    return np.asarray(cells[..., kept].flatten(1).numpy())
