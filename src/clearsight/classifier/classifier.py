"""A classifier is preprocessing + features + head, and the names of its classes."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.fx import GraphModule

from ..augment import tta as sets
from ..base.compute.precision import accepts, halved, halves, heads
from ..base.errors import UnreadableImage, UsageError, unknown, wrong
from ..datasets.loader import GROUP
from ..images.preprocess import Preprocessing
from .capture import inputs_of
from .speed import trial
from .speed.folding import folded, in_channels_last
from .speed.fusing import fused
from .speed.twins import twin
from .uncertainty import NOTHING, Limits, Reference
from .uncertainty.reference import UNKNOWN

BATCH_PIXELS = 32 * 224**2  # two threads compute ResNet-50 1.15 times as fast in batches of 32 as of 10, and no faster beyond
SPEEDS = ("auto", "plain", "folded", "bf16")


@dataclass(frozen=True)
class Choice:
    """One class and its calibrated probability, in [0, 1]."""

    label: str
    index: int
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture: the most likely class, and the `top` classes in descending order of probability.

    `novelty` is how unlike the training pictures' its features are, None where the classifier has no vectors of them.
    Where "none of these" was asked for, `known` is whether the novelty is within its limit; beyond it the `label` is "none of these" and
    the `index` -1, the `confidence` still that of the most likely class. `labels` is the conformal set, most likely first, where a
    coverage was asked for. `model` is the SHA-256 of the weights, and `precision` and `engine` say what computed the answer.
    """

    source: str
    label: str
    index: int
    confidence: float
    top: tuple[Choice, ...]
    novelty: float | None = None
    known: bool | None = None
    labels: tuple[str, ...] | None = None
    model: str = ""
    precision: str = "float32"
    engine: str = "torch"


@dataclass(frozen=True)
class Failure:
    """A picture that could not be classified, and why."""

    source: str
    error: str


