"""The rungs below a cross-validated head: what the commonest class, pixels and HOG reach on the same pictures, in the same folds.

It takes seconds, where `ladder` trains every rung on its own and judges on the test part.
"""

import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .. import models
from ..base.errors import ClearsightError
from ..datasets.dataset import Dataset
from ..datasets.loader import load
from ..evaluation.compare import compare
from ..evaluation.evaluate import Evaluation
from ..heads.choice import choose
from ..images.preprocess import Preprocessing
from ..metrics.intervals import proportion
from ..runs.held_out import HeldOut

FILE = "rungs.json"
MOST = 1000  # pictures: of more the products of HOG's vectors take longer than some seconds
SECONDS = 8.0  # that a rung may take
SIDE, SMALL = 64, 16  # px of HOG's pictures, and of those of the rung on pixels
NAMES = {"majority": "commonest class", "pixels": "softmax on pixels", "hog": "HOG", "head": "trained features"}


def rungs(data: Dataset, held_out: HeldOut, seed: int, tuning: Mapping[str, Any]) -> dict[str, Any]:
    """Accuracies with 95 % intervals on the pictures `data` of `held_out`, rung by rung, what each step bought, and what is left out.

    `seed` is that of the folds, `tuning` the outcome of tuning as a challenger, empty where nothing was asked. Raises UnreadableImage.
    """
    answers, left_out = {"majority": _majority(data)}, []
    if len(data) > MOST:
        left_out.append(f"pixels and HOG are left out, which take too long for {len(data):,} pictures: clearsight ladder has them")
    else:
        for name, vectors in _vectors(data).items():
            try:
                answers[name] = _answers(vectors, held_out, len(data.classes), seed)
            except _TooSlow:
                left_out.append(f"{NAMES[name]} is left out, which takes longer than {SECONDS:g} s here: clearsight ladder has it")
    answers["head"] = held_out.logits.numpy()
    judged = {name: Evaluation(data.classes, data.names, data.labels, logits) for name, logits in answers.items()}
    rows = [{"title": NAMES[name], "top1": one.top(1)} for name, one in judged.items()]
    if tuning.get("tried"):
        rows[-1:] = _tuned(tuning, rows[-1])
    names = list(judged)
    steps = [_step(NAMES[low], NAMES[high], judged[low], judged[high]) for low, high in pairwise(names)]
    return {"n": len(data), "rows": rows, "steps": steps, "left_out": left_out}


class _TooSlow(Exception):
    """A rung takes longer than it may."""


def _majority(data: Dataset) -> np.ndarray:
    return np.tile(np.log(np.maximum(data.counts(), 0.5)).astype(np.float32), (len(data), 1))


def _vectors(data: Dataset) -> dict[str, Tensor]:
    """Pixels and HOG of the pictures, as coordinates float32 `(N, N)` or fewer: a head on them is the head on the vectors."""
    geometry = Preprocessing(channels=3, height=SIDE, width=SIDE, fit="crop", mean=(0.0,) * 3, std=(1.0,) * 3)
    pictures = load(data, geometry, cache="memory", quiet=True)
    inputs = geometry.normalise(pictures.batch(torch.arange(len(data))))
    with torch.no_grad():
        hog = models.build("hog", max(2, len(data.classes)), channels=3, height=SIDE, width=SIDE, seed=0).features(inputs)
    return {"pixels": _coordinates(F.adaptive_avg_pool2d(inputs, SMALL).flatten(1)), "hog": _coordinates(hog)}


def _coordinates(vectors: Tensor) -> Tensor:
    """Vectors `(N, D)` by an orthonormal basis of what they span, float32 `(N, min(N, D))`; products of any two stay the same."""
    if vectors.shape[1] <= len(vectors):
        return vectors
    values, axes = torch.linalg.eigh((vectors @ vectors.T).double())
    found: Tensor = (axes * values.clamp_min(0).sqrt()).float()
    return found


def _answers(vectors: Tensor, held_out: HeldOut, classes: int, seed: int) -> np.ndarray:
    """Out-of-fold logits float32 `(N, K)`; raises _TooSlow."""
    end = time.monotonic() + SECONDS

    def check() -> None:
        if time.monotonic() > end:
            raise _TooSlow

    labels, groups = held_out.labels, held_out.groups
    found = choose({"only": vectors}, labels, classes, groups=groups, seed=seed, check=check)
    if not len(found.logits):
        raise ClearsightError("with one label of each class nothing can be held out.")
    return found.logits.numpy()


def _tuned(tuning: Mapping[str, Any], kept: dict[str, Any]) -> list[dict[str, Any]]:
    """The rung of the head and that of tuning; the kept one has been judged here."""
    n = tuning["n"]
    other = "head" if tuning["kept"] == "tuned" else "tuned"
    row = {"title": NAMES["head"], "top1": proportion(round(tuning[f"{other}_accuracy"] * n), n)}
    tuned = {"title": f"tuned above {tuning['stage']}", "top1": kept["top1"] if other == "head" else row["top1"]}
    return [row if other == "head" else kept, tuned]


def _step(low: str, high: str, below: Evaluation, above: Evaluation) -> str:
    """What the step from one rung to the next bought."""
    found = compare(below, above)
    gap, least, most = (100 * found.difference[key] for key in ("value", "low", "high"))
    end = ": noise, these pictures cannot tell the two apart." if found.noise else "."
    return f"{high} over {low}: {gap:+.1f} points ({least:+.1f} to {most:+.1f}){end}"
