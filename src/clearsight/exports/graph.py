"""A classifier as one module of tensors only, which exporters can trace: preprocessing, network, views, temperature, softmax, novelty.

Shapes: N pictures, C channels, K classes; H and W of the pictures, h and w of the network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..augment import tta
from ..base.errors import UsageError, unknown
from ..classifier.capture import inputs_of
from ..classifier.classifier import Classifier, pooled
from .fit import Fit

ENTRIES = ("pictures", "fitted")


class Graph(nn.Module):
    """Pictures in, answers out: probabilities float32 `(N, K)`, and novelty float32 `(N,)` where there are vectors.

    The `entry` `pictures` takes uint8 `(N, H, W, C)` of any one size, `fitted` uint8 `(N, C, h, w)` that are fitted already. Of `pictures`
    the fitted ones, float32 `(N, C, h, w)`, are returned too, as the last output: for the check, a file does not have it.
    """

    def __init__(self, classifier: Classifier, entry: str = "pictures") -> None:
        super().__init__()
        if entry not in ENTRIES:
            raise unknown("entry", entry, ENTRIES)
        of = classifier.preprocessing
        if of.interpolation == "bicubic" and not of.antialias:
            raise UsageError("bicubic without antialiasing has no exported form: train with antialiasing, or with bilinear.")
        self.entry, self.preprocessing = entry, of
        self.fit = Fit(of) if entry == "pictures" else nn.Identity()
        self.network = classifier.model
        self.views = tta.parse(classifier.views)
        self.reversed = of.order == "bgr"
        self.temperature = classifier.temperature
        self.novelty = classifier.reference.novelty
        for name, values in (("mean", of.mean), ("std", of.std)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)
        if self.novelty:
            self.register_buffer("centre", self.novelty.mean, persistent=False)
            self.register_buffer("directions", F.normalize(self.novelty.vectors.float(), dim=1).T.contiguous(), persistent=False)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return ("probabilities", *(("novelty",) if self.novelty else ()), *(("fitted",) if self.entry == "pictures" else ()))

    def example(self) -> Tensor:
        """Two pictures that the tracer is given, uint8; of their sizes only the fitted one stays fixed."""
        of = self.preprocessing
        if self.entry == "fitted":
            return torch.zeros(2, of.channels, of.height, of.width, dtype=torch.uint8)
        return torch.zeros(2, 2 * of.height + 1, 2 * of.width + 3, of.channels, dtype=torch.uint8)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """The outputs, as many as they have names."""
        fitted = self.fit(pictures).to(torch.float32)
        levels = fitted.flip(1) if self.reversed else fitted
        inputs = (levels / 255 - self.get_buffer("mean")) / self.get_buffer("std")
        shown = (fitted,) if self.entry == "pictures" else ()
        if not self.novelty:
            return self._probabilities(inputs), *shown
        with inputs_of(self.network.get_submodule(self.novelty.layer)) as seen:
            probabilities = self._probabilities(inputs)
        features = torch.stack([pooled(vectors) for vectors in seen]).mean(0)
        cosines = F.normalize(features - self.get_buffer("centre"), dim=1) @ self.get_buffer("directions")
        return probabilities, 1 - cosines.amax(1).clamp(-1, 1), *shown

    def _probabilities(self, inputs: Tensor) -> Tensor:
        return torch.softmax(tta.mean(self.views, inputs, self.network) / self.temperature, 1)
