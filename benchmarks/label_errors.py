"""Planted label errors that `clearsight labels errors` finds, and what `clearsight labels next` buys over labelling at random.

    python benchmarks/label_errors.py [--seeds 5] [--pictures 60000] [--json FILE]

Errors: in fashion-mnist's training set 5 % of the labels, drawn at random, become another class, each of the nine alike. All labels
are ranked by heads on HOG, five folds. How many of the planted ones stand in the first tenth of the ranking? Fashion-mnist has wrong
labels of its own, and classes that people confuse: these fill the same places and count as misses here.

Next: a head on HOG learns from 100 labels drawn at random; then 100, 200 or 500 more are labelled at once, by the ranking, by the
least margin, or at random, and a new head is judged on the 10,000 test pictures. All three begin with the same 100.
"""

from collections.abc import Callable

import numpy as np
import torch
from common import Row, alone, difference, finish, load_check, mean_interval, parser, say

from clearsight.base.compute.memory import keep_large_buffers
from clearsight.classifier.features import extract_features
from clearsight.datasets.dataset import Dataset, joined
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import folds
from clearsight.heads.lbfgs import Problem, Solution, solve
from clearsight.labels import confident, out_of_fold
from clearsight.labels.acquisition import chosen
from clearsight.training.resolve import designed

SHARE, FOLDS, TOP, FIRST, MORE, GOAL = 0.05, 5, 0.1, 100, (100, 200, 500), 80
Figures = dict[str, float]


