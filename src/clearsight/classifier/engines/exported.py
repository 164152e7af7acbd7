"""An exported file as a `Classifier`: its network is a runtime's session, and preprocessing, classes and limits are read from its metadata.

Shapes: N pictures, C channels, K classes.
"""

import copy
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ...base.errors import ClearsightError, CorruptFile, UsageError
from ...images.preprocess import Preprocessing
from ..classifier import Classifier
from ..config import (
    EXPORTED,
    FORMAT,
    VERSION,
    Config,
    classes_of,
    config_digest,
    facts_of,
    field_of,
    read_config,
    temperature_of,
    views_of,
    weights_digest,
)
from ..speed import trial
from ..uncertainty.reference import from_scores
from .sessions import ONNX, Session, session

KEY = "clearsight"  # of the metadata: one JSON document
ENTRIES = ("pictures", "fitted")
MAX_BYTES = 2**31  # of a file: more does not fit into one of ONNX
LEAST = torch.finfo(torch.float32).tiny
MOST = 1.001  # of a probability, which is rounded
BF16 = "bf16"
SPEEDS = {"bfloat16": BF16, "int8": "int8"}  # by precision; float32 is plain


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

    def __init__(self, path: Path, made: Session, engine: str, precision: str, config: Config) -> None:
        classes, preprocessing = classes_of(config), Preprocessing.from_dict(field_of(config, "preprocessing", dict))
        entry = field_of(config, "entry", str)
        if entry not in ENTRIES:
            raise CorruptFile(f"its 'entry' must be {' or '.join(ENTRIES)}.")
        super().__init__(
            Runtime(made, entry, preprocessing),
            preprocessing,
            classes,
            temperature=temperature_of(config),
            architecture=str(field_of(config, "architecture", dict).get("name", "")),
            facts=facts_of(config),
            reference=from_scores(field_of(config, "limits", dict, {}), len(classes)),
        )
        self.path, self.config, self.engine, self.views = path, config, engine, views_of(config)
        self._precision = str(config.get("precision", "float32")) if precision == "float32" else precision
        self.speed = SPEEDS.get(self._precision, "plain")
        self.weights_digest, self.folder = weights_digest(config), home(path, config)

    @property
    def precision(self) -> str:
        """The precision of products: `float32`, `bfloat16`, or `int8`."""
        return self._precision

    def to(self, device: torch.device | str) -> "Exported":
        """Itself: the runtime computes on the CPU."""
        return self

    def faster(self, speed: str = "auto") -> Classifier:
        """Itself, or with `bf16` another session in bfloat16; raises UsageError where the runtime has none."""
        if speed != BF16 or self.speed == BF16:
            return copy.copy(self)
        found = opened(self.path, self.engine, "bfloat16")
        found.folder = self.folder
        return found

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
        raise UsageError(
            f"{path} is for PyTorch without Clearsight, and reading it can run code that is stored in it: {EXPORTED}, or model.onnx."
        )
    try:
        if not path.is_file():
            raise UsageError(f"there is no file {path}: write it with clearsight export MODEL.")
        if path.stat().st_size > MAX_BYTES:
            raise CorruptFile(f"{path} has {path.stat().st_size:,} bytes, where there can be {MAX_BYTES:,} at most.")
        data = path.read_bytes()
    except OSError as error:
        raise CorruptFile(f"cannot read {path}: {error.strerror or error}.") from error
    return of_bytes(data, path, engine, precision, threads)


def of_bytes(data: bytes, path: Path, engine: str = ONNX, precision: str = "float32", threads: int = 0) -> Exported:
    """The classifier of an exported file's content; `path` is its name in messages."""
    made = session(data, str(path), engine, precision, threads)
    try:
        found = Exported(path, made, engine, precision, _config(made.metadata))
    except ClearsightError as error:
        raise CorruptFile(f"{path} is not an exported classifier: {str(error).splitlines()[0]}") from error
    if why := _apart(found):
        raise CorruptFile(f"{path} is not an exported classifier: {why}.")
    some, fit = trial.pictures(found.preprocessing), found.preprocessing
    if found.config["entry"] == "pictures" and not torch.equal(fit.fit_batch(framed(some, fit)), some):
        raise UsageError(f"{path} takes whole pictures and cannot be given fitted ones: clearsight export MODEL --to fitted.")
    return found


def _apart(found: Exported) -> str:
    """How the file's graph differs from what its metadata say, tried on two pictures; empty if it does not."""
    try:
        probabilities, novelty = found.model(trial.pictures(found.preprocessing))
    except Exception as error:  # a runtime raises several kinds of errors, torch and the dictionary of outputs theirs
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return f"it does not answer for pictures of its preprocessing, {first:.160}"
    wanted = (trial.SAMPLE_SIZE, len(found.classes))
    if probabilities.dtype != torch.float32 or probabilities.shape != wanted:
        return f"its probabilities are {str(probabilities.dtype)[6:]} {tuple(probabilities.shape)}, where float32 {wanted} are wanted"
    if not bool(((probabilities >= 0) & (probabilities <= MOST)).all()):  # NaN is not either; in 8 bits the sum need not be 1
        return "its probabilities are not all from 0 to 1"
    if novelty is not None and (novelty.dtype != torch.float32 or novelty.shape != wanted[:1] or not bool(torch.isfinite(novelty).all())):
        return f"its novelty is not a finite float32 for each picture, but {str(novelty.dtype)[6:]} {tuple(novelty.shape)}"
    return ""


def _config(metadata: Mapping[str, str]) -> dict[str, Any]:
    if KEY not in metadata:
        raise CorruptFile(f"it has no metadata {KEY!r}; clearsight export MODEL writes them.")
    try:
        found = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"its metadata {KEY!r} are not JSON.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise CorruptFile(f"its metadata {KEY!r} do not describe a classifier (their `format` is not {FORMAT!r}).")
    version = found.get("format_version")
    if type(version) is not int or version < 1:
        raise CorruptFile(f"its metadata {KEY!r} have a `format_version` that is no whole number from 1 on.")
    if version > VERSION:
        raise CorruptFile(f"its metadata have format version {version!s:.20}; this Clearsight reads up to {VERSION}. Update Clearsight.")
    if found.get("sha256") != config_digest(found):
        raise CorruptFile(f"its metadata {KEY!r} were damaged or edited: they do not have the SHA-256 that they give.")
    return found


def home(path: Path, config: Config) -> str:
    """The run folder that an exported file lies in, if it has the weights of the file; else the path of the file."""
    for folder in path.absolute().parents[:2]:
        with suppress(ClearsightError):
            if weights_digest(read_config(folder)) == weights_digest(config):
                return str(folder)
    return str(path)
