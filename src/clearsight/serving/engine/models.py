"""The models of a server: opened, checked on their golden samples, and replaced when their files change."""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ...base.errors import ClearsightError, UsageError
from ...classifier import Classifier
from ...classifier.answers import stored
from ...exports.golden import verify
from ...exports.open import open_classifier
from ...weights import is_origin
from ..options import Options
from ..telemetry.metrics import Metrics
from .admission import Admission, Pace
from .batcher import Batcher, computed

LOOK_SECONDS = 1.0  # between looks at a model's files
FILES = ("config.json", "model.safetensors", "reference.safetensors")  # of an artefact
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Road:
    """How a model is computed: its device, speed and engine, as the options of the command line."""

    device: str | torch.device = "cpu"
    speed: str = "auto"
    engine: str = ""


@dataclass(frozen=True)
class Loaded:
    """A classifier that is ready, the number of golden samples that it reproduced, and the state of its files when it was read."""

    classifier: Classifier
    golden: int
    files: tuple[tuple[int, int, int], ...]
    pace: float


def opened(model: str, road: Road) -> Loaded:
    """The classifier MODEL, after its golden samples gave their stored probabilities; raises ClearsightError if they did not."""
    files = state_of(model)
    classifier = open_classifier(model, device=road.device, engine=road.engine).faster(road.speed)
    golden = 0
    if not is_origin(model):
        found = verify(model, device=road.device, speed=road.speed, engine=road.engine)
        golden = found.n
        if found.n and not found.ok:
            raise ClearsightError(
                f"{model} is not served: {found.labels_equal} of {found.n} golden samples get their label, the largest difference of a "
                f"probability is {found.max_difference:.1e} (allowed {found.tolerance:.0e}). See: clearsight verify {model}"
            )
    if state_of(model) != files:
        raise ClearsightError(f"{model} changed while it was read.")
    size = classifier.preprocessing
    black = [torch.zeros(size.channels, size.height, size.width, dtype=torch.uint8)] * 2
    computed(classifier, black)  # the first time is no measure
    seconds, rows = computed(classifier, black)
    if not all(bool(torch.isfinite(row.logits).all()) for row in rows):
        raise ClearsightError(f"{model} is not served: its scores for a black picture are not finite.")
    return Loaded(classifier, golden, files, seconds / 2)


def state_of(model: str) -> tuple[tuple[int, int, int], ...]:
    """Time, size and number of each file of MODEL; empty for an origin, and for files that are not there."""
    if is_origin(model):
        return ()
    path = Path(model)
    found = []
    for file in [path / name for name in FILES] if path.is_dir() else [path]:
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


def named(models: Sequence[str]) -> dict[str, str]:
    """Name in addresses → MODEL, of words such as `runs/pets` and `cats=runs/pets`; raises UsageError for a name given twice."""
    found: dict[str, str] = {}
    for word in models:
        name, equals, model = word.partition("=")
        if not equals or not re.fullmatch(r"[\w.-]+", name, re.ASCII):
            name, model = word.partition(":")[2] if is_origin(word) else _called(Path(word).resolve()), word
        name = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.") or "model"
        if name in found:
            raise UsageError(f"two models are called {name}: name one of them, as in other={model}")
        found[name] = model
    return found


def _called(path: Path) -> str:
    """The name of a folder or a file; of an exported file that `export` named, that of the folder that it is of."""
    if path.suffix != ".onnx":
        return path.name
    folder = path.parent.parent if path.parent.name == "export" else path.parent
    return folder.name if path.stem in ("model", "fitted") else path.stem


class Served:
    """A model under its `name`: the `loaded` classifier, its queue, and its batches."""

    def __init__(self, name: str, model: str, loaded: Loaded, options: Options, metrics: Metrics) -> None:
        self.name, self.model, self.loaded, self.metrics = name, model, loaded, metrics
        self.admission = Admission(options.queue, options.target, options.deadline, Pace(loaded.pace))
        self.batcher = Batcher(options.batch, options.wait, self.observe)
        self.admission.lost = self.batcher.lost
        metrics.model(name, loaded.classifier)

    def observe(self, pictures: int, waited: float, seconds: float) -> None:
        """Note a batch: its pictures, the wait of its first one, and the seconds that it was computed for."""
        self.admission.pace.left(pictures)
        self.metrics.batch(self.name, pictures, waited, seconds)

    async def watch(self, road: Road) -> None:
        """Replace the classifier when its files have changed; where the new ones are no good, it stays, and the log says so."""
        before = tried = self.loaded.files
        while self.loaded.files:
            await asyncio.sleep(LOOK_SECONDS)
            now = await asyncio.to_thread(state_of, self.model)
            settled, before = now == before, now
            if settled and now not in (tried, self.loaded.files):
                tried = now
                await self.replace(road)

    async def replace(self, road: Road) -> bool:
        """Read the model again; False if the old one stays, with the reason in the log."""
        try:
            loaded = await asyncio.to_thread(opened, self.model, road)
        except Exception as error:
            why = str(error) if isinstance(error, ClearsightError) else f"{type(error).__name__}: {error}"
            log.error("%s: the new model is not used, the old one (%s) stays: %s", self.name, digest_of(self.loaded), " ".join(why.split()))
            self.metrics.swap(self.name, "failed")
            return False
        log.warning("%s: replaced %s by %s", self.name, digest_of(self.loaded), described(loaded))
        self.loaded = loaded
        self.metrics.swap(self.name, "done")
        self.metrics.model(self.name, loaded.classifier)
        return True


def digest_of(loaded: Loaded) -> str:
    """The first digits of the SHA-256 of the weights."""
    return loaded.classifier.weights_digest[:12] or "no digest"


def described(loaded: Loaded) -> str:
    """Digest, classes and golden samples in a line."""
    golden = f"{loaded.golden} golden samples are reproduced" if loaded.golden else "it has no golden samples"
    classifier = loaded.classifier
    road = classifier.speed if classifier.engine == "torch" else classifier.engine
    drift = "" if stored(classifier.facts, len(classifier.classes)) else "; no validation answers are stored, to notice drift by"
    return f"{digest_of(loaded)}, {len(classifier.classes):,} classes, {road}; {golden}{drift}"
