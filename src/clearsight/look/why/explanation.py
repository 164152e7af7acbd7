"""A picture's answer explained: the class, its map, and the checks of the map."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TypedDict

import torch
from torch import Tensor

from ...base.check import CheckRow
from ...base.compute.undisturbed import undisturbed
from ...base.errors import ClearsightError, wrong
from ...base.result import Result, Row
from ..target import Subject
from .cam import last_maps
from .checks import Verdict, checked
from .contrast import contrasted, one_sided
from .table import ROWS, Method, method

# `class` is a word of Python's, so this one is written as a call
_Class = TypedDict("_Class", {"class": str})


class ExplanationFigures(_Class):
    """The JSON of `clearsight look why --json`; `misleading` is whether the map fails a check."""

    probability: float
    against: str
    method: str
    layer: str
    says: str
    blind: str
    checks: list[CheckRow]
    misleading: bool


@dataclass(frozen=True, repr=False)
class Explanation(Result):
    """The map `(H, W)` of a method for the class `label`, which the network gives `probability`; `layer` where it is read off one.

    Where it is `against` another class, the map is of the difference of the two logits: why this class and not that.
    `subject` and `picture` uint8 `(C, H, W)` are kept by `clearsight.explain`, for `save("why.png")`.
    """

    method: Method
    label: str
    probability: float
    layer: str
    heat: Tensor
    verdict: Verdict | None
    subject: Subject | None = field(default=None, compare=False)
    picture: Tensor | None = field(default=None, compare=False)
    against: str = ""

    @property
    def claim(self) -> str:
        """What is explained: the class with its probability, and the class that it is against."""
        return f"{self.label} {self.probability:.1%}{f', not {self.against}' if self.against else ''}"

    @property
    def failed(self) -> list[str]:
        """The checks that the map fails."""
        return [check.check for check in self.verdict.checks if not check.ok] if self.verdict else []

    def to_json(self) -> ExplanationFigures:
        """As `look why --json` has it; the map itself is in `--npz`."""
        return {
            "class": self.label,
            "probability": self.probability,
            "against": self.against,
            "method": self.method.name,
            "layer": self.layer,
            "says": self.method.says,
            "blind": self.method.blind,
            "checks": [check.to_json() for check in self.verdict.checks] if self.verdict else [],
            "misleading": bool(self.failed),
        }

    def headline(self) -> str:
        """Method, class and probability, and a warning where the map fails a check."""
        said = f"{self.method.name}: {self.claim}"
        return f"{said}; misleading, it fails: {', '.join(self.failed)}" if self.failed else said

    def rows(self) -> list[Row]:
        """A line for each check of the map."""
        return [check.to_json() for check in self.verdict.checks] if self.verdict else []


def explain(
    subject: Subject, x: Tensor, name: str = "grad-cam", label: str = "", layer: str = "", checks: bool = True, against: str = ""
) -> Explanation:
    """Why the network answers `label` (its first choice, if not given), and not `against`, for an input `(1, C, H, W)`, by a method's name.

    Raises UsageError for a method, class or layer that there is not, ClearsightError where the method is not defined for the network.
    """
    row = method(name)
    with undisturbed(subject.model), torch.no_grad():
        shares = torch.softmax(subject.model(x), 1)[0]
    index = subject.index(label, len(shares)) if label else int(shares.argmax())
    other, at, classes = subject.index(against, len(shares)) if against else -1, index, subject.classes
    asked: AbstractContextManager[None] = nullcontext()
    if other == index:
        raise wrong("against", f"another class than {subject.label(index)}, which is explained", against)
    if against:
        at, classes = 0, (subject.label(index), subject.label(other))
        asked, row = contrasted(subject.model, index, other), one_sided(row, *classes)
    with asked:
        target = torch.tensor([at], device=x.device)
        if row.layered and not layer:
            layer = last_maps(subject.model, x, target)
        heat = row.heat(subject.model, x, target, layer)[0]
        verdict = checked(subject.model, x, target, row, heat, layer, classes) if checks else None
    if verdict and against:
        verdict = replace(verdict, runner_up=other)
    shown, rival = layer if row.layered else "", subject.label(other) if against else ""
    return Explanation(row, subject.label(index), float(shares[index]), shown, heat, verdict, against=rival)


def explain_all(
    subject: Subject, x: Tensor, label: str = "", layer: str = "", checks: bool = True, against: str = ""
) -> Iterator[tuple[str, Explanation | str]]:
    """The same by every method, by name; instead of the explanation the reason where a method is not defined for the network."""
    for row in ROWS:
        try:
            yield row.name, explain(subject, x, row.name, label, layer, checks, against)
        except ClearsightError as error:
            yield row.name, str(error)
