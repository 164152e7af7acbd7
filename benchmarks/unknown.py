"""What a classifier says of pictures of no class that it knows, and how often its conformal sets contain the truth.

    python benchmarks/unknown.py [set:photos FOLDER ...] [--divisions 20] [--weights package:efficientnet_lite0]

Of each set, features are computed once (the last three stages, as `clearsight train` reads them), and a head is solved anew in every random
division, 80 % to learn from and 20 % to test, with all pictures of a group in one part. Then every class in turn is unknown: the head
learns the others, and both scores, the novelty and 1 - the largest probability, get a limit of 5 % false alarms from pictures held out of
the training part. AUROC and the share found are means over classes and divisions, ± 1.96 standard errors over the classes.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from common import machine
from sklearn.metrics import roc_auc_score
from torch import Tensor

import clearsight
from clearsight import weights
from clearsight.classifier.uncertainty import blend
from clearsight.classifier.uncertainty.novelty import stored
from clearsight.datasets.split import together
from clearsight.heads.choice import choose
from clearsight.heads.cross_validation import folds_of_groups
from clearsight.heads.lbfgs import Problem, solve
from clearsight.metrics import conformal
from clearsight.models.readout import Readout

FALSE_ALARMS, COVERAGES = 0.05, (0.9, 0.95)


class Set(NamedTuple):
    """Features float32 `(N, D)`, labels `(N,)` and groups `(N,)` of a set."""

    name: str
    features: Tensor
    labels: Tensor
    groups: Tensor


class Head(NamedTuple):
    """Solved on training pictures: log odds of all pictures, and out-of-fold logits and novelties of the training pictures."""

    logits: Tensor
    novelty: Tensor
    held_out: Tensor
    held_out_novelty: Tensor


@torch.no_grad()
def computed(data: str, origin: str) -> Set:
    """The set `data`, read by the trained network of `origin`."""
    found = weights.read(origin, headless=2)
    how = replace(found.preprocessing, fit="stretch", crop_fraction=1.0)
    network = Readout(found.model, "stages", 2, (how.channels, how.height, how.width)).eval()
    parts = clearsight.open_dataset(data).parts
    whole = parts["all"] if "all" in parts else next(iter(parts.values()))
    rows = []
    for some in torch.arange(len(whole)).split(16):
        rows.append(network.features(how.normalise(torch.stack([how.load(whole.source(int(i))) for i in some]))))
    groups = torch.unique(torch.from_numpy(together(whole)), return_inverse=True)[1]
    return Set(Path(data).name, torch.cat(rows), torch.from_numpy(whole.labels), groups)


def divided(one: Set, seed: int) -> Tensor:
    """Which pictures are tested, bool `(N,)`: of each class about a fifth, whole groups."""
    order = np.random.default_rng(seed).permutation(int(one.groups.max()) + 1)
    tested = torch.zeros(len(one.labels), dtype=torch.bool)
    for label in one.labels.unique():
        mine = one.labels == label
        for group in order:
            here = mine & (one.groups == group)
            if here.any() and int((tested & mine).sum()) + int(here.sum()) / 2 <= 0.2 * int(mine.sum()):
                tested |= here
    return tested


def solved(one: Set, train: Tensor, seed: int) -> Head:
    """A head on the pictures of `train`, bool `(N,)`, whose classes are numbered anew."""
    known, labels = one.labels[train].unique(return_inverse=True)
    features, groups = one.features[train], one.groups[train]
    choice = choose({"stages": features.clone()}, labels, len(known), groups=groups, seed=seed)
    found = solve(Problem(features.clone(), labels, len(known)), choice.l2)
    logits = F.linear(one.features.double(), found.weight, found.bias).float()
    kept = stored("fc", features)
    fold = folds_of_groups(labels, groups, seed, blend.FOLDS)
    made, held_out = blend.fitted(features, choice.logits, fold, kept.vectors, torch.empty(0))
    return Head(logits, replace(kept, blend=made).of(one.features, logits), choice.logits, held_out)


def unknown(one: Set, divisions: int) -> Iterator[dict[str, float]]:
    """A row for each class as the unknown one and each division."""
    for label in one.labels.unique():
        for seed in range(divisions):
            strange, tested = one.labels == label, divided(one, seed)
            head = solved(one, ~strange & ~tested, seed)
            asked = tested & ~strange
            row: dict[str, float] = {"class": int(label), "seed": seed}
            softmax = 1 - head.logits.softmax(1).amax(1), 1 - head.held_out.softmax(1).amax(1)
            for name, scores, held_out in (("novelty", head.novelty, head.held_out_novelty), ("softmax", *softmax)):
                limit = conformal.limit(held_out.numpy(), 1 - FALSE_ALARMS)
                truth = torch.cat([torch.zeros(int(asked.sum())), torch.ones(int(strange.sum()))])
                row[f"{name}_auroc"] = float(roc_auc_score(truth, torch.cat([scores[asked], scores[strange]])))
                row[f"{name}_found"] = float((scores[strange] > limit).float().mean())
                row[f"{name}_alarms"] = float((scores[asked] > limit).float().mean())
            yield row


def covered(one: Set, divisions: int) -> Iterator[dict[str, float]]:
    """A row for each division: the share of test pictures whose set contains the truth, and the classes in a set."""
    for seed in range(divisions):
        tested = divided(one, seed)
        head, labels = solved(one, ~tested, seed), one.labels
        scores = 1 - head.held_out.softmax(1).gather(1, labels[~tested, None])[:, 0]
        probabilities = head.logits[tested].softmax(1).numpy()
        row: dict[str, float] = {"seed": seed, "n": int(tested.sum())}
        for coverage in COVERAGES:
            limit = np.full(probabilities.shape[1], conformal.limit(scores.numpy(), coverage), np.float32)
            sets = conformal.sets(probabilities, limit)
            row[f"covered_{coverage}"] = float(sets[np.arange(len(sets)), labels[tested].numpy()].mean())
            row[f"size_{coverage}"] = float(sets.sum(1).mean())
        yield row


def spread(rows: list[dict[str, float]], key: str, by: str) -> tuple[float, float]:
    """The mean of a column, and 1.96 standard errors over the values of the column `by`."""
    means = [np.mean([row[key] for row in rows if row[by] == value]) for value in sorted({row[by] for row in rows})]
    return float(np.mean(means)), float(1.96 * np.std(means, ddof=1) / len(means) ** 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=["set:photos"])
    parser.add_argument("--divisions", type=int, default=20)
    parser.add_argument("--weights", default="package:efficientnet_lite0")
    parser.add_argument("--rows", type=Path, help="file for every row, as JSON")
    given = parser.parse_args()
    facts, _ = machine()
    print(f"{facts.get('processor', '')}, {facts['cores']} cores; torch {torch.__version__}; {given.weights}, {given.divisions} divisions")
    kept = {}
    for data in given.data:
        one = computed(data, given.weights)
        rows, sets = list(unknown(one, given.divisions)), list(covered(one, given.divisions))
        kept[one.name] = {"unknown": rows, "sets": sets}
        print(f"{one.name}: {len(one.labels)} pictures, {len(one.labels.unique())} classes, {len(one.groups.unique())} groups")
        for name in ("novelty", "softmax"):
            cells = [
                f"{key} {100 * m:.1f} ±{100 * e:.1f} %"
                for key in ("auroc", "found", "alarms")
                for m, e in [spread(rows, f"{name}_{key}", "class")]
            ]
            print(f"  unknown class, {name}: {', '.join(cells)}")
        ratio = spread(rows, "novelty_found", "class")[0] / max(1e-9, spread(rows, "softmax_found", "class")[0])
        print(f"  found by novelty {ratio:.2f} × as often as by the largest probability")
        for coverage in COVERAGES:
            mean, error = spread(sets, f"covered_{coverage}", "seed")
            size, _ = spread(sets, f"size_{coverage}", "seed")
            print(f"  sets for {coverage:.0%}: truth in {100 * mean:.1f} ±{100 * error:.1f} %, {size:.2f} classes a set")
    if given.rows:
        given.rows.write_text(json.dumps(kept))


if __name__ == "__main__":
    main()
