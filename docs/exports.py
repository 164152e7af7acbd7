"""Fill docs/exports.csv: every network of the registry, exported and compared in ONNX Runtime with the classifier that it came from.

    python docs/exports.py [NAME...]     all that have no row yet, or these; hours for all on one core

Weights are random, input is as small as the network allows; 32 pictures of four sizes, one by one and in batches of three.
"""

import csv
import sys
from pathlib import Path

import torch

from clearsight import models
from clearsight.base.errors import ClearsightError
from clearsight.classifier import Classifier
from clearsight.exports import onnx
from clearsight.exports.comparison import answers, check, drawn
from clearsight.exports.graph import Network
from clearsight.images.preprocess import Preprocessing

TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("network", "size", "operators", "pixels_apart", "labels_equal", "pictures", "max_difference", "refused")
SIDES = (32, 64, 75, 96, 128, 224, 299, 331)
CLASSES = tuple("abcde")


def built(name: str) -> Classifier:
    """The network at the smallest side that it takes, with a head that is not zero."""
    for side in SIDES:
        try:
            net = models.build(name, len(CLASSES), channels=3, height=side, width=side, seed=0)
            break
        except ClearsightError:
            continue
    weight = net.head.weight
    if not weight.any():
        with torch.no_grad():
            weight.normal_(0, weight[0].numel() ** -0.5, generator=torch.Generator().manual_seed(0))
    return Classifier(net, Preprocessing(3, side, side), CLASSES, architecture=name)


def compared(name: str) -> dict[str, object]:
    """The row of a network."""
    classifier = built(name)
    of = classifier.preprocessing
    row: dict[str, object] = {"network": name, "size": of.height}
    try:
        model = onnx.whole(onnx.network(Network(classifier), of), of)
        pictures = drawn(of)
        found = check(onnx.runner(onnx.with_fitted(model)), "pictures", pictures, answers(classifier, pictures), quiet=True)
    except ClearsightError as error:
        return row | {"refused": str(error)}
    told = {"labels_equal": found.labels_equal, "pictures": found.pictures, "max_difference": f"{found.max_difference:.0e}"}
    return row | {"operators": len(model.graph.node), "pixels_apart": found.pixels_apart, **told}


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
