"""An exported file as a `Classifier`: its network is a runtime's session, and its manifest has preprocessing, classes and limits.

Shapes: N pictures, C channels, K classes.
"""

import copy
import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ...base.errors import ClearsightError, CorruptFile, UsageError
from ...classifier import Classifier, trial
from ...classifier.config import EXPORTED, read_config, weights_digest
from ...images.preprocess import Preprocessing
from .. import manifest
from ..manifest import Manifest
from .sessions import ONNX, Session, session

MAX_BYTES = 2**31  # of a file: more does not fit into one of ONNX
LEAST = torch.finfo(torch.float32).tiny
BF16 = "bf16"


class Runtime(nn.Module):
    """A session as a network without weights: fitted pictures, uint8 `(N, C, H, W)`, to calibrated probabilities `(N, K)` and novelty."""

    HALVES = False

    def __init__(self, made: Session, entry: str, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.session, self.entry, self.preprocessing = made, entry, preprocessing

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        """Probabilities float32 `(N, K)`, and the novelty float32 `(N,)` where the file computes one."""
        return self.computed(self.given(pictures))

    def given(self, pictures: Tensor) -> NDArray[np.uint8]:
        """Fitted pictures, uint8 `(N, C, H, W)`, in the shape that the file takes."""
        whole = self.entry == "pictures"
        made: NDArray[np.uint8] = (framed(pictures, self.preprocessing).permute(0, 2, 3, 1) if whole else pictures).contiguous().numpy()
        return made

    def computed(self, pictures: NDArray[np.uint8]) -> tuple[Tensor, Tensor | None]:
        """The same for pictures in the shape that the file takes."""
        found = self.session.run(pictures)
        novelty = found.get("novelty")
        return torch.from_numpy(found["probabilities"]), None if novelty is None else torch.from_numpy(novelty)


def framed(pictures: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Fitted pictures `(N, C, H, W)` within a border that the preprocessing in a file cuts off again."""
    share = preprocessing.crop_fraction
    missing = [max(0, math.floor(n / share + 1e-6) - n) for n in (preprocessing.height, preprocessing.width)]
    (above, left), (below, right) = ([round(n / 2) for n in missing], [n - round(n / 2) for n in missing])
    return F.pad(pictures, (left, right, above, below)) if any(missing) else pictures


class Exported(Classifier):
    """A classifier whose network, views and temperature are computed by a runtime: it answers, and has no layers and no gradient."""

    def __init__(self, path: Path, made: Session, engine: str, precision: str, told: Manifest) -> None:
        super().__init__(
            Runtime(made, told.entry, told.preprocessing),
            told.preprocessing,
            told.classes,
            temperature=told.temperature,
            architecture=str(told.document.get("architecture", {}).get("name", "")),  # type: ignore[attr-defined]
            facts=dict(told.facts),
            reference=told.reference,
        )
        self.path, self.manifest, self.engine, self.views = path, told, engine, told.views
        self._precision = told.precision if precision == "float32" else precision
        self.speed = "plain" if precision == "float32" else BF16
        self.weights_digest, self.folder = told.weights_digest, home(path, told)

    @property
    def precision(self) -> str:
        """The precision of products: `float32`, `bfloat16`, or `int8`."""
        return self._precision

    def to(self, device: torch.device | str) -> "Exported":
        """Itself: the runtime computes on the CPU."""
        return self

    def faster(self, speed: str = "auto") -> Classifier:
        """Itself, or with `bf16` another session in bfloat16; raises UsageError where the runtime has none."""
        return opened(self.path, self.engine, "bfloat16") if speed == BF16 and self.speed != BF16 else copy.copy(self)

    def viewed(self, views: str) -> Classifier:
        """Itself where the `views` are those in the file; raises UsageError for others."""
        if " ".join(views.split()) != self.views:
            raise UsageError(f"{self.path} averages over the views that it was exported with ({self.views or 'one'}): leave --views out.")
        return copy.copy(self)

    def inputs(self, pictures: Tensor) -> Tensor:
        """What the file is given, uint8 `(N, C, H, W)`: floats in [0, 1] are rounded to whole levels."""
        return pictures.cpu() if pictures.dtype == torch.uint8 else (255 * pictures.detach().cpu()).round().clamp(0, 255).to(torch.uint8)

    def scores(self, pictures: Tensor) -> Tensor:
        """Class scores, float32 `(N, K)`: temperature × log probability, without a gradient."""
        return self._scores(self.model(self.inputs(pictures))[0])

    def _scores(self, probabilities: Tensor) -> Tensor:
        return self.temperature * probabilities.clamp_min(LEAST).log()

    def judged(self, batch: Tensor) -> tuple[Tensor, Tensor | None]:
        """Class scores and novelty, as of `Classifier.judged`, computed by the file."""
        probabilities, novelty = self.model(self.inputs(batch))
        return self._scores(probabilities), novelty

    def of_picture(self, picture: NDArray[np.uint8]) -> Tensor:
        """Calibrated probabilities `(K,)` of a decoded picture, uint8 `(H, W, C)`: a file with the preprocessing in it fits it itself."""
        model = self.model
        assert isinstance(model, Runtime)
        if model.entry == "pictures":
            return model.computed(np.ascontiguousarray(picture)[None])[0][0]
        return super().of_picture(picture)

    def logits_and_inputs(self, batch: Tensor, layer: str) -> tuple[Tensor, Tensor]:
        """Raises UsageError: the vectors before the last layer stay in the runtime."""
        raise UsageError(f"{self.path} gives answers only, and no vectors of its layers: {EXPORTED}.")


def opened(path: Path, engine: str = ONNX, precision: str = "float32", threads: int = 0) -> Exported:
    """The classifier in an exported file, computed with `threads`, 0 for as many as torch has.

    Raises UsageError without such a file, CorruptFile for another content, MissingExtra.
    """
    if path.suffix.lower() == ".pt2":
        raise UsageError(f"{path} is for PyTorch without Clearsight, which reads model.onnx: {EXPORTED}, or model.onnx.")
    if not path.is_file():
        raise UsageError(f"there is no file {path}: write it with clearsight export MODEL.")
    told = manifest.read(path)
    if path.stat().st_size > MAX_BYTES:
        raise CorruptFile(f"{path} has {path.stat().st_size:,} bytes, where there can be {MAX_BYTES:,} at most.")
    found = Exported(path, session(path.read_bytes(), str(path), engine, precision, threads), engine, precision, told)
    some, fit = trial.pictures(told.preprocessing), told.preprocessing
    if told.entry == "pictures" and not torch.equal(fit.fit_batch(framed(some, fit)), some):
        raise UsageError(f"{path} takes whole pictures and cannot be given fitted ones: clearsight export MODEL --to fitted.")
    return found


def home(path: Path, told: Manifest) -> str:
    """The run folder that an exported file lies in, if it has the weights of the file; else the path of the file."""
    for folder in path.absolute().parents[:2]:
        with suppress(ClearsightError):
            if weights_digest(read_config(folder)) == told.weights_digest:
                return str(folder)
    return str(path)
