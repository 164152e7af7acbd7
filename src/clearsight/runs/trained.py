"""What a training returns; apart from the training itself, so that what takes a finished one need not import that."""

from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from ..base.result import Result
from ..classifier import Classifier, validation
from ..datasets.dataset import Parts


class TrainedFigures(TypedDict):
    """The JSON of `clearsight train --json`; `ensemble` has the errors of the members where there are some."""

    run: str
    model: str
    parameters: int
    epochs: int
    seconds: float
    pictures_per_second: float
    validation: validation.Validated | None
    ensemble: NotRequired[object]


@dataclass(frozen=True)
class Trained(Result):
    """A finished training: the `run` folder, the `classifier` in it, its accuracy on `validation`, and the `parts` of the data.

    Without validation pictures the accuracy is that of cross-validation, and None where no label could be held out.
    """

    run: Path
    classifier: Classifier
    parameters: int
    epochs: int
    seconds: float
    pictures_per_second: float
    validation: validation.Validated | None
    parts: Parts

    @property
    def numbers(self) -> dict[str, float]:
        """Length, speed and accuracy of the training, by name."""
        found: dict[str, float] = {"epochs": self.epochs, "seconds": self.seconds, "parameters": self.parameters}
        if self.validation:
            top1 = self.validation["top1"]
            edges = {"top1_low": top1["low"], "top1_high": top1["high"]}
            found |= {"top1": top1["value"], "top1_pictures": self.validation["n"]}
            found |= {name: edge for name, edge in edges.items() if edge is not None}
        return found

    def to_json(self) -> TrainedFigures:
        """The JSON of `clearsight train --json`."""
        found: TrainedFigures = {
            "run": str(self.run),
            "model": self.classifier.architecture,
            "parameters": self.parameters,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "pictures_per_second": self.pictures_per_second,
            "validation": self.validation,
        }
        if "ensemble" in self.classifier.facts:
            found["ensemble"] = self.classifier.facts["ensemble"]
        return found
