"""The gain from more labels of a class, estimated before they are made: heads solved on fixed features with fewer labels.

Each trial leaves out a fifth of the labelled pictures, takes of the others a random share of every class, drawn for each class alone,
solves the head on them and judges it on the fifth. Classes always weigh as much as among all that are labelled, so that more of one
does not make the head believe that it is commoner. Over all trials accuracy is a sum over the classes, each with its own slope in the
number of its pictures,

    accuracy = α + Σ_k β_k·g(n_k),    g(n) = log n, or -n^-c, whichever fits all trials best,

and the gain from more labels is that of the sum: an extrapolation from n to n + m. For a power of n see D. Hoiem, T. Gupta, Z. Li,
M. Shlapentokh-Rothman, Learning curves for analysis of deep networks, ICML 2021. Its interval is by the bootstrap over the pictures that
are judged and over the trials, and the course g is chosen again each time.

Shapes: N labelled pictures, D features, K classes, T trials, B bootstrap samples.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import UsageError
from ..base.progress import Progress
from ..base.randomness import key, permutation, uniform
from ..classifier import load
from ..classifier.features import extract_features
from ..classifier.learnt import learnt
from ..datasets.dataset import joined
from ..datasets.split import folds, with_labels
from ..heads.cross_validation import strength
from ..heads.lbfgs import Problem, Solution, solve
from ..metrics.intervals import Interval, wilson
from ..recipes.compose import compose
from ..runs.splits import divided, known_pictures
from ..training.api import designed
from ..weights import is_origin

LEAST = 10  # labelled pictures of a class: with fewer nothing can be left out, and its slope is unknown
FOLDS = 5
FEWEST = 0.25  # share of a class that a trial takes at least
TRIALS, PER_CLASS = 100, 5  # at least, and for each class
SAMPLES = 400  # B
POWERS = (0.0, 0.25, 0.5, 1.0)  # 0 is the logarithm
STRENGTHS = tuple(1e-2 * 10 ** (-k / 2) for k in range(9))  # of L2, of the features' mean squared length
WEAK = 1e-3  # ridge on the slopes, of their design's mean square: classes that trials cannot tell apart share their gain


@dataclass(frozen=True)
class Worth:
    """The gain from `more` labels of a class: fractions of 1 with 95 % intervals, for all pictures and for those of the class.

    `n` labels are there, and with them the class's `recall` is as cross-validation says.
    """

    label: str
    n: int
    recall: float
    more: int
    overall: Interval
    own: Interval

    @property
    def known(self) -> bool:
        """Whether the trials can tell the gain over all pictures from none."""
        return self.overall["low"] > 0

    def sentence(self) -> str:
        """The advice in words."""
        value, half = 100 * self.overall["value"], 50 * (self.overall["high"] - self.overall["low"])
        own = f"{100 * self.own['value']:+.1f} (±{50 * (self.own['high'] - self.own['low']):.1f})"
        if not self.known:
            low, high = (100 * self.overall[end] for end in ("low", "high"))
            return f"{self.more} more labels of {self.label}: no measurable gain ({low:+.1f} to {high:+.1f} points)"
        return f"{self.more} more labels of {self.label} are worth about {value:+.1f} ± {half:.1f} points, and {own} of its own pictures"


@dataclass(frozen=True)
class Advice:
    """`classes` by their gain, the best first; `even` is for as many labels spread evenly over all classes.

    `accuracy` is as cross-validation says with all `n` labels.
    """

    n: int
    accuracy: float
    more: int
    trials: int
    power: float
    classes: list[Worth]
    even: Interval

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight labels worth --json`."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Trials:
    """What was tried: `counts` int64 `(T, K)` of the labels taken, the `fold` `(T,)` that was judged, and what was `right`, bool `(T, N)`.

    `right` is only defined for the pictures of the trial's own fold; `fold_of` `(N,)` says which those are.
    """

    counts: NDArray[np.int64]
    fold: NDArray[np.int64]
    right: NDArray[np.bool_]
    fold_of: NDArray[np.int64]
    labels: NDArray[np.int64]


def consider(
    data: Any, *, model: str = "", more: int = 200, amount: str = "", seed: int = 0, quiet: bool = False, **reading: str
) -> tuple[Advice, list[str]]:
    """The advice for `data` (anything that `open_dataset` takes), and notes on its limits.

    Features are those of the run `model`, or HOG; `amount` is how many of the labels there are may be used, as `--labels` takes it.
    `reading` are the settings
    `group_by`, `columns` and `leave_out`. Neither the test part nor a label that may not be used is read.
    """
    recipe = compose({**reading, "split_seed": seed, "division": "" if is_origin(model) else model})
    parts = divided(known_pictures(data, recipe, quiet=quiet), recipe)
    known = parts.parts["train"]
    if amount:
        known = with_labels(parts, amount, seed).parts["train"]
    elif "val" in parts.parts:
        known = joined(known, parts.parts["val"])
    classifier = load(model) if model else designed(known)
    notes = [f"{len(known):,} labels, features: {model or 'HOG'}"]
    if model and "pretrained" not in classifier.facts:
        n = 0 if is_origin(model) else int(learnt(model).of(known).sum())
        these = f"{n:,} of these labels" if n else "labels: if from those of these pictures,"
        notes.append(f"{model} has learnt from {these}{', so' if n else ' then'} all gains come out too small")
    features, _ = extract_features(classifier, known, quiet)
    labels = torch.from_numpy(known.labels)
    fold = torch.from_numpy(folds(known, FOLDS, seed))  # groups stay whole
    advice = advise(features, labels, fold, parts.classes, more=more, seed=seed, quiet=quiet)
    if more > int(labels.bincount().min()):
        notes.append(f"{more} more are further from the labels there are than the trials reach: the gains are extrapolated")
    return advice, notes


def advise(
    features: Tensor, labels: Tensor, fold_of: Tensor, classes: Sequence[str], *, more: int = 200, seed: int = 0, quiet: bool = False
) -> Advice:
    """The gain from `more` labels of each of the `classes`, for features float32 `(N, D)` with `labels` `(N,)`.

    `fold_of` `(N,)` is the fold, of five, that a picture is judged in; -1 for one that is always learnt from. Raises UsageError where
    fewer than 10 of a class are judged.
    """
    counts = labels.bincount(minlength=len(classes))
    judged = labels[fold_of >= 0].bincount(minlength=len(classes)).tolist()
    few = [f"{name} ({n})" for name, n in zip(classes, judged, strict=True) if n < LEAST]
    if few:
        raise UsageError(f"the value of more labels is estimated from at least {LEAST} of every class. Fewer have: {', '.join(few[:8])}.")
    problem = Problem(features.clone(), labels, len(classes))
    l2 = strength(features, labels, len(classes), [x * problem.spread for x in STRENGTHS], seed=seed, patience=2)
    tried = run_trials(features, labels, fold_of, len(classes), l2, seed, quiet)
    own = tried.counts[:FOLDS]  # the first trial of each fold takes everything
    hits = np.concatenate([tried.right[k, tried.fold_of == k] for k in range(len(own))])
    of = np.concatenate([tried.labels[tried.fold_of == k] for k in range(len(own))])
    recall = [float(hits[of == k].mean()) for k in range(len(classes))]
    overall, single, even, power = _gains(tried, counts.numpy(), more, seed)
    # nothing gains more than what is missing, which is itself known within an interval only
    missing = 1 - wilson(int(hits.sum()), len(hits))[0]
    lacking = [1 - wilson(int(hits[of == k].sum()), int((of == k).sum()))[0] for k in range(len(classes))]
    found = [
        Worth(name, int(counts[k]), recall[k], more, _interval(overall[:, k], missing), _interval(single[:, k], lacking[k]))
        for k, name in enumerate(classes)
    ]
    found.sort(key=lambda row: -row.overall["value"])
    return Advice(len(labels), float(hits.mean()), more, len(tried.fold), power, found, _interval(even, missing))


def run_trials(features: Tensor, labels: Tensor, fold_of: Tensor, classes: int, l2: float, seed: int, quiet: bool = True) -> Trials:
    """Heads on random parts of the labelled pictures; the first of each fold is on all that are not in it."""
    n = max(TRIALS, PER_CLASS * classes)
    counts, right = np.zeros((n, classes), np.int64), np.zeros((n, len(labels)), bool)
    common = labels.bincount(minlength=classes)
    stands: list[Solution | None] = [None] * FOLDS
    with Progress("trials", n, "heads", quiet=quiet) as progress:
        for t in range(n):
            fold = t % FOLDS
            taken = _taken(labels, fold_of != fold, classes, key(seed, "trial", t), whole=t < FOLDS)
            found = solve(Problem(features[taken], labels[taken], classes, weights(labels[taken], common)), l2, stands[fold], True)
            stands[fold] = stands[fold] or found
            out = torch.nonzero(fold_of == fold)[:, 0]
            logits = F.linear(features[out].double(), found.weight, found.bias)
            right[t, out.numpy()] = (logits.argmax(1) == labels[out]).numpy()
            counts[t] = labels[taken].bincount(minlength=classes).numpy()
            progress.update(1)
    return Trials(counts, np.arange(n) % FOLDS, right, fold_of.numpy(), labels.numpy())


def weights(labels: Tensor, common: Tensor) -> Tensor:
    """What pictures count `(N,)`, so that their classes weigh as `common` `(K,)` says, however many there are of each."""
    counts = labels.bincount(minlength=len(common))
    per_class = common / counts.clamp_min(1) * (len(labels) / common[counts > 0].sum())
    return per_class[labels].float()


def _taken(labels: Tensor, allowed: Tensor, classes: int, seed: int, whole: bool) -> Tensor:
    """Which pictures a trial takes: of each class a share between a quarter and all, evenly in its logarithm."""
    rows = torch.nonzero(allowed)[:, 0]
    if whole:
        return rows
    rows = rows[permutation(seed, 0, len(rows))]
    shares = FEWEST ** uniform(seed, 0, torch.arange(classes), "share")[:, 0]
    kept = [some[: max(2, round(float(share) * len(some)))] for share, some in zip(shares, _by_class(rows, labels, classes), strict=True)]
    return torch.cat(kept)


def _by_class(rows: Tensor, labels: Tensor, classes: int) -> list[Tensor]:
    return [rows[labels[rows] == k] for k in range(classes)]


def _gains(
    tried: Trials, counts: NDArray[np.int64], more: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """What `more` labels gain by bootstrap sample: overall by class `(B, K)`, in the class itself `(B, K)`, spread evenly `(B,)`.

    The first sample is the pictures and trials as they are; and the power that fits those best.
    """
    classes, trials = tried.counts.shape[1], len(tried.fold)
    generator = np.random.default_rng(seed)
    overall, own, even = np.empty((SAMPLES, classes)), np.empty((SAMPLES, classes)), np.empty(SAMPLES)
    for b in range(SAMPLES):
        counting = np.ones(len(tried.labels)) if b == 0 else np.bincount(
            generator.integers(0, len(tried.labels), len(tried.labels)), minlength=len(tried.labels)
        ).astype(float)  # fmt: skip
        chosen = np.arange(trials) if b == 0 else generator.integers(0, trials, trials)
        accuracy, recalls = _judged(tried, counting)
        power = min(POWERS, key=lambda c: _fit(tried, chosen, accuracy, c)[1])
        if b == 0:
            best = power
        slopes, _ = _fit(tried, chosen, accuracy, power)
        steps = _course(counts + more, power) - _course(counts, power)
        overall[b] = slopes * steps
        even[b] = (slopes * (_course(counts + more / classes, power) - _course(counts, power))).sum()
        for k in range(classes):
            own[b, k] = _own_slope(tried, chosen, recalls[:, k], k, power) * steps[k]
    return overall, own, even, best


def _judged(tried: Trials, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracy `(T,)` and recall of each class `(T, K)`, of pictures that count as `weights` `(N,)` say."""
    classes = tried.counts.shape[1]
    table = np.zeros((len(weights), classes))
    table[np.arange(len(weights)), tried.labels] = weights
    recalls = np.empty(tried.counts.shape)
    accuracy = np.empty(len(tried.fold))
    for fold in range(FOLDS):
        rows, there = tried.fold == fold, tried.fold_of == fold
        hits, of = tried.right[np.ix_(rows, there)] @ table[there], table[there].sum(0)
        recalls[rows] = hits / np.maximum(of, 1e-9)
        accuracy[rows] = hits.sum(1) / max(of.sum(), 1e-9)
    return accuracy, recalls


