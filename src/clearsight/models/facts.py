"""Facts of every network, for `clearsight models`; `facts.csv` caches the numbers that are slow to count."""

import csv
import io
from collections import OrderedDict
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from torch import nn

from ..base.compute.device import shapes_only
from . import _of, build, canonical, family, formula, names, published
from .summary import Summary, summarise

COUNTED = ("parameters", "stored", "macs", "depth", "auxiliary", "residual_sums", "largest_field")


@dataclass(frozen=True)
class Facts:
    """A network at `input_size` (C, H, W) with `classes` classes.

    `parameters` are trained, `auxiliary` those of them that do not run in evaluation (GoogLeNet's auxiliary heads);
    `stored` also counts running statistics, as a file of weights does, and
    `megabytes` its size in float32, in units of 2²⁰ bytes as in the lecture's table; `macs`, `depth`, `residual_sums`
    and `largest_field` (px) as in `summary`.
    """

    name: str
    family: str
    year: int | None
    paper: str
    parameters: int
    stored: int
    megabytes: float
    macs: int
    depth: int
    auxiliary: int
    residual_sums: int
    largest_field: int
    input_size: tuple[int, int, int]
    classes: int
    recipe: str

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return asdict(self)


def facts(name: str, counted: Summary | None = None) -> Facts:
    """The facts of one network or formula, at the size and classes of `counted` if that is given.

    Raises UsageError with similar names for an unknown one.
    """
    name = canonical(name)
    home = family(name)
    size, classes = published(name)
    numbers = counts(counted) if counted else written().get(name) or counts(summary(name))
    year, paper = _of(home.PAPER, name)
    return Facts(
        name=name,
        family=home.__name__.rsplit(".", 1)[-1],
        year=year,
        paper=paper,
        **numbers,
        megabytes=round(numbers["stored"] * 4 / 2**20, 1),
        input_size=counted.input_size if counted else size,
        classes=counted.outputs if counted else classes,
        recipe=home.RECIPE,
    )


def every() -> list[Facts]:
    """The facts of all networks, family by family."""
    return [facts(name) for name in names()]


def summary(name: str, input_size: tuple[int, int, int] | None = None, classes: int | None = None) -> Summary:
    """A network layer by layer at `input_size` (its own, if not given); also of a formula without a classifier."""
    own_size, own_classes = published(name)
    size, classes = input_size or own_size, classes or own_classes
    if family(name) is formula and formula.parse(name).layers[-1].word != "softmax":
        return summarise(nn.Sequential(OrderedDict(formula.stack_on_paper(name, size, classes))), size)
    with shapes_only():
        model = build(name, classes, channels=size[0], height=size[1], width=size[2])
    return summarise(model, size)


def counts(summary: Summary) -> dict[str, int]:
    """The columns of `facts.csv`."""
    return {key: getattr(summary, key) for key in COUNTED}


@cache
def written() -> dict[str, dict[str, int]]:
    """`facts.csv`: name → its numbers."""
    text = files("clearsight").joinpath("models/facts.csv").read_text(encoding="utf-8")
    return {row["name"]: {key: int(row[key]) for key in COUNTED} for row in csv.DictReader(text.splitlines())}


def table() -> str:
    """The content of `facts.csv`, counted again; `python docs/generate.py` writes it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["name", *COUNTED], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"name": name, **counts(summary(name))} for name in names())
    return text.getvalue()
