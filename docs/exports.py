"""Fill docs/exports.csv: every network of the registry, exported and compared in ONNX Runtime with the classifier that it came from.

    python docs/exports.py [NAME...]     all that have no row yet, or these; hours for all on one core

Weights are random. Batch norms have the statistics of the pictures, or the initial ones where torch itself would differ between float32
and float64. The head is scaled so that answers differ: `answers` is how many classes are somebody's answer. Input is as small as the
network allows; 32 pictures of four sizes, one by one and in batches of three. `refused` is why a network cannot be exported; `missed`,
where a label, a pixel or a probability by more than 1e-5 differs, how far torch and ONNX Runtime, both in float32, are from float64.
"""

import copy
import csv
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from clearsight import models
from clearsight.base.errors import ClearsightError
from clearsight.classifier import Classifier
from clearsight.exports import onnx
from clearsight.exports.comparison import Answers, Checked, answers, check, drawn
from clearsight.exports.graph import Network
from clearsight.images.preprocess import Preprocessing

TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("network", "size", "operators", "pixels_apart", "labels_equal", "pictures", "answers", "max_difference", "missed", "refused")
SIDES = (32, 64, 75, 96, 128, 224, 299, 331)
CLASSES = tuple("abcde")
LARGEST = 1e-5  # difference of a probability
ROUNDING = 2e-6  # of torch in float32 and float64, above which a network of random weights says nothing about its export


def built(name: str) -> tuple[Classifier, list[np.ndarray]]:
    """The network at the smallest side that it takes, and the pictures, which it tells apart."""
    for side in SIDES:
        try:
            net = models.build(name, len(CLASSES), channels=3, height=side, width=side, seed=0)
            break
        except ClearsightError:
            continue
    made = Classifier(net, Preprocessing(3, side, side), CLASSES, architecture=name)
    pictures = drawn(made.preprocessing)
    fitted = torch.stack([made.preprocessing.fit_picture(picture) for picture in pictures])
    if norms := [part for part in net.modules() if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d)]:
        measured(made, norms, fitted)
        telling(made, fitted)
        if rounding(made, fitted) <= ROUNDING:
            return made, pictures
        for norm in norms:
            norm.reset_running_stats()
    telling(made, fitted)
    if (off := rounding(made, fitted)) > ROUNDING:  # less spread, and the same labels
        with torch.no_grad():
            made.model.get_submodule(made.last_layer).weight.mul_(ROUNDING / off)
    return made, pictures


@torch.no_grad()
def measured(made: Classifier, norms: Iterable[nn.Module], fitted: torch.Tensor) -> None:
    """Give the `norms` the statistics of the `fitted` pictures."""
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    made.model(made.inputs(fitted))
    made.model.eval()


@torch.no_grad()
def exact(made: Classifier, fitted: torch.Tensor) -> torch.Tensor | None:
    """Probabilities of the `fitted` pictures in float64; None for hand-made features that are float32 only."""
    try:
        return torch.softmax(copy.deepcopy(made.model).double()(made.inputs(fitted).double()), 1)
    except RuntimeError:
        return None


def rounding(made: Classifier, fitted: torch.Tensor) -> float:
    """The largest difference of a probability between float32 and float64; 0 where there is no float64."""
    wanted = exact(made, fitted)
    return 0.0 if wanted is None else float((wanted - made.probabilities(fitted)).abs().max())


@torch.no_grad()
def telling(made: Classifier, fitted: torch.Tensor) -> None:
    """Give the head weights by which the answers to the `fitted` pictures differ."""
    weight = made.model.get_submodule(made.last_layer).weight
    if not weight.any():
        weight.normal_(0, weight[0].numel() ** -0.5, generator=torch.Generator().manual_seed(0))
    scores, features = made.logits_and_inputs(fitted, made.last_layer)
    spread, middle = scores.std(0).mean(), features.mean(0)
    if weight.ndim == 2 and spread > 1e-3 * scores.abs().mean():  # else rounding would be all that is told apart
        weight -= torch.outer(scores.mean(0), middle) / (middle @ middle)
        weight *= 2 / spread


def compared(name: str) -> dict[str, object]:
    """The row of a network."""
    row: dict[str, object] = {"network": name}
    try:
        made, pictures = built(name)
        of = made.preprocessing
        network = onnx.network(Network(made), of)
        model = onnx.whole(network, of)
        expected = answers(made, pictures)
        found = check(onnx.runner(onnx.with_fitted(model)), "pictures", pictures, expected, quiet=True)
    except ClearsightError as error:
        return row | {"refused": str(error)}
    same = found.pixels_apart == 0 and found.labels_equal == found.pictures and found.max_difference <= LARGEST
    missed = "" if same else why(made, expected, onnx.runner(network)(expected.fitted)[0])
    return row | {"size": of.height, "operators": len(model.graph.node), **told(found, expected), "missed": missed}


def why(made: Classifier, expected: Answers, found: np.ndarray) -> str:
    """How far the probabilities of torch, and those `found` by ONNX Runtime, are from float64."""
    wanted = exact(made, torch.from_numpy(expected.fitted))
    if wanted is None:
        return "no float64 to compare with"
    off = [np.abs(wanted.numpy() - probabilities).max() for probabilities in (expected.probabilities, found)]
    return f"off float64: torch {off[0]:.1e}, ONNX Runtime {off[1]:.1e}"


def told(found: Checked, expected: Answers) -> dict[str, object]:
    """The figures of a comparison."""
    return {
        "pixels_apart": found.pixels_apart, "labels_equal": found.labels_equal, "pictures": found.pictures,
        "answers": len(set(expected.probabilities.argmax(1).tolist())), "max_difference": f"{found.max_difference:.1e}",
    }  # fmt: skip


def main(names: list[str]) -> None:
    """Add or replace the rows of `names`, or add those that are missing; the table is in the order of the registry."""
    rows = {row["network"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())} if TABLE.is_file() else {}
    for name in names or [name for name in models.names() if name not in rows]:
        rows[name] = compared(name)
        print(rows[name], flush=True)
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[known] for known in models.names() if known in rows)


if __name__ == "__main__":
    main(sys.argv[1:])
