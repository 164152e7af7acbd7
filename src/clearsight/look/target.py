"""The network to inspect: a classifier's folder, trained weights by origin, a network of the registry, or a formula."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import models
from ..base.errors import UsageError, unknown
from ..base.randomness import seeded
from ..classifier import Classifier, load
from ..classifier.config import is_exported
from ..images.convert import visible
from ..images.preprocess import Preprocessing
from ..models import formula
from ..weights import is_origin
from ..weights.licence import said


@dataclass(frozen=True)
class Subject:
    """A network with its preprocessing; `trained` is false for one with its initial weights.

    `classes` are the names of its answers, empty where they have none; `legal` says what is known of the licence of weights of others;
    `temperature` is what `classify` divides the logits by.
    """

    name: str
    model: nn.Module
    preprocessing: Preprocessing
    trained: bool
    classes: tuple[str, ...] = ()
    legal: str = ""
    temperature: float = 1.0

    @property
    def input_size(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.preprocessing.channels, self.preprocessing.height, self.preprocessing.width

    @property
    def device(self) -> torch.device:
        """Where the network's weights are."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    def label(self, index: int) -> str:
        """The name of a class, or its number."""
        return self.classes[index] if self.classes else str(index)

    def index(self, label: str, classes: int) -> int:
        """The number of the class `label` of so many, by name, else by number from 0; raises UsageError with near names."""
        if label in self.classes:
            return self.classes.index(label)
        if label.isdecimal() and int(label) < classes:
            return int(label)
        raise unknown("class", label, self.classes or [str(i) for i in range(classes)])

    def shown(self, source: Any) -> NDArray[np.uint8]:
        """The picture as the network is shown it, in RGB `(H, W, 3)`; raises UnreadableImage."""
        fitted = self.preprocessing.load(source)
        pixels = visible(fitted.permute(1, 2, 0).numpy())
        return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))

    def inputs(self, source: Any) -> Tensor:
        """What the network sees of one picture, float32 `(1, C, H, W)`; raises UnreadableImage."""
        return self.preprocessing.normalise(self.preprocessing.load(source)[None].to(self.device))


def is_trained(name: str) -> bool:
    """Whether `name` means trained weights, which are loaded and not built."""
    return is_origin(name) or is_exported(name) or Path(name).is_dir()


def subject_of(name: str, classifier: Classifier) -> Subject:
    """The network of a classifier that was loaded by this name."""
    legal = said(classifier.facts) if is_origin(name) else ""
    return Subject(name, classifier.model, classifier.preprocessing, True, classifier.classes, legal, classifier.temperature)


def subject(name: str, size: tuple[int, int, int] | None = None, classes: int | None = None, seed: int = 0) -> Subject:
    """The network that `name` means; `size` (C, H, W), `classes` and `seed` are for those that are built here and not loaded.

    Raises UsageError for a name that means none, or for a size given to a trained one.
    """
    if is_trained(name):
        if size or classes:
            raise UsageError(f"{name} is trained for its own size and classes: leave --input and --classes out.")
        return subject_of(name, load(name))
    own_size, own_classes = models.published(name)
    channels, height, width = size or own_size
    preprocessing = models.preprocessing(name)
    if channels != preprocessing.channels:
        preprocessing = models.plain_preprocessing(name, channels)
    preprocessing = replace(preprocessing, height=height, width=width)
    if models.family(name) is formula and formula.parse(name).layers[-1].word != "softmax":
        with seeded(seed):
            layers = formula.stack(name, (channels, height, width), classes or own_classes)
        return Subject(name, nn.Sequential(OrderedDict(layers)), preprocessing, False)
    model = models.build(name, classes or own_classes, channels=channels, height=height, width=width, seed=seed)
    return Subject(name, model, preprocessing, False)
