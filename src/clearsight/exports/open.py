"""A classifier of any kind, computed by the engine that is asked for: exported files, artefacts, origins."""

import shutil
from pathlib import Path

import torch

from ..base.errors import UsageError, unknown
from ..base.files import cache_folder, digest
from ..classifier import Classifier, load
from ..classifier.config import is_exported
from ..classifier.engines.exported import Exported, opened
from ..classifier.engines.sessions import ENGINES, ONNX, TORCH, imported
from ..classifier.hub import local
from .manifest import properties
from .write import export

KEPT = 8  # exported files in the cache


def open_classifier(
    model: str | Path, *, device: str | torch.device = "cpu", allow_code: bool = False, engine: str = "", quiet: bool = True
) -> Classifier:
    """The classifier in a folder, of an origin, or of an exported file, computed by `engine`: torch, or of the latter ONNX Runtime.

    Raises UsageError, CorruptFile, MissingExtra, and ClearsightError where the network cannot be exported.
    """
    model = local(model) if is_exported(model) else model
    if not is_exported(model):
        return engined(load(model, device=device, allow_code=allow_code), engine, quiet=quiet)
    if engine == TORCH:
        raise UsageError(f"{model} is computed by onnx or openvino; torch computes the run folder that it was exported from.")
    return opened(Path(model), engine or ONNX)


def engined(classifier: Classifier, engine: str, *, quiet: bool = True) -> Classifier:
    """The `classifier` computed by another `engine`: exported once, into the cache. Raises as `export` does, and MissingExtra."""
    if engine not in ("", *ENGINES):
        raise unknown("engine", engine, ENGINES)
    if engine in ("", classifier.engine) or (engine == TORCH and not isinstance(classifier, Exported)):
        return classifier
    if isinstance(classifier, Exported):
        return open_classifier(classifier.path, engine=engine)
    imported(engine)
    file = _exported(classifier, quiet)
    found = opened(file, engine)
    found.folder = classifier.folder
    return found


def _exported(classifier: Classifier, quiet: bool) -> Path:
    """The file in the cache that has what is asked for: written if it is not there, the oldest others being removed."""
    folder = cache_folder() / "exports"
    file = folder / digest("".join(properties(classifier, "fitted", (), {}).values()).encode())[:32] / "fitted.onnx"
    if not file.is_file():
        export(classifier, file, to=("fitted",), quiet=quiet)
        others = sorted(folder.glob("*/fitted.onnx"), key=lambda one: one.stat().st_mtime_ns)[:-KEPT]
        for old in others:
            shutil.rmtree(old.parent, ignore_errors=True)
    return file
