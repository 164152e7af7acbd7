"""A small classifier with the face of the real one, and evaluations made of hand-written scores."""

import numpy as np
import torch

from clearsight.classifier.uncertainty import NOTHING
from clearsight.datasets.dataset import Dataset, objects
from clearsight.evaluation.evaluate import Evaluation
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_arrays

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def digits(per_class: int = 6, classes: int = 10) -> Dataset:
    pictures, labels = digit_arrays(per_class, classes)
    names = objects(f"test/{i}" for i in range(len(labels)))
    return Dataset(NAMES[:classes], labels.astype(np.int64), names, pictures=pictures)


class Nearest:
    """Scores are minus the distance to the mean scan of each digit."""

    speed, views, batch, reference = "plain", "", 256, NOTHING

    def __init__(self, classes: int = 10, temperature: float = 2.0) -> None:
        pictures, labels = digit_arrays(40, classes)
        self.classes = NAMES[:classes]
        self.preprocessing = Preprocessing(1, 8, 8, mean=(0.5,), std=(0.5,))
        self.temperature = temperature
        self.centres = torch.stack([torch.from_numpy(pictures[labels == i]).float().mean(0).flatten() for i in range(classes)])

    def logits(self, batch: torch.Tensor) -> torch.Tensor:
        return -torch.cdist(batch.float().flatten(1), self.centres) / 20

    def judged(self, batch: torch.Tensor) -> tuple[torch.Tensor, None]:
        return self.logits(batch), None


def judged(labels: list[int], guesses: list[int], classes: tuple[str, ...], sure: float = 3.0) -> Evaluation:
    """An evaluation in which `guesses` get the score `sure` and all else 0."""
    logits = np.zeros((len(labels), len(classes)), dtype=np.float32)
    logits[np.arange(len(guesses)), guesses] = sure
    return Evaluation(classes, objects(f"{i}.png" for i in range(len(labels))), np.array(labels, dtype=np.int64), logits)
