"""Our ensemble beside the original AutoAttack: robust accuracy on the same pictures, with intervals, and FGSM for orientation.

    python benchmarks/auto_attack.py [--run RUNFOLDER …] [--pictures 1000] [--epsilon 0.1]

Without run folders of fashion-mnist two networks are trained first, some minutes: a convnet, 2 epochs, and a swift, 4 epochs
against pictures changed by PGD within ε = 0.1 (`--recipe swift-90 --perturb pgd:0.1`).

The original is the package `autoattack` (github.com/fra31/auto-attack; a folder on PYTHONPATH will do), its `standard` version in L∞,
in batches of 250, on the network in float32 and channels-last; left out and named where it is missing. The difference's interval is
of the pictures that one of them fools and the other does not.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from common import Row, alone, finish, load_check, parser
from torch import Tensor

from clearsight.attacks.attack import attack
from clearsight.base.compute.memory import keep_large_buffers
from clearsight.base.compute.undisturbed import undisturbed
from clearsight.classifier import Classifier, load
from clearsight.datasets.loader import load as load_pictures
from clearsight.datasets.open import open_dataset
from clearsight.metrics.intervals import wilson
from clearsight.training.api import train

BATCH = 250
TRAINED: dict[str, dict[str, Any]] = {
    "standard": {"model": "convnet", "epochs": 2},
    "robust": {"recipe": "swift-90", "epochs": 4, "perturb": "pgd:0.1"},
}


def classifiers(folders: Sequence[str] | None) -> Iterator[tuple[str, Classifier]]:
    """Those of the run folders, else the two that are trained here, each with its name."""
    if folders:
        yield from ((Path(folder).name, load(folder)) for folder in folders)
        return
    with TemporaryDirectory() as place:
        for name, settings in TRAINED.items():
            yield name, train("fashion-mnist", out=str(Path(place) / name), quiet=True, **settings).classifier


def original(classifier: Classifier, values: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Which pictures are right after the original's `standard` version."""
    from autoattack import AutoAttack

    made = AutoAttack(classifier.faster("folded").scores, norm="Linf", eps=epsilon, version="standard", device="cpu", verbose=False)
    changed = made.run_standard_evaluation(values, labels, bs=BATCH)
    with torch.no_grad():
        return torch.cat([classifier.scores(part) for part in changed.split(BATCH)]).argmax(1) == labels


def share(what: str, right: Tensor) -> Row:
    """A row with the share in percent and its 95 % interval."""
    count, n = int(right.sum()), len(right)
    low, high = wilson(count, n)
    return alone(what, [100 * count / n], "%") | {"n": n, "ours_range": [100 * low, 100 * high]}


def beside(what: str, ours: Tensor, theirs: Tensor) -> Row:
    """Ours minus the original's in percent; the interval is McNemar's, of pictures that only one of them fools."""
    n, more, less = len(ours), int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    mean, half = (more - less) / n, 1.96 * (more + less - (more - less) ** 2 / n) ** 0.5 / n
    row = {"what": what, "against": "AutoAttack", "ours": 100 * float(ours.float().mean()), "peer": 100 * float(theirs.float().mean())}
    return {
        **row,
        "unit": "%",
        "compare": "difference",
        "ratio": 100 * mean,
        "low": 100 * (mean - half),
        "high": 100 * (mean + half),
        "n": n,
    }


def main() -> None:
    made = parser(__doc__, rounds=1)
    made.add_argument("--run", action="append", help="a run folder on fashion-mnist; several are taken one after the other")
    made.add_argument("--pictures", type=int, default=1000)
    made.add_argument("--epsilon", type=float, default=0.1)
    given = made.parse_args()
    keep_large_buffers()  # as every verb does
    notes, rows = load_check(), []
    for folder, classifier in classifiers(given.run):
        part = load_pictures(open_dataset("fashion-mnist").parts["test"], classifier.preprocessing, quiet=True)
        chosen = torch.arange(given.pictures)
        pictures, labels = part.batch(chosen).contiguous(), part.labels[chosen]
        plain = {"epsilon": given.epsilon, "check": False, "saving": False, "curve": False}
        start = time.perf_counter()
        fgsm = attack(classifier, pictures, labels, method="fgsm", **plain)
        ours = attack(classifier, pictures, labels, method="ensemble", **plain)
        notes.append(f"{folder}: ours took {time.perf_counter() - start:.0f} s")
        rows += [
            share(f"{folder}: {name}", right) for name, right in (("clean", ours.clean), ("FGSM", fgsm.robust), ("ensemble", ours.robust))
        ]
        start = time.perf_counter()
        try:
            with undisturbed(classifier.model, freeze=True):
                theirs = original(classifier, pictures.float() / 255, labels, given.epsilon)
        except ImportError as error:
            notes.append(f"AutoAttack is missing: {error}")
            continue
        notes.append(f"{folder}: the original took {time.perf_counter() - start:.0f} s")
        rows.append(beside(f"{folder}: ensemble", ours.robust, theirs))
    finish(given, f"The ensemble compared with AutoAttack, fashion-mnist, ε = {given.epsilon:g}", rows, notes, {})


if __name__ == "__main__":
    main()
