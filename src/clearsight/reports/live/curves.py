"""Curves as figures that live: the gradient by depth, and what was measured in trainings, with n and interval."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from ...look.depth import gradient_by_depth
from .page import Live

DEPTHS = (19, 55)  # 3×3 layers: with the head a network of 20 and of 56, as the paper compares them
MEASURED = files(__package__).joinpath("measured.json")  # benchmarks/lecture.py writes it
DESIGNED, LEARNT = ("pixels", "HOG", "histogram"), ("pixels", "LeNet-5, untrained", "LeNet-5, pretrained without labels")

Point = dict[str, float]


@cache
def measured() -> dict[str, Any]:
    """The errors of `heads` by the number of labels, and those of `networks` by AlexNet's recipe; `n` is the number of test pictures."""
    found: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found


def live_gradients() -> Live:
    """Stacks of 20 and 56 layers, with shortcuts and without."""
    lead = "The gradient is what a layer learns from: through many layers it vanishes, and shortcuts carry it past them."
    lines = [
        (f"{'with' if shortcuts else 'without'} shortcuts, {depth + 1} layers", [{"value": v} for v in gradient_by_depth(depth, shortcuts)])
        for depth in DEPTHS
        for shortcuts in (True, False)
    ]
    said = (
        "Computed here, before any training: 3×3 convolutions and ReLU in blocks of two, without normalisation; the length of the gradient "
        "by the weights of each layer, counted from the picture, of one batch of random pictures. Batch normalisation keeps it from "
        "vanishing as well; the paper's networks have both."
    )
    return _curves("The gradient by depth", lead, ("layer", "gradient"), range(1, max(DEPTHS) + 1), lines, said, logy=True)


def live_training_size() -> Live:
    """Hand-designed features against pixels."""
    lead = "Good features need fewer pictures than pixels do; poor ones are worse than pixels with any number."
    return _by_labels("Error by the number of training pictures", lead, DESIGNED)


def live_few_labels() -> Live:
    """Features that were learnt without labels against those of the same network before it learnt, and pixels."""
    lead = "Pictures without labels teach features; a classifier on them needs few labels."
    return _by_labels("Little labelled data is enough", lead, LEARNT)


def _by_labels(title: str, lead: str, names: tuple[str, ...]) -> Live:
    heads = measured()["heads"]
    rows = {row["name"]: row["points"] for row in heads["features"]}
    said = (
        f"{_source()}, {measured()['n']} test pictures; softmax regression at its optimum on features that stay "
        f"as they are; the mean over {heads['draws']} draws of the "
        f"labelled pictures, and its interval."
    )
    lines = [(name, rows[name]) for name in names]
    return _curves(title, lead, ("labelled pictures", "test error"), heads["labels"], lines, said, logx=True, share=True)


def live_plateau() -> Live:
    """The learning rate a tenth of what it was, each time the validation error no longer falls, with dropout and without."""
    lead = "When the validation error no longer falls, the learning rate is divided by 10; dropout makes the training error larger."
    networks = measured()["networks"]
    runs = {"with dropout": networks["runs"][0], "without": networks["runs"][1]}
    lines = [
        (f"{part} error, {words}", [{"value": epoch[part]} for epoch in run["epochs"]])
        for words, run in runs.items()
        for part in ("training", "validation")
    ]
    most = max(len(run["epochs"]) for run in runs.values())
    rates = [(f"learning rate, {words}", [epoch["lr"] for epoch in run["epochs"]]) for words, run in runs.items()]
    said = (
        f"{_source()}; {_recipe()} Training errors are those of the steps, with dropout and augmentation. "
        f"The {runs['without']['validation']} validation pictures have no interval, as they divide the learning rate and choose the epoch."
    )
    beside = [{"name": name, "values": [*values, *[None] * (most - len(values))]} for name, values in rates]
    title = "The learning rate, divided by 10 at a plateau"
    return _curves(title, lead, ("epoch", "error"), range(1, most + 1), lines, said, share=True, beside=beside)


def live_members() -> Live:
    """The error of the mean answer of one to seven networks, with dropout and without."""
    networks = measured()["networks"]
    fewer = " and ".join(f"{100 * (run['errors'][0]['value'] - run['errors'][-1]['value']):.1f}" for run in networks["runs"])
    lead = f"The mean answer of networks that differ only in their seed has fewer errors than one of them: here {fewer} percentage points."
    lines = [(f"dropout {run['dropout']:g}", run["errors"]) for run in networks["runs"]]
    members = len(lines[0][1])
    said = (
        f"{_source()}, {measured()['n']} test pictures; {_recipe()} "
        f"The mean over all choices of so many of the {members} networks; the interval is over the test pictures, "
        "and wide, as they are few. "
        "The lecture's figures are the paper's, of ImageNet's validation pictures: 18.2 % top-5 error of one network, 15.4 % of seven."
    )
    return _curves("An ensemble of networks", lead, ("networks", "test error"), range(1, members + 1), lines, said, share=True)


def _source() -> str:
    return f"Measured once by benchmarks/lecture.py: {measured()['data']}"


def _recipe() -> str:
    networks = measured()["networks"]
    return (
        f"{networks['model']}, {networks['per_class']} pictures of each class, by the recipe alexnet with batches of {networks['batch']}."
    )


def _curves(
    title: str, lead: str, axes: tuple[str, str], places: Any, lines: list[tuple[str, list[Point]]], said: str, **more: Any
) -> Live:
    """A figure; a line that ends before the last place has no further points."""
    places = list(places)
    drawn = [{"name": name, "points": [*points, *[None] * (len(places) - len(points))]} for name, points in lines]
    data = {"x": axes[0], "y": axes[1], "places": places, "lines": drawn, "said": said}
    return Live("curves", title, lead, {**data, "logx": False, "logy": False, "share": False, "beside": [], **more})
