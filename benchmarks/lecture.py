"""What the lecture's live figures store of trainings: errors by the number of labels, and AlexNet's recipe on a small network, seven times.

    OMP_NUM_THREADS=1 python benchmarks/lecture.py

Scikit-learn's digits, judged on their test part, from which nothing learns. (1) A head, softmax regression at its optimum, on features
that stay as they are: pixels, hand-designed ones, and those of LeNet-5 before and after a pretraining without labels. (2) The recipe
`alexnet` with dropout and without it, MEMBERS networks each: errors epoch by epoch, and of the mean answer of several. Four minutes of
one core; writes src/clearsight/reports/live/measured.json.
"""

import argparse
import csv
import json
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from common import ROOT
from torch import Tensor

from clearsight.base.randomness import permutation
from clearsight.classifier import load
from clearsight.datasets.dataset import Dataset, Parts
from clearsight.datasets.open import open_dataset
from clearsight.heads.lbfgs import Problem, solve
from clearsight.look.embedding import embedded
from clearsight.look.target import Subject, subject, subject_of
from clearsight.metrics.intervals import mean
from clearsight.training.api import pretrain, train

DATA, CLASSES, NETWORK = "digits", 10, "lenet5"
AMOUNTS, DRAWS, L2 = (10, 20, 50, 100, 200, 500), 10, 1e-2  # L2: of a head, times the number of pictures
SMALL = "[conv16 relu pool]*2 fc128 relu dropout softmax"  # a network with dropout before its head, as AlexNet has it
MEMBERS, DROPOUTS = 7, (0.5, 0.0)
SETTINGS: dict[str, Any] = {"recipe": "alexnet", "model": SMALL, "labels": "30", "batch": 16, "epochs": 30, "keep": "best"}
FILE = ROOT / "src" / "clearsight" / "reports" / "live" / "measured.json"

Point = dict[str, float]


def drawn(labels: Tensor, amount: int, draw: int) -> Tensor:
    """The places of so many pictures, drawn at random, as many of each class as of any other where that divides."""
    order = permutation(draw, 0, len(labels))
    one = labels[order, None] == torch.arange(CLASSES)
    rank = (one.cumsum(0) * one).sum(1)  # 1 for the first of its class, 2 for the second
    return order[rank.argsort(stable=True)[:amount]]


def vectors(by: Subject, part: Dataset) -> Tensor:
    """The features of all its pictures, float64 `(N, D)`."""
    return embedded(by, part, range(len(part)))[1].double()


def answers(part: Dataset) -> Tensor:
    """The classes of all its pictures."""
    return torch.from_numpy(part.labels.astype("int64"))


def row(name: str, by: Subject, parts: Parts) -> dict[str, Any]:
    """The mean error of a head on these features by the number of labels, with its interval over the draws."""
    known, unseen = (vectors(by, parts.parts[part]) for part in ("train", "test"))
    labels, truth = (answers(parts.parts[part]) for part in ("train", "test"))
    centre, scale = known.mean(0), known.std(0).clamp_min(1e-6) * known.shape[1] ** 0.5  # of pictures without their labels
    known, unseen = (known - centre) / scale, (unseen - centre) / scale
    points = []
    for amount in AMOUNTS:
        wrong = []
        for draw in range(DRAWS):
            some = drawn(labels, amount, draw)
            found = solve(Problem(known[some], labels[some], CLASSES), L2 / amount)
            scores = unseen @ found.weight.T + found.bias
            wrong.append(float((scores.argmax(1) != truth).double().mean()))
        points.append(_point(*mean(wrong)))
    return {"name": name, "size": known.shape[1], "points": points}


def _point(value: float, low: float, high: float) -> Point:
    return {"value": value, "low": max(0.0, low), "high": min(1.0, high)}


def by_labels(parts: Parts, room: Path) -> dict[str, Any]:
    """A row for each kind of features."""
    pretrain(DATA, out=str(room / "features"), model=NETWORK, epochs=15, quiet=True)
    learnt = load(room / "features")
    size = learnt.preprocessing.channels, learnt.preprocessing.height, learnt.preprocessing.width
    kinds = {
        "pixels": subject("pixels", size, CLASSES),
        "HOG": subject("hog", size, CLASSES),
        "histogram": subject("histogram", size, CLASSES),
        "LeNet-5, untrained": subject(NETWORK, size, CLASSES),
        "LeNet-5, pretrained without labels": subject_of(NETWORK, learnt),
    }
    return {"labels": list(AMOUNTS), "draws": DRAWS, "features": [row(name, by, parts) for name, by in kinds.items()]}


def members(parts: Parts, room: Path, dropout: float) -> dict[str, Any]:
    """Networks by the recipe: the error of the mean answer of one to all of them, and the epochs of the first."""
    test, truth, networks = parts.parts["test"], answers(parts.parts["test"]), []
    probabilities: list[Tensor] = []
    for seed in range(MEMBERS):
        network = train(DATA, out=str(room / f"{dropout}-{seed}"), seed=seed, split_seed=0, dropout=dropout, quiet=True, **SETTINGS)
        assert network is not None and network.validation is not None, "one process, and pictures to choose the epoch by"
        networks.append(network)
        load_one = network.classifier.preprocessing.load
        probabilities.append(network.classifier.probabilities(torch.stack([load_one(test.source(i)) for i in range(len(test))])))
    errors = []
    for k in range(1, MEMBERS + 1):
        wrong = torch.stack([(torch.stack(some).mean(0).argmax(1) != truth).double() for some in combinations(probabilities, k)])
        errors.append(_point(*mean(wrong.mean(0).tolist())))  # over the test pictures, each by its mean over all choices of k
    return {
        "dropout": dropout,
        "errors": errors,
        "validation": networks[0].validation["n"],
        "epochs": epochs(networks[0].run / "results.csv"),
    }


def epochs(file: Path) -> list[Point]:
    """Learning rate and errors of every epoch; the validation pictures choose, so that their error has no interval."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            {"lr": float(line["lr"]), "training": 1 - float(line["accuracy"]), "validation": 1 - float(line["val_accuracy"])}
            for line in csv.DictReader(lines)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FILE, help="the file to write (default: the one in the package)")
    given = parser.parse_args()
    parts = open_dataset(DATA)
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        found = {"data": DATA, "n": len(parts.parts["test"]), "heads": by_labels(parts, room)}
        runs = [members(parts, room, dropout) for dropout in DROPOUTS]
    networks = {"per_class": int(SETTINGS["labels"]), "batch": SETTINGS["batch"], "model": SMALL, "runs": runs}
    given.out.write_text(json.dumps({**found, "networks": networks}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
