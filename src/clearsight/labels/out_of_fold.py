"""Probabilities of pictures from models that have not seen their labels: every fold is answered for by a model of the others.

Shapes: N pictures, D features, K classes, F folds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import UsageError
from ..base.files import digest, read_json, write_json
from ..base.progress import Progress
from ..classifier import Classifier, load, predict
from ..datasets.classes import order
from ..datasets.dataset import Dataset, Parts
from ..datasets.loader import load as load_pictures
from ..heads.cross_validation import STEP, STRONGEST
from ..heads.lbfgs import Problem, Solution, solve
from ..training.api import resume, train

MOST = 11  # strengths of the penalty that are tried, as in the recipe `solved`
FILE, FINISHED = "folds.json", "model.safetensors"


def by_head(vectors: Tensor, labels: Tensor, fold: Tensor, classes: int, quiet: bool = False) -> tuple[Tensor, float]:
    """Probabilities float64 `(N, K)` by a head solved for each of the folds (N,) on features `(N, D)`, and the strength of L2.

    The strength is chosen once, by the log likelihood of the first fold. Rows of pictures in no fold (-1) are 0.
    """
    numbers = sorted(set(fold.tolist()) - {-1})
    l2, found = strength_of(vectors, labels, fold, classes, numbers[0])
    answers = torch.zeros(len(labels), classes, dtype=torch.float64)
    with Progress("folds", len(numbers), "folds", quiet=quiet) as progress:
        for number in numbers:
            found = solve(problem_without(vectors, labels, fold, classes, number), l2, found)
            answers[fold == number] = answers_of(found, vectors[fold == number])
            progress.update(1)
    return answers, l2


def problem_without(vectors: Tensor, labels: Tensor, fold: Tensor, classes: int, left_out: int) -> Problem:
    """Softmax regression on the pictures of all folds but one."""
    rows = fold != left_out
    return Problem(vectors[rows], labels[rows], classes)


def answers_of(found: Solution, vectors: Tensor) -> Tensor:
    """Probabilities float64 `(N, K)` by a head."""
    answers: Tensor = torch.softmax(vectors.double() @ found.weight.T.cpu() + found.bias.cpu(), 1)
    return answers


def strength_of(vectors: Tensor, labels: Tensor, fold: Tensor, classes: int, judged: int) -> tuple[float, Solution]:
    """The strength of L2 by which the pictures of one fold are least surprising to a head of the others, and that head."""
    problem, rows = problem_without(vectors, labels, fold, classes, judged), fold == judged
    best, l2, chosen, found = np.inf, 0.0, None, None
    for i in range(MOST):
        strength = STRONGEST * problem.spread * STEP**i
        found = solve(problem, strength, found, rough=True)
        own = answers_of(found, vectors[rows]).gather(1, labels[rows][:, None])
        surprise = float(-own.clamp_min(1e-300).log().mean())
        if surprise >= best:
            break
        best, l2, chosen = surprise, strength, found
    assert chosen is not None
    return l2, chosen


def by_network(data: Dataset, fold: NDArray[np.int64], folder: Path, settings: Mapping[str, Any], quiet: bool = False) -> Tensor:
    """Probabilities float64 `(N, K)` by a network trained without each fold, in `folder`/fold-1 …; what is there already goes on.

    `settings` are the fields of `Recipe`. Raises UsageError where `folder` has the folds of something else.
    """
    _same(data, fold, folder, settings)
    answers = torch.zeros(len(data), len(data.classes), dtype=torch.float64)
    for number in sorted(set(fold.tolist()) - {-1}):
        others = Parts("folds", data.classes, {"train": data.subset(fold != number)})
        run = folder / f"fold-{number + 1}"
        if not (run / FINISHED).is_file():
            begun = (run / "recipe.toml").is_file()
            if begun:
                resume(run, data=others, quiet=quiet, allow_code=bool(settings.get("allow_code")))
            else:
                train(others, out=str(run), quiet=quiet, **settings)
        classifier = load(run)
        columns = torch.from_numpy(order(data.classes, classifier.classes, of=str(run)))
        answers[torch.from_numpy(fold == number)] = _judged(classifier, data.subset(fold == number), quiet)[:, columns]
    return answers


def _judged(classifier: Classifier, data: Dataset, quiet: bool) -> Tensor:
    pictures, net = load_pictures(data, classifier.preprocessing, quiet=quiet), classifier.faster()
    return predict.probabilities(net, pictures).double()


def _same(data: Dataset, fold: NDArray[np.int64], folder: Path, settings: Mapping[str, Any]) -> None:
    """Raise UsageError unless `folder` is empty or has these folds of these labels by this recipe."""
    rows = zip(data.names, data.labels.tolist(), fold.tolist(), strict=True)
    labels = digest(repr([data.classes, *((str(name), *row) for name, *row in rows)]).encode("utf-8", "backslashreplace"))
    now = {"labels": labels, "settings": {name: value for name, value in settings.items() if name != "allow_code"}}
    path = folder / FILE
    if path.is_file() and read_json(path) != now:
        raise UsageError(f"{folder} has networks of other folds, labels or settings. Name another folder with --out.")
    write_json(path, now)