def _course(n: Any, power: float) -> NDArray[np.float64]:
    return np.log(n) if power == 0 else -(np.asarray(n, float) ** -power)


def _within(values: NDArray[np.float64], fold: NDArray[np.int64]) -> NDArray[np.float64]:
    """Values `(T, …)` less their fold's mean: what a fold is easier than another is no slope."""
    found = values.astype(float).copy()
    for k in range(FOLDS):
        if (fold == k).any():
            found[fold == k] -= found[fold == k].mean(0)
    return found


def _fit(tried: Trials, chosen: NDArray[np.int64], accuracy: NDArray[np.float64], power: float) -> tuple[NDArray[np.float64], float]:
    """Slopes `(K,)` by least squares with a weak ridge towards their common mean, and what is left of the squares."""
    x, y = _within(_course(tried.counts[chosen], power), tried.fold[chosen]), _within(accuracy[chosen], tried.fold[chosen])
    return _ridge(x, y)


def _ridge(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    common = x.sum(1)
    mean = float(common @ y / max(common @ common, 1e-12))
    left = y - mean * common
    table = x.T @ x
    slopes = mean + np.linalg.solve(table + WEAK * np.trace(table) / len(table) * np.eye(len(table)), x.T @ left)
    return slopes, float(np.square(y - x @ slopes).sum())


def _own_slope(tried: Trials, chosen: NDArray[np.int64], recall: NDArray[np.float64], k: int, power: float) -> float:
    """The slope of a class's recall in its own labels, next to that in all others'."""
    course = _course(tried.counts[chosen], power)
    x = np.stack([course[:, k], np.delete(course, k, 1).mean(1)], 1)
    x, y = _within(x, tried.fold[chosen]), _within(recall[chosen], tried.fold[chosen])
    return float(np.linalg.lstsq(x, y, rcond=None)[0][0])


def _interval(samples: NDArray[np.float64], most: float) -> Interval:
    """The first of the samples, none above `most`, with the 95 % interval of all by their quantiles."""
    samples = np.minimum(samples, most)
    low, high = np.quantile(samples, (0.025, 0.975))
    value = float(samples[0])
    return {"value": value, "low": min(value, float(low)), "high": max(value, float(high))}