class Classifier:
    """Model + preprocessing + class names + fitted temperature: predictions for pictures from any source.

    `architecture` is the name that `models.build` knows the model by (empty for a model of your own,
    which works in memory but cannot be saved). Scores are the mean over `views` of a picture, as in `mirror shift:1` or `ten-crop`.
    `reference` is what novelty and conformal sets are computed by.
    """

    engine = "torch"  # what computes the network

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
        reference: Reference = NOTHING,
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
        self.reference = reference
        self.speed, self.note = "plain", ""
        self.folder = ""  # of the artefact, or the origin, that it was loaded from or saved to first
        self.weights_digest = ""  # SHA-256 of the file that the weights were read from
        self._dtype = torch.float32
        self._unasked = True  # no speed was asked for: `classify` takes a faster copy by itself
        self._views = sets.parse(views)

    def __repr__(self) -> str:
        p = self.preprocessing
        network = self.architecture or type(self.model).__name__
        return f"Classifier({network}, input {p.channels}×{p.height}×{p.width}, {len(self.classes):,} classes)"

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next((weights.device for weights in self.model.parameters()), torch.device("cpu"))

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
            reason = ""
            for quick in self._on(road):
                if not (reason := trial.refused(self, quick)):
                    return quick._noted(notes)
            notes.append(f"speed {road} is not used: {reason}.")
        return copy.copy(self)._noted(notes)

    def _noted(self, notes: list[str]) -> "Classifier":
        self.note, self._unasked = " ".join(notes), False
        return self

    def _on(self, road: str) -> Iterator["Classifier"]:
        """Copies at the speed `folded` or `bf16`, the fastest first: with fused layers, where there are such, and without."""
        converted = self._converted(road)
        if self.device.type == "cpu" and isinstance(converted.model, GraphModule) and (net := fused(converted.model)):
            quick = copy.copy(converted)
            quick.model = net
            yield quick
        yield converted

    def _converted(self, road: str) -> "Classifier":
        """A copy at the speed `folded` or `bf16`; where nothing can be converted to bfloat16, the latter is `folded` too."""
        quick, half = copy.copy(self), road == "bf16"
        net = folded(self.model, bf16=half and self.device.type == "cpu")
        if half:
            there = dict(net.named_modules())
            net = halved(net, [name for name in heads(self.model) if name in there])
        quick.model, quick._dtype = in_channels_last(net), accepts(net)
        quick.speed = "bf16" if quick._dtype == torch.bfloat16 else "folded"
        return quick

    def viewed(self, views: str) -> "Classifier":
        """The same classifier, averaging over other `views` (a single one for ''); raises UsageError for unknown views.

        It has no `reference` then: the scores in it are of the former views.
        """
        other = copy.copy(self)
        other.views, other._views = " ".join(views.split()), sets.parse(views)
        other.reference = self.reference if other.views == self.views else NOTHING
        return other

    def kept(self, speed: str) -> "Classifier":
        """As `faster`, from a copy that is kept until the weights change; `plain` while the network has hooks or is in training."""
        if speed == "plain" or self.engine != "torch":
            return self.faster(speed)
        quick = copy.copy(self)
        quick.model = twin(self.model, speed, lambda: self.faster(speed).model)
        if quick.model is not self.model:
            quick._dtype = accepts(quick.model)
            quick.speed = "bf16" if quick._dtype == torch.bfloat16 else "folded"
        return quick._noted([])

    def _answering(self) -> "Classifier":
        """What `classify` computes by: a faster copy in float32, as `faster` makes it, unless a speed was asked for."""
        return self.kept("auto") if self._unasked and self.engine == "torch" else self

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

    def of_picture(self, picture: NDArray[np.uint8]) -> Tensor:
        """Calibrated class probabilities, float32 `(K,)`, of a decoded picture, uint8 `(H, W, C)`."""
        return self.probabilities(self.preprocessing.fit_picture(picture)[None])[0]

    def logits_and_inputs(self, batch: Tensor, layer: str) -> tuple[Tensor, Tensor]:
        """Class scores as of `logits`, and the inputs of the linear `layer`, float32 `(N, D)`: their mean over places and views."""
        with inputs_of(self.model.get_submodule(layer)) as seen:
            scores = self.logits(batch)
        return scores, torch.stack([pooled(vectors).float() for vectors in seen]).mean(0)

    def judged(self, batch: Tensor) -> tuple[Tensor, Tensor | None]:
        """Class scores as of `logits`, and the novelty float32 `(N,)` on the CPU, None without vectors of training pictures."""
        novelty = self.reference.novelty
        if novelty is None:
            return self.logits(batch), None
        scores, features = self.logits_and_inputs(batch, novelty.layer)
        return scores, novelty.of(features, scores)

    def limits(self, false_alarms: float = 0.0, coverage: float = 0.0, by_class: bool = False) -> Limits:
        """The limits of novelty and of scores in sets, by the words of `classify_many`; raises UsageError as it does."""
        return self.reference.limits(self.classes, false_alarms, coverage, by_class)

    def classify(
        self, source: Any, *, top: int = 5, false_alarms: float = 0.0, coverage: float = 0.0, by_class: bool = False
    ) -> Prediction:
        """The prediction for one picture (path, bytes, file, PIL image or array), as of `classify_many`; raises UnreadableImage."""
        limits = self.limits(false_alarms, coverage, by_class)
        picture = self.preprocessing.load(source)
        return self.predictions([_name(source)], *self._answering().judged(picture[None]), top=top, limits=limits)[0]

    def classify_many(
        self, sources: Iterable[Any], *, top: int = 5, batch_size: int = 0, workers: int = 4, false_alarms: float = 0.0,
        coverage: float = 0.0, by_class: bool = False,
    ) -> Iterator[Prediction | Failure]:  # fmt: skip
        """One prediction per source, in order, or a `Failure` for an unreadable picture. A `batch_size` of 0 is `batch`.

        With a rate of `false_alarms`, such as 0.05, a picture that is more novel than all but this share of the known classes' is "none of
        these". With a `coverage`, such as 0.95, a prediction has the `labels` of a set that contains the truth with this frequency,
        `by_class` within each class. Raises UsageError where the classifier has too little to go by.
        """
        limits = self.limits(false_alarms, coverage, by_class)
        batch_size = batch_size or self.batch
        waiting = iter(sources)
        with ThreadPoolExecutor(workers) as pool:

            def begun() -> tuple[list[Any], list[Future[list[Tensor | Failure]]]]:
                chunk = list(islice(waiting, batch_size))
                return chunk, [pool.submit(self._load_all, chunk[i : i + GROUP]) for i in range(0, len(chunk), GROUP)]

            chunk, loading = begun()
            answering = self._answering()
            while chunk:
                loaded = [each for future in loading for each in future.result()]
                done, (chunk, loading) = chunk, begun()  # the next are decoded while this one computes
                yield from answering._answers(done, loaded, top, limits)

    def _load_all(self, sources: list[Any]) -> list[Tensor | Failure]:
        return [self._load(source) for source in sources]

    def _load(self, source: Any) -> Tensor | Failure:
        try:
            return self.preprocessing.load(source)
        except UnreadableImage as error:
            return Failure(_name(source), error.reason)

    def _answers(self, sources: list[Any], loaded: list[Tensor | Failure], top: int, limits: Limits) -> Iterator[Prediction | Failure]:
        pictures = [picture for picture in loaded if isinstance(picture, Tensor)]
        names = [_name(source) for source, picture in zip(sources, loaded, strict=True) if isinstance(picture, Tensor)]
        answers = iter(self.predictions(names, *self.judged(torch.stack(pictures)), top=top, limits=limits) if pictures else [])
        for item in loaded:
            yield item if isinstance(item, Failure) else next(answers)

    def predictions(self, names: Sequence[str], logits: Tensor, novelty: Tensor | None, *, top: int, limits: Limits) -> list[Prediction]:
        """One prediction for each of the `names`, from the results of `judged`: scores `(N, K)` and novelty `(N,)`."""
        probabilities = torch.softmax(logits / self.temperature, dim=1).cpu()
        confidences, indices = probabilities.topk(min(top, len(self.classes)), dim=1)
        novelties: list[float | None] = [None] * len(names) if novelty is None else novelty.tolist()
        sets = self._sets(probabilities, limits)
        predictions, computed = [], (self.weights_digest, self.precision, self.engine)
        for name, row, order, far, labels in zip(names, confidences.tolist(), indices.tolist(), novelties, sets, strict=True):
            choices = tuple(Choice(self.classes[i], i, c) for i, c in zip(order, row, strict=True))
            known, first = limits.known(far), choices[0]
            label, index = (UNKNOWN, -1) if known is False else (first.label, first.index)
            predictions.append(Prediction(name, label, index, first.confidence, choices, far, known, labels, *computed))
        return predictions

    def _sets(self, probabilities: Tensor, limits: Limits) -> Sequence[tuple[str, ...] | None]:
        """The classes in the set of each picture, the most likely first; None where sets were not asked for."""
        inside = limits.sets(probabilities.numpy())
        if inside is None:
            return [None] * len(probabilities)
        orders = probabilities.argsort(dim=1, descending=True, stable=True).tolist()
        return [tuple(self.classes[i] for i in order if row[i]) for order, row in zip(orders, inside, strict=True)]


def pooled(vectors: Tensor) -> Tensor:
    """The inputs `(N, D)` of a linear layer; where it is applied at every place, as in SqueezeNet, their mean."""
    return vectors if vectors.ndim == 2 else vectors.flatten(1, -2).mean(1)


def _name(source: Any) -> str:
    if isinstance(source, (str, bytes)) or hasattr(source, "__fspath__"):
        return f"<{len(source)} bytes>" if isinstance(source, bytes) else str(source)
    return str(getattr(source, "name", None) or getattr(source, "filename", None) or f"<{type(source).__name__}>")
