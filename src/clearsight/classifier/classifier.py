"""A classifier is preprocessing + features + head, and the names of its classes."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from ..augment import tta as sets
from ..base.compute.precision import accepts, halved, halves, heads
from ..base.errors import UnreadableImage, UsageError, unknown, wrong
from ..images.preprocess import Preprocessing
from . import trial
from .folding import folded

BATCH_PIXELS = 2**19
SPEEDS = ("auto", "plain", "folded", "bf16")


@dataclass(frozen=True)
class Choice:
    """One class and its calibrated probability, in [0, 1]."""

    label: str
    index: int
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture: the most likely class, and the `top` classes in descending order of probability."""

    source: str
    label: str
    index: int
    confidence: float
    top: tuple[Choice, ...]


@dataclass(frozen=True)
class Failure:
    """A picture that could not be classified, and why."""

    source: str
    error: str


class Classifier:
    """Model + preprocessing + class names + fitted temperature: predictions for pictures from any source.

    `architecture` is the name that `models.build` knows the model by (empty for a model of your own,
    which works in memory but cannot be saved). Scores are the mean over `views` of a picture, as in `mirror shift:1` or `ten-crop`.
    """

    def __init__(
        self,
        model: nn.Module,
        preprocessing: Preprocessing,
        classes: Sequence[str],
        *,
        temperature: float = 1.0,
        architecture: str = "",
        views: str = "",
        facts: dict[str, Any] | None = None,
    ) -> None:
        if not temperature > 0:
            raise wrong("temperature", "above 0", temperature)
        self.model = model.eval()
        self.last_layer = str(getattr(model, "HEAD", ""))  # its name, also in faster copies; "" of an ensemble, which has several
        self.preprocessing = preprocessing
        self.classes = tuple(classes)
        self.temperature = temperature
        self.architecture = architecture
        self.views = " ".join(views.split())
        self.facts = dict(facts or {})
        self.speed, self.note = "plain", ""
        self.folder = ""  # of the artefact, or the origin, that it was loaded from or saved to first
        self.weights_digest = ""  # SHA-256 of the file that the weights were read from
        self._dtype = torch.float32
        self._views = sets.parse(views)

    def __repr__(self) -> str:
        p = self.preprocessing
        network = self.architecture or type(self.model).__name__
        return f"Classifier({network}, input {p.channels}×{p.height}×{p.width}, {len(self.classes):,} classes)"

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.model.parameters()).device

    def to(self, device: torch.device | str) -> "Classifier":
        """The same classifier with its weights on `device`."""
        self.model.to(device)
        return self

    @property
    def batch(self) -> int:
        """The default batch size: smaller for larger pictures, whose memory grows with their area."""
        size = self.preprocessing
        return max(8, min(256, BATCH_PIXELS * (1 if self.device.type == "cpu" else 8) // (size.height * size.width)))

    @property
    def precision(self) -> str:
        """The precision of products: `float32` or `bfloat16`."""
        return str(self._dtype).removeprefix("torch.")

    def faster(self, speed: str = "auto") -> "Classifier":
        """A copy for many pictures, with batch norms folded and the weights as they are now (train and save the original).

        `speed`: `folded` (also `auto`) computes in float32; `bf16` has products in bfloat16, which change a probability by about 1e-2
        (the head and everything after it stay float32); `plain` changes nothing. A speed is tried on two pictures first: where the
        network does not run or its logits differ, the next slower one is used, and `note` gives the reason. Raises UsageError for an
        unknown speed, and for bf16 with a network that needs more precision.
        """
        if speed not in SPEEDS:
            raise unknown("speed", speed, SPEEDS)
        if speed == "bf16" and not halves(self.model):
            raise UsageError(f"{self.architecture or 'this network'} needs more precision than bfloat16 has: leave --speed out.")
        roads: dict[str, tuple[str, ...]] = {"plain": (), "bf16": ("bf16", "folded")}
        notes: list[str] = []
        for road in roads.get(speed, ("folded",)):
            twin = self._on(road)
            if not (reason := trial.refused(self, twin)):
                break
            notes.append(f"speed {road} is not used: {reason}.")
        else:
            twin = copy.copy(self)
        twin.note = " ".join(notes)
        return twin

    def _on(self, road: str) -> "Classifier":
        """A copy at the speed `folded` or `bf16`; where nothing can be converted to bfloat16, the latter is `folded` too."""
        twin, half = copy.copy(self), road == "bf16"
        net = folded(self.model, bf16=half and self.device.type == "cpu")
        if half:
            there = dict(net.named_modules())
            net = halved(net, [name for name in heads(self.model) if name in there])
        twin.model, twin._dtype = net, accepts(net)
        twin.speed = "bf16" if twin._dtype == torch.bfloat16 else "folded"
        twin.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return twin

    def viewed(self, views: str) -> "Classifier":
        """The same classifier, averaging over other `views` (a single one for ''); raises UsageError for unknown views."""
        twin = copy.copy(self)
        twin.views, twin._views = " ".join(views.split()), sets.parse(views)
        return twin

    def inputs(self, pictures: Tensor) -> Tensor:
        """The normalised inputs of the network, `(N, C, H, W)`, for fitted pictures of this shape, uint8 or floats in [0, 1]."""
        return self.preprocessing.normalise(pictures.to(self.device)).to(self._dtype)

    def scores(self, pictures: Tensor) -> Tensor:
        """Class scores, float32 `(N, K)`, for fitted pictures `(N, C, H, W)`, uint8 or floats in [0, 1]; differentiable."""
        inputs = self.inputs(pictures)
        return sets.mean(self._views, inputs, lambda view: self.model(view.contiguous(memory_format=torch.channels_last)))

    def logits(self, batch: Tensor) -> Tensor:
        """Class scores, float32 `(N, K)`, for fitted uint8 pictures `(N, C, H, W)`, in evaluation mode and without gradients."""
        with torch.inference_mode():
            return self.scores(batch)

    def probabilities(self, batch: Tensor) -> Tensor:
        """Calibrated class probabilities, float32 `(N, K)`, for fitted uint8 pictures `(N, C, H, W)`."""
        return torch.softmax(self.logits(batch) / self.temperature, dim=1)

    def classify(self, source: Any, *, top: int = 5) -> Prediction:
        """The prediction for one picture (path, bytes, file, PIL image or array); raises UnreadableImage."""
        picture = self.preprocessing.load(source)
        return self._predictions([_name(source)], self.probabilities(picture[None]), top)[0]

    def classify_many(
        self, sources: Iterable[Any], *, top: int = 5, batch_size: int = 0, workers: int = 4
    ) -> Iterator[Prediction | Failure]:
        """One prediction per source, in order, or a `Failure` for an unreadable picture. A `batch_size` of 0 is `batch`."""
        batch_size = batch_size or self.batch
        waiting = iter(sources)
        with ThreadPoolExecutor(workers) as pool:
            chunk = list(islice(waiting, batch_size))
            loading = [pool.submit(self._load, source) for source in chunk]
            while chunk:
                loaded = [future.result() for future in loading]
                done = chunk
                chunk = list(islice(waiting, batch_size))
                loading = [pool.submit(self._load, source) for source in chunk]  # decode the next while this one computes
                yield from self._answers(done, loaded, top)

    def _load(self, source: Any) -> Tensor | Failure:
        try:
            return self.preprocessing.load(source)
        except UnreadableImage as error:
            return Failure(_name(source), error.reason)

    def _answers(self, sources: list[Any], loaded: list[Tensor | Failure], top: int) -> Iterator[Prediction | Failure]:
        pictures = [picture for picture in loaded if isinstance(picture, Tensor)]
        names = [_name(source) for source, picture in zip(sources, loaded, strict=True) if isinstance(picture, Tensor)]
        answers = iter(self._predictions(names, self.probabilities(torch.stack(pictures)), top) if pictures else [])
        for item in loaded:
            yield item if isinstance(item, Failure) else next(answers)

    def _predictions(self, names: list[str], probabilities: Tensor, top: int) -> list[Prediction]:
        confidences, indices = probabilities.cpu().topk(min(top, len(self.classes)), dim=1)
        predictions = []
        for name, row, order in zip(names, confidences.tolist(), indices.tolist(), strict=True):
            choices = tuple(Choice(self.classes[i], i, c) for i, c in zip(order, row, strict=True))
            predictions.append(Prediction(name, choices[0].label, choices[0].index, choices[0].confidence, choices))
        return predictions


def _name(source: Any) -> str:
    if isinstance(source, (str, bytes)) or hasattr(source, "__fspath__"):
        return f"<{len(source)} bytes>" if isinstance(source, bytes) else str(source)
    return str(getattr(source, "name", None) or getattr(source, "filename", None) or f"<{type(source).__name__}>")
