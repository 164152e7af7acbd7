"""A classifier as modules of tensors only, which exporters can trace: preprocessing, network, views, temperature, softmax, novelty.

Shapes: N pictures, C channels, K classes; H and W of the pictures, h and w of the network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..augment import tta
from ..base.errors import UsageError
from ..classifier.capture import inputs_of
from ..classifier.classifier import Classifier, pooled
from ..classifier.uncertainty.blend import added, energy, residual
from ..images.preprocess import Preprocessing
from .fit import Fit

AXES = {"pictures": {0: "n", 1: "height", 2: "width"}, "fitted": {0: "n"}}  # of each entry, those of any length


class Network(nn.Module):
    """Fitted pictures, uint8 `(N, C, h, w)`, to probabilities float32 `(N, K)`, and novelty float32 `(N,)` where there are vectors."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        of = classifier.preprocessing
        self.network = classifier.model
        self.views = tta.parse(classifier.views)
        self.reversed = of.order == "bgr"
        self.temperature = classifier.temperature
        self.novelty = classifier.reference.novelty
        for name, values in (("mean", of.mean), ("std", of.std)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)
        if self.novelty:
            self.register_buffer("centre", self.novelty.mean, persistent=False)
            blend = self.novelty.blend
            directions = blend.directions.float() if blend else F.normalize(self.novelty.vectors.float(), dim=1).T.contiguous()
            self.register_buffer("directions", directions, persistent=False)
            if blend:
                self.register_buffer("scale", blend.scale, persistent=False)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return ("probabilities", "novelty") if self.novelty else ("probabilities",)

    def forward(self, fitted: Tensor) -> tuple[Tensor, ...]:
        """The outputs, as many as they have names."""
        levels = (fitted.flip(1) if self.reversed else fitted).to(torch.float32)
        inputs = (levels / 255 - self.get_buffer("mean")) / self.get_buffer("std")
        if not self.novelty:
            return (self._probabilities(self._logits(inputs)),)
        with inputs_of(self.network.get_submodule(self.novelty.layer)) as seen:
            logits = self._logits(inputs)
        features = torch.stack([pooled(vectors) for vectors in seen]).mean(0)
        unit = F.normalize(features - self.get_buffer("centre"), dim=1)
        return self._probabilities(logits), self._novelty(unit, logits)

    def _logits(self, inputs: Tensor) -> Tensor:
        return tta.mean(self.views, inputs, self.network)

    def _probabilities(self, logits: Tensor) -> Tensor:
        return torch.softmax(logits / self.temperature, 1)

    def _novelty(self, unit: Tensor, logits: Tensor) -> Tensor:
        """The novelty `(N,)` of centred features of length 1, `(N, D)`, with class scores `(N, K)`."""
        directions = self.get_buffer("directions")
        if self.novelty and self.novelty.blend:
            return added(residual(unit, directions), energy(logits), self.get_buffer("scale"))
        return 1 - (unit @ directions).amax(1).clamp(-1, 1)


def fit_of(preprocessing: Preprocessing) -> Fit:
    """The preprocessing as a module; raises UsageError for one that has no exported form."""
    if preprocessing.interpolation == "bicubic" and not preprocessing.antialias:
        raise UsageError("bicubic without antialiasing has no exported form: train with antialiasing, or with bilinear.")
    return Fit(preprocessing)


def example(preprocessing: Preprocessing, entry: str) -> Tensor:
    """Two pictures for a tracer, uint8; of their sizes only the fitted one stays fixed."""
    of = preprocessing
    if entry == "fitted":
        return torch.zeros(2, of.channels, of.height, of.width, dtype=torch.uint8)
    return torch.zeros(2, 2 * of.height + 1, 2 * of.width + 3, of.channels, dtype=torch.uint8)


def free_axes(entry: str) -> dict[int, object]:
    """The axes of an input that may have any length, as `torch.export` takes them."""
    return dict.fromkeys(AXES[entry], torch.export.Dim.DYNAMIC)