def planted(labels: np.ndarray, seed: int, share: float = SHARE) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which some are wrong, and which, bool."""
    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(labels))[: round(share * len(labels))]
    given, wrong = labels.copy(), np.zeros(len(labels), dtype=bool)
    given[rows], wrong[rows] = (labels[rows] + draw.integers(1, 10, len(rows))) % 10, True
    return given, wrong


def found(vectors: torch.Tensor, data: Dataset, labels: np.ndarray, wrong: np.ndarray, seed: int) -> Figures:
    """What one planting leads to, in %."""
    given = Dataset(data.classes, labels, data.names, data.pictures)
    fold = torch.from_numpy(folds(given, FOLDS, seed))
    answers = out_of_fold.by_head(vectors, torch.from_numpy(labels), fold, 10, quiet=True)[0].numpy()
    sure = confident.confident(labels, answers)
    joint = confident.calibrated(confident.confident_joint(labels, sure, 10), given.counts())
    figures = {"estimated": 100 * float(1 - np.trace(joint) / joint.sum()), "agreement": 100 * float((answers.argmax(1) == labels).mean())}
    if wrong.any():
        for name, score in confident.SCORES.items():
            first = np.argsort(score(labels, answers), kind="stable")[: round(TOP * len(labels))]
            figures[name] = 100 * float(wrong[first].sum() / wrong.sum())
        flagged = (sure >= 0) & (sure != labels)
        figures |= {"flagged": 100 * float(flagged.mean()), "recall": 100 * float(wrong[flagged].sum() / wrong.sum())}
        figures["precision"] = 100 * float(wrong[flagged].mean())
    return figures


def errors_rows(vectors: torch.Tensor, data: Dataset, seeds: int) -> tuple[list[Row], list[str]]:
    by_seed, notes = [], []
    for seed in range(seeds):
        by_seed.append(found(vectors, data, *planted(data.labels, seed), seed))
        say(f"errors, seed {seed}: " + ", ".join(f"{name} {value:.2f}" for name, value in by_seed[-1].items()))
    clean = found(vectors, data, data.labels, np.zeros(len(data), dtype=bool), 0)
    names = {
        **{name: f"planted errors in the first tenth, by {name}" for name in confident.SCORES},
        "recall": "planted errors that are flagged",
        "precision": "of the flagged, planted",
        "estimated": f"estimated share of wrong labels, {SHARE:.0%} planted",
    }
    rows = []
    for name, what in names.items():
        values = [figures[name] for figures in by_seed]
        mean, half = mean_interval(values)
        interval = f", mean with its 95 % interval {mean - half:.2f} to {mean + half:.2f}" if seeds > 1 else ""
        rows.append({**alone(f"{what}{interval}", values, "%"), "ours": mean})
    notes.append(
        f"with nothing planted the estimate is {clean['estimated']:.2f} % (the head agrees with {clean['agreement']:.2f} % of labels)"
    )
    notes.append(f"the bar is {GOAL} % of the planted errors in the first tenth; {len(data):,} training pictures, {FOLDS} folds")
    return rows, notes


def head(vectors: torch.Tensor, labels: torch.Tensor, seed: int) -> Solution:
    """A head solved on a few labels, its strength of L2 chosen by one fold of them."""
    fold = torch.arange(len(labels)) % FOLDS
    l2, _ = out_of_fold._strength(vectors, labels, fold, 10, 0)
    return solve(Problem(vectors.clone(), labels, 10), l2)


def probabilities(found: Solution, vectors: torch.Tensor) -> torch.Tensor:
    return torch.softmax(vectors.double() @ found.weight.T + found.bias, 1)


def at_random(vectors: torch.Tensor, answers: torch.Tensor, n: int, seed: int) -> list[int]:
    return np.random.default_rng(1000 + seed).permutation(len(vectors))[:n].tolist()


def by_margin(vectors: torch.Tensor, answers: torch.Tensor, n: int, seed: int) -> list[int]:
    best = answers.topk(2, 1).values
    return (best[:, 0] - best[:, 1]).argsort(stable=True)[:n].tolist()


WAYS: dict[str, Callable[..., list[int]]] = {
    "labels next": lambda vectors, answers, n, seed: chosen(vectors, answers.float(), n, seed),
    "least margin": by_margin,
    "at random": at_random,
}


def after(train: tuple[torch.Tensor, torch.Tensor], test: tuple[torch.Tensor, torch.Tensor], seed: int) -> dict[str, float]:
    """Test accuracy in % by way and number of labels more."""
    vectors, labels = train
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(vectors)))
    first, pool = order[:FIRST], order[FIRST:].sort().values

    def accuracy(rows: torch.Tensor) -> float:
        answers = probabilities(head(vectors[rows], labels[rows], seed), test[0])
        return 100 * float((answers.argmax(1) == test[1]).double().mean())

    answers = probabilities(head(vectors[first], labels[first], seed), vectors[pool])
    found = {"before": accuracy(first)}
    for way, choose in WAYS.items():
        taken = pool[choose(vectors[pool], answers, max(MORE), seed)]
        found |= {f"{way} {n}": accuracy(torch.cat([first, taken[:n]])) for n in MORE}
    say(f"next, seed {seed}: " + ", ".join(f"{name} {value:.2f}" for name, value in found.items()))
    return found


def next_rows(train: tuple[torch.Tensor, torch.Tensor], test: tuple[torch.Tensor, torch.Tensor], seeds: int) -> tuple[list[Row], list[str]]:
    by_seed = [after(train, test, seed) for seed in range(seeds)]
    ours, *others = WAYS
    rows = [
        difference(
            f"test accuracy, {FIRST} labels and {n} more by labels next",
            [figures[f"{ours} {n}"] for figures in by_seed],
            [figures[f"{other} {n}"] for figures in by_seed],
            "%",
            against=other,
        )
        for other in reversed(others)
        for n in MORE
    ]
    before = mean_interval([figures["before"] for figures in by_seed])
    return rows, [f"before, with {FIRST} labels: {before[0]:.2f} % ± {before[1]:.2f}"]


def main() -> None:
    made = parser(__doc__, rounds=1)
    made.add_argument("--seeds", type=int, default=5)
    made.add_argument("--pictures", type=int, default=60_000, help="training pictures, the first of the file")
    given = made.parse_args()
    keep_large_buffers()  # as every verb does
    notes = load_check()
    parts = open_dataset("fashion-mnist").parts
    data = parts["train"].subset(np.arange(given.pictures))
    both, _ = extract_features(designed(data), joined(data, parts["test"]))
    vectors, unseen = both[: len(data)], both[len(data) :]
    labels, truth = torch.from_numpy(data.labels), torch.from_numpy(parts["test"].labels)
    rows, said = errors_rows(vectors, data, given.seeds)
    more, told = next_rows((vectors, labels), (unseen, truth), given.seeds)
    finish(given, "Label errors, and what to label next, on fashion-mnist", rows + more, [*notes, *said, *told], {})


if __name__ == "__main__":
    main()
